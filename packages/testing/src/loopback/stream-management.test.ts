import { afterEach, describe, expect, test, vi } from 'vitest'
import { connectRaw, type RawClient } from '../../test/raw-client.js'
import { authenticated, managed } from '../../test/raw-sasl2.js'
import type { LoopbackOptions } from './loopback-options.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

const sm = `xmlns='urn:xmpp:sm:3'`
const body = (text: string, to = 'alice@example.org', id = text): string =>
  `<message to='${to}' type='chat' id='${id}'><body>${text}</body></message>`

let server: LoopbackServer
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, ...options })
}
afterEach(async () => {
  vi.useRealTimers()
  await server.stop()
})

async function online(user: string): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  await client.online(user, 'r')
  client.write('<presence/>')
  await client.settled()
  return client
}

const bodies = (text: string): string[] => [...text.matchAll(/<body>([^<]*)/g)].map(([, found]) => found ?? '')

describe('stream management (XEP-0198)', () => {
  test('counts stanzas of the client, and nothing else', async () => {
    await start()
    const [client] = await managed(server.transport(), 'alice', 'r')
    client.write(`<r ${sm}/>`)
    await client.until(/<a [^>]*h='0'/)
    client.write(`<presence/>${body('one', 'bob@example.org')}<a ${sm} h='0'/><inactive xmlns='urn:xmpp:csi:0'/>`)
    client.write(`<r ${sm}/>`)
    await client.until(/<a [^>]*h='2'/)
  })

  test('asks how far the client is after every few stanzas', async () => {
    await start({ management: { ackEvery: 2 } })
    const [client] = await managed(server.transport(), 'alice', 'r')
    const bob = await online('bob')
    for (const text of ['1', '2', '3', '4']) bob.write(body(text, 'alice@example.org/r'))
    await bob.settled()
    await client.settled()
    expect(client.received.match(/<body>\d|<r /g)).toEqual(['<body>1', '<body>2', '<r ', '<body>3', '<body>4', '<r '])
  })

  test('goes on where it was, in both directions', async () => {
    await start()
    const [first, id] = await managed(server.transport(), 'alice', 'r')
    const bob = await online('bob')
    first.write('<presence/>')
    bob.write(body('seen') + body('lost'))
    await first.until(/lost/)
    server.drop('alice@example.org')
    bob.write(body('missed', 'alice@example.org/r') + body('and this'))
    await bob.settled()
    const second = await authenticated(server.transport())
    second.write(`<resume ${sm} previd='${id}' h='2'/>`) // the own presence and the first message
    await second.until(new RegExp(`<resumed [^>]*h='1' previd='${id}'/>|<resumed [^>]*previd='${id}' h='1'/>`))
    await second.settled()
    expect(bodies(second.received)).toEqual(['lost', 'missed', 'and this'])
    expect(second.received).toMatch(/<delay [^>]*from='example.org'/)
    second.write(`${body('from there', 'bob@example.org')}<r ${sm}/>`)
    await second.until(/<a [^>]*h='3'/) // presence, the ping of settled(), the message
    await bob.until(/from='alice@example.org\/r'[^>]*><body>from there/)
  })

  test('what was replayed and acknowledged is not replayed again', async () => {
    await start()
    const [, id] = await managed(server.transport(), 'alice', 'r')
    server.drop('alice@example.org')
    const bob = await online('bob')
    bob.write(body('1', 'alice@example.org/r') + body('2', 'alice@example.org/r'))
    await bob.settled()
    const second = await authenticated(server.transport())
    second.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await second.until(/<body>2.*<r /)
    second.write(`<a ${sm} h='1'/>`)
    await second.settled()
    server.drop('alice@example.org')
    const third = await authenticated(server.transport())
    third.write(`<resume ${sm} previd='${id}' h='1'/>`)
    await third.until(/<resumed /)
    await third.settled()
    expect(bodies(third.received)).toEqual(['2'])
  })

  test('others do not notice while a session is kept, and when it is over they do', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await start({ management: { resumeSeconds: 60 } })
    const [client, id] = await managed(server.transport(), 'alice', 'r')
    const other = await connectRaw(server.transport())
    await other.online('alice', 'other')
    other.write('<presence><priority>-1</priority></presence>')
    await other.settled()
    client.write('<presence/>')
    await client.settled()
    server.drop('alice@example.org/r')
    await vi.advanceTimersByTimeAsync(59_000)
    await other.settled()
    expect(server.sessions.map(String)).toContain('alice@example.org/r')
    expect(other.received).not.toContain('unavailable')
    server.send(`<message from='x@y.example' to='alice@example.org' type='chat'><body>late</body></message>`)
    await vi.advanceTimersByTimeAsync(1000)
    await other.until(/<presence [^>]*type='unavailable'/)
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await back.until(/<failed [^>]*h='2'[^>]*><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)
    back.write(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><presence/>`)
    await back.until(/<message [^>]*><body>late<\/body>.*<delay /)
  })

  test('what a session leaves goes to others that have not had it, once', async () => {
    await start()
    await managed(server.transport(), 'alice', 'gone')
    const twin = await online('alice')
    server.drop('alice@example.org/gone')
    server.send(body('for all').replace('<message', `<message from='x@y.example'`))
    server.send(body('for the one', 'alice@example.org/gone').replace('<message', `<message from='x@y.example'`))
    const bob = await online('bob')
    server.send(`<iq type='get' id='q' from='bob@example.org/r' to='alice@example.org/gone'><x xmlns='urn:x'/></iq>`)
    server.expire()
    await twin.settled()
    expect(bodies(twin.received)).toEqual(['for all', 'for the one'])
    await bob.until(/<iq type='error' id='q'[^>]*from='alice@example.org\/gone'.*<service-unavailable/)
  })

  test('a clean end is an end', async () => {
    await start()
    const [client, id] = await managed(server.transport(), 'alice', 'r')
    client.write('</stream:stream>')
    await client.untilClosed()
    expect(server.sessions).toEqual([])
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await back.until(/<failed [^>]*>\s*<item-not-found/)
  })

  test('an old connection gives way', async () => {
    await start()
    const [first, id] = await managed(server.transport(), 'alice', 'r')
    const second = await authenticated(server.transport())
    second.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await second.until(/<resumed /)
    expect(await first.untilClosed()).toContain('<conflict')
    await second.settled()
    expect(server.sessions.map(String)).toEqual(['alice@example.org/r'])
  })

  test('unless the client asks and the server agrees, nothing is kept', async () => {
    await start({ management: { resume: false } })
    const [client, id] = await managed(server.transport(), 'alice', 'r')
    expect(id).toBe('')
    client.write(`<resume ${sm} previd='x' h='0'/>`)
    await client.until(/<failed [^>]*><unexpected-request/)
    server.drop()
    expect(server.sessions).toEqual([])
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='x' h='0'/>`)
    await back.until(/<failed [^>]*><feature-not-implemented/)
  })

  test('tells how long, and where to come back to', async () => {
    await start({ management: { resumeSeconds: 100, location: 'here.example:5222' } })
    const [client] = await managed(server.transport(), 'alice', 'r', `resume='1' max='20'`)
    expect(client.received).toMatch(/<enabled [^>]*resume='true'[^>]*max='20' location='here.example:5222'/)
    const [without] = await managed(server.transport(), 'bob', 'r', '')
    expect(without.received).toMatch(/<enabled xmlns='urn:xmpp:sm:3'\/>/)
  })

  test('is not offered where it is switched off, or on already', async () => {
    await start({ management: false })
    const client = await authenticated(server.transport())
    expect(client.received).not.toContain('urn:xmpp:sm')
  })

  test('another account cannot resume, nor learn anything', async () => {
    await start()
    const [, id] = await managed(server.transport(), 'alice', 'r')
    server.drop('alice@example.org')
    const bob = await authenticated(server.transport(), 'bob')
    bob.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await bob.until(/<failed xmlns='urn:xmpp:sm:3'><item-not-found/)
    server.expire()
    bob.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await bob.until(/<failed xmlns='urn:xmpp:sm:3'><item-not-found/)
  })

  test('enabling comes once, behind binding', async () => {
    await start()
    const early = await authenticated(server.transport())
    early.write(`<enable ${sm}/>`)
    await early.until(/<failed [^>]*><unexpected-request/)
    const [client] = await managed(server.transport(), 'alice', 'r')
    client.write(`<enable ${sm}/>`)
    expect(await client.untilClosed()).toContain('<policy-violation')
  })

  test('binding and enabling may come in one piece', async () => {
    await start()
    const client = await authenticated(server.transport())
    client.write(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq><enable ${sm}/><presence/>`,
    )
    client.write(`<r ${sm}/>`)
    await client.until(/<jid>.*<enabled .*<presence .*<a [^>]*h='1'/)
  })

  test('an h that is too high is the end of the session', async () => {
    await start()
    const [client] = await managed(server.transport(), 'alice', 'r')
    client.write(`<a ${sm} h='7'/>`)
    expect(await client.untilClosed()).toMatch(
      /<undefined-condition .*<handled-count-too-high xmlns='urn:xmpp:sm:3' h='7' send-count='0'/,
    )
    expect(server.sessions).toEqual([])
  })

  test('so it is when a session that is kept is to be resumed', async () => {
    await start()
    const [, id] = await managed(server.transport(), 'alice', 'r')
    server.drop()
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='1'/>`)
    expect(await back.untilClosed()).toMatch(/<handled-count-too-high [^>]*h='1' send-count='0'/)
    expect(server.sessions).toEqual([])
  })

  test('an h that goes back is too high as well', async () => {
    await start()
    const [client] = await managed(server.transport(), 'alice', 'r')
    client.write('<presence/>')
    await client.settled()
    client.write(`<a ${sm} h='2'/><a ${sm} h='1'/>`)
    expect(await client.untilClosed()).toContain(`<handled-count-too-high`)
  })
})

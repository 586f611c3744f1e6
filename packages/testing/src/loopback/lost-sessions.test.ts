import { afterEach, describe, expect, test } from 'vitest'
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
afterEach(() => server.stop())

async function online(user: string): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  await client.online(user, 'r')
  client.write('<presence/>')
  await client.settled()
  return client
}

const bodies = (text: string): string[] => [...text.matchAll(/<body>([^<]*)/g)].map(([, found]) => found ?? '')

describe('a server that loses sessions', () => {
  test('may have forgotten them', async () => {
    await start()
    const [, id] = await managed(server.transport(), 'alice', 'r')
    server.drop('alice@example.org')
    server.forget('alice@example.org')
    expect(server.sessions).toEqual([])
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await back.until(/<failed xmlns='urn:xmpp:sm:3'><item-not-found/)
  })

  test('forgets one that is connected when its connection breaks', async () => {
    await start()
    const [client] = await managed(server.transport(), 'alice', 'r')
    server.forget('alice@example.org/r')
    await client.settled()
    server.drop()
    expect(server.sessions).toEqual([])
  })

  test('may not tell how far it was', async () => {
    await start({ management: { remembers: false } })
    const [, id] = await managed(server.transport(), 'alice', 'r')
    server.drop()
    server.expire()
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await back.until(/<failed xmlns='urn:xmpp:sm:3'><item-not-found/)
  })

  test('comes back with what it had on disk', async () => {
    await start()
    const [client, id] = await managed(server.transport(), 'alice', 'r')
    client.write(`<presence/>${body('kept', 'bob@example.org')}`)
    await client.settled()
    server.restart()
    expect(await client.untilClosed()).not.toContain('stream:error')
    expect(server.sessions).toEqual([])
    const back = await authenticated(server.transport())
    back.write(`<resume ${sm} previd='${id}' h='0'/>`)
    await back.until(/<failed xmlns='urn:xmpp:sm:3'><item-not-found/)
    const bob = await online('bob')
    expect(bodies(bob.received)).toEqual(['kept'])
    bob.write(`<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>`)
    await bob.until(/<result xmlns='urn:xmpp:mam:2'.*<body>kept/)
  })

  test('who got a copy is not sent what another session did not acknowledge', async () => {
    await start()
    await managed(server.transport(), 'alice', 'gone')
    const twin = await online('alice')
    twin.write(`<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>`)
    await twin.settled()
    server.drop('alice@example.org/gone')
    server.send(body('copied', 'alice@example.org/gone').replace('<message', `<message from='x@y.example'`))
    server.expire()
    await twin.settled()
    expect(bodies(twin.received)).toEqual(['copied'])
    expect(twin.received).toContain(`<received xmlns='urn:xmpp:carbons:2'>`)
  })

  test('what nobody has to have is not kept for later', async () => {
    await start()
    await managed(server.transport(), 'alice', 'r')
    server.drop()
    const typing = `<composing xmlns='http://jabber.org/protocol/chatstates'/>`
    server.send(`<message from='x@y.example' to='alice@example.org/r' type='chat'>${typing}</message>`)
    server.expire()
    expect((await online('alice')).received).not.toContain('composing')
  })

  test('a resource that is kept is free for who asks for it', async () => {
    await start()
    await managed(server.transport(), 'alice', 'r')
    server.drop()
    const back = await connectRaw(server.transport())
    expect(await back.online('alice', 'r')).toBe('alice@example.org/r')
    expect(server.sessions).toHaveLength(1)
  })
})

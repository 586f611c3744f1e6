import { message } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectRaw, type RawClient } from '../../test/raw-client.js'
import type { LoopbackModule } from './loopback-module.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

const stanzas: string[] = []
const rooms: LoopbackModule = {
  name: 'rooms',
  setup: (host) => host.serve('rooms.example.org', (stanza) => stanzas.push(String(stanza))),
}

let server: LoopbackServer
beforeEach(async () => {
  stanzas.length = 0
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw', carol: 'pw' }, modules: [rooms] })
})
afterEach(() => server.stop())

/** A client that is online, with what it says first. */
async function online(user: string, resource: string, ...first: readonly string[]): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  await client.online(user, resource)
  for (const stanza of first) client.write(stanza)
  await client.settled()
  return client
}

/** What a client gets until all that was sent before has been handled. */
async function inbox(client: RawClient): Promise<string> {
  const before = client.received.length
  await client.settled()
  return client.received.slice(before).replace(/<iq [^>]*id='settled'[^>]*>/, '')
}

const available = (priority = 0): string => `<presence><priority>${priority}</priority></presence>`
const to = (jid: string, type: string, id = 'm'): string =>
  `<message to='${jid}' type='${type}' id='${id}'><body>x</body></message>`

describe('messages (RFC 6121 §8.5)', () => {
  test('to the bare JID go to the highest priority', async () => {
    const alice = await online('alice', 'r')
    const [low, high, twin, negative] = await Promise.all([
      online('bob', 'low', available(1)),
      online('bob', 'high', available(5)),
      online('bob', 'twin', available(5)),
      online('bob', 'negative', available(-1)),
    ])
    const mark = [low, high, twin, negative].map(({ received }) => received.length)
    for (const type of ['chat', 'normal', 'headline']) alice.write(to('bob@example.org', type, type))
    await alice.settled()
    const texts = [low, high, twin, negative].map(({ received }, i) => received.slice(mark[i]))
    const got = texts.map((text) => [...text.matchAll(/<message [^>]*id='(\w+)'/g)].map(([, id]) => id))
    expect(got).toEqual([['headline'], ['chat', 'normal', 'headline'], ['chat', 'normal', 'headline'], []])
    expect(texts[1]).toContain(`from='alice@example.org/r'`)
  })

  test('to a full JID go there, or to the account when it is gone', async () => {
    const alice = await online('alice', 'r')
    const bob = await online('bob', 'r', available())
    const hidden = await online('bob', 'hidden')
    alice.write(to('bob@example.org/hidden', 'chat', 'direct'))
    alice.write(to('bob@example.org/gone', 'chat', 'fallback'))
    alice.write(to('bob@example.org/gone', 'headline', 'dropped'))
    alice.write(to('bob@example.org/gone', 'groupchat', 'bounced'))
    expect(await inbox(alice)).toMatch(/^<message type='error' id='bounced' from='bob@example.org\/gone'.*service-unav/)
    expect(await inbox(hidden)).toBe('')
    expect(hidden.received).toContain(`id='direct'`)
    expect(bob.received).toMatch(/id='fallback'/)
    expect(bob.received).not.toMatch(/id='(direct|dropped|bounced)'/)
  })

  test.each([
    ['chat', 'nobody@example.org', 'service-unavailable'],
    ['chat', 'example.org', 'service-unavailable'],
    ['chat', 'bob@elsewhere.example', 'remote-server-not-found'],
    ['groupchat', 'bob@example.org', 'service-unavailable'],
    ['chat', '@', 'jid-malformed'],
  ])('%s to %s comes back with %s', async (type, jid, condition) => {
    const alice = await online('alice', 'r')
    alice.write(to(jid, type))
    expect(await inbox(alice)).toMatch(
      new RegExp(
        `^<message type='error' id='m' .*to='alice@example.org/r'><body>x</body><error type='\\w+'><${condition}`,
      ),
    )
  })

  test('for nobody who is there come back unless they are kept', async () => {
    const alice = await online('alice', 'r')
    alice.write(to('bob@example.org', 'chat'))
    alice.write(to('bob@example.org', 'headline'))
    expect(await inbox(alice)).toBe('')
    alice.write(`<message to='bob@example.org' type='chat' id='m'><x xmlns='urn:x'/></message>`)
    expect(await inbox(alice)).toContain('<service-unavailable')
  })

  test('errors never come back', async () => {
    const alice = await online('alice', 'r')
    for (const jid of ['nobody@example.org', 'bob@example.org', 'bob@elsewhere.example']) alice.write(to(jid, 'error'))
    expect(await inbox(alice)).toBe('')
  })

  test('without an addressee are for the own account', async () => {
    const alice = await online('alice', 'r', available())
    alice.write(`<message type='chat'><body>note</body></message>`)
    expect(await inbox(alice)).toMatch(
      /^<message type='chat' from='alice@example.org\/r' to='alice@example.org'><body>/,
    )
  })

  test('can come from strangers', async () => {
    const alice = await online('alice', 'r', available())
    server.send(message({ from: 'boss@elsewhere.example/x', to: 'alice@example.org', body: 'hi' }))
    expect(await inbox(alice)).toContain(`from='boss@elsewhere.example/x'`)
    expect(() => server.send(`<message to='alice@example.org'/>`)).toThrow(TypeError)
  })
})

describe('presence (RFC 6121 §4)', () => {
  test('is shared between the resources of an account', async () => {
    const first = await online('alice', '1', available(1))
    expect(first.received).toMatch(/<presence from='alice@example.org\/1' to='alice@example.org\/1'>/)
    const second = await online('alice', '2', available(2))
    expect(second.received).toMatch(/<presence from='alice@example.org\/1' to='alice@example.org\/2'>/)
    expect(await inbox(first)).toBe('')
    expect(first.received).toMatch(/<presence from='alice@example.org\/2'/)
    second.write(`<presence type='unavailable'><status>bye</status></presence>`)
    expect(await inbox(second)).toMatch(/type='unavailable' from='alice@example.org\/2'/)
    expect(first.received).toMatch(/<presence type='unavailable' from='alice@example.org\/2'[^>]*><status>bye/)
  })

  test('that was directed is taken back at the end', async () => {
    const bob = await online('bob', 'r', available())
    const alice = await online('alice', 'r', available())
    alice.write(`<presence to='bob@example.org'/><presence to='room@rooms.example.org/nick'/>`)
    await alice.settled()
    expect(bob.received).toMatch(/<presence to='bob@example.org' from='alice@example.org\/r'\/>/)
    server.drop('alice@example.org')
    expect(await inbox(bob)).toBe(`<presence type='unavailable' from='alice@example.org/r' to='bob@example.org'/>`)
    expect(stanzas).toHaveLength(2)
    expect(stanzas[1]).toContain(`type='unavailable'`)
  })

  test('to a resource or an account that is not there is lost', async () => {
    const alice = await online('alice', 'r', available())
    alice.write(`<presence to='bob@example.org/x'/><presence to='nobody@example.org'/>`)
    expect(await inbox(alice)).toBe('')
  })

  test('subscriptions are between accounts', async () => {
    const bob = await online('bob', 'r', available())
    const alice = await online('alice', 'r')
    alice.write(`<presence type='subscribe' to='bob@example.org/x'/>`)
    await alice.settled()
    expect(bob.received).toContain(`<presence type='subscribe' from='alice@example.org' to='bob@example.org'/>`)
  })
})

describe('IQs (RFC 6120 §10.3.3, §10.5)', () => {
  const iq = (attributes: string, payload = `<x xmlns='urn:x'/>`): string => `<iq ${attributes}>${payload}</iq>`
  const ping = `<ping xmlns='urn:xmpp:ping'/>`

  test('go from one resource to another and back', async () => {
    const alice = await online('alice', 'r')
    const bob = await online('bob', 'r')
    alice.write(iq(`type='get' id='1' to='bob@example.org/r'`))
    await alice.settled()
    expect(bob.received).toContain(`<iq type='get' id='1' to='bob@example.org/r' from='alice@example.org/r'>`)
    bob.write(iq(`type='result' id='1' to='alice@example.org/r'`, ''))
    await bob.settled()
    expect(alice.received).toContain(`<iq type='result' id='1' to='alice@example.org/r' from='bob@example.org/r'/>`)
  })

  test.each([
    [`type='get' id='1' to='bob@example.org/gone'`, 'service-unavailable'],
    [`type='get' id='1' to='nobody@example.org/r'`, 'service-unavailable'],
    [`type='get' id='1' to='nobody@example.org'`, 'service-unavailable'],
    [`type='get' id='1' to='bob@example.org'`, 'service-unavailable'],
    [`type='get' id='1' to='example.org'`, 'service-unavailable'],
    [`type='get' id='1'`, 'service-unavailable'],
    [`type='query' id='1'`, 'bad-request'],
  ])('<iq %s/> is answered with %s', async (attributes, condition) => {
    const alice = await online('alice', 'r')
    alice.write(iq(attributes))
    expect(await inbox(alice)).toMatch(new RegExp(`^<iq type='error' id='1'.*<error type='\\w+'><${condition}`))
  })

  test('the server and the account answer pings, each by its name', async () => {
    const alice = await online('alice', 'r')
    alice.write(iq(`type='get' id='1' to='example.org'`, ping))
    alice.write(iq(`type='get' id='2' to='alice@example.org'`, ping))
    alice.write(iq(`type='get' id='3'`, ping))
    alice.write(iq(`type='set' id='4'`, ping))
    const text = await inbox(alice)
    expect(text).toMatch(/<iq type='result' id='1' to='alice@example.org\/r' from='example.org'\/>/)
    expect(text).toMatch(/<iq type='result' id='2' to='alice@example.org\/r' from='alice@example.org'\/>/)
    expect(text).toMatch(/<iq type='result' id='3' to='alice@example.org\/r'\/>/)
    expect(text).toMatch(/<iq type='error' id='4'/)
  })

  test('service discovery knows what the modules do', async () => {
    const alice = await online('alice', 'r')
    const query = (kind: string, node = ''): string =>
      `<query xmlns='http://jabber.org/protocol/disco#${kind}'${node && ` node='${node}'`}/>`
    alice.write(iq(`type='get' id='1' to='example.org'`, query('info')))
    expect(await inbox(alice)).toMatch(/<identity category='server' type='im'.*<feature var='urn:xmpp:ping'\/>/)
    alice.write(iq(`type='get' id='2' to='alice@example.org'`, query('info')))
    expect(await inbox(alice)).toMatch(/<identity category='account'.*<feature var='urn:xmpp:mam:2'\/>/)
    alice.write(iq(`type='get' id='3' to='example.org'`, query('items')))
    expect(await inbox(alice)).toContain(`<item jid='rooms.example.org'/>`)
    alice.write(iq(`type='get' id='4' to='example.org'`, query('info', 'x')))
    expect(await inbox(alice)).toContain('<item-not-found')
  })

  test('stanzas for a domain that a module serves go there', async () => {
    const alice = await online('alice', 'r')
    alice.write(to('room@rooms.example.org', 'groupchat'))
    await alice.settled()
    expect(stanzas[0]).toMatch(
      /^<message xmlns='jabber:client' to='room@rooms.example.org'.* from='alice@example.org\/r'/,
    )
  })
})

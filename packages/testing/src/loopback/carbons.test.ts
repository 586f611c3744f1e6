import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectRaw, type RawClient } from '../../test/raw-client.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

let server: LoopbackServer
beforeEach(async () => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' } })
})
afterEach(() => server.stop())

const enable = `<iq type='set' id='on'><enable xmlns='urn:xmpp:carbons:2'/></iq>`
const disable = `<iq type='set' id='off'><disable xmlns='urn:xmpp:carbons:2'/></iq>`
const to = (jid: string, body: string, type = 'chat', payload = ''): string =>
  `<message to='${jid}' type='${type}'><body>${body}</body>${payload}</message>`

async function online(user: string, resource: string, ...first: readonly string[]): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  await client.online(user, resource)
  for (const stanza of first) client.write(stanza)
  await client.settled()
  return client
}

/** What a client got: the tag of the copy, or nothing, and the text. */
async function got(client: RawClient): Promise<string[]> {
  await client.settled()
  return [...client.received.matchAll(/<message .*?<\/message>(<\/forwarded>.*?<\/message>)?/g)].map(([text]) => {
    const tag = /<(sent|received) xmlns='urn:xmpp:carbons:2'/.exec(text)?.[1] ?? 'itself'
    return `${tag} ${/<body>(.*?)<\/body>/.exec(text)?.[1]}`
  })
}

describe('carbons (XEP-0280)', () => {
  test('each client of an account gets a message once: itself or as a copy', async () => {
    const bob = await online('bob', 'r', '<presence/>')
    const phone = await online('alice', 'phone', '<presence/>', enable)
    const desk = await online('alice', 'desk', '<presence/>', enable)
    const plain = await online('alice', 'plain', '<presence/>')
    bob.write(to('alice@example.org/phone', 'one'))
    bob.write(to('alice@example.org', 'two'))
    await bob.settled()
    phone.write(to('bob@example.org', 'three'))
    await phone.settled()
    phone.write(to('alice@example.org/desk', 'four'))
    await phone.settled()
    expect(await got(phone)).toEqual(['itself one', 'itself two'])
    expect(await got(desk)).toEqual(['received one', 'itself two', 'sent three', 'itself four'])
    expect(await got(plain)).toEqual(['itself two'])
    expect(desk.received).toContain(`to='alice@example.org/desk' from='alice@example.org'><received`)
  })

  test('not of everything, and not for ever', async () => {
    const bob = await online('bob', 'r', '<presence/>')
    const desk = await online('alice', 'desk', enable)
    const phone = await online('alice', 'phone', '<presence/>')
    phone.write(to('bob@example.org', 'headline', 'headline'))
    phone.write(to('bob@example.org', 'private', 'chat', `<private xmlns='urn:xmpp:carbons:2'/>`))
    phone.write(`<message to='bob@example.org'><x xmlns='urn:x'/></message>`)
    phone.write(to('bob@example.org', 'normal', 'normal'))
    await phone.settled()
    expect(await got(desk)).toEqual(['sent normal'])
    desk.write(disable)
    await desk.settled()
    bob.write(to('alice@example.org/phone', 'later'))
    await bob.settled()
    expect(await got(desk)).toEqual(['sent normal'])
  })
})

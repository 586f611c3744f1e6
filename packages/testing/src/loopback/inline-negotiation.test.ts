import { afterEach, describe, expect, test } from 'vitest'
import type { RawClient } from '../../test/raw-client.js'
import { greeted, sasl2 } from '../../test/raw-sasl2.js'
import type { LoopbackOptions } from './loopback-options.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

const sm = `xmlns='urn:xmpp:sm:3'`
const bind = (content = ''): string => `<bind xmlns='urn:xmpp:bind:0'>${content}</bind>`
const enable = `<enable ${sm} resume='true'/>`

let server: LoopbackServer
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, ...options })
}
afterEach(() => server.stop())

const features = (client: RawClient): Promise<RegExpExecArray> =>
  client.until(/<stream:features>(.*?)<\/stream:features>/)

describe('Bind 2 (XEP-0386)', () => {
  test('binds with the login, and switches on what was asked for', async () => {
    await start()
    const [client] = await greeted(server.transport())
    const inline = bind(`<tag>App</tag><enable xmlns='urn:xmpp:carbons:2'/>${enable}<inactive xmlns='urn:xmpp:csi:0'/>`)
    const content = await sasl2(client, { inline })
    const [, resource] = /<authorization-identifier>alice@example.org\/(App\.[^<]+)</.exec(content) ?? []
    expect(content).toMatch(
      /<bound xmlns='urn:xmpp:bind:0'><metadata xmlns='urn:xmpp:mam:2'\/><enabled xmlns='urn:xmpp:sm:3' /,
    )
    const [, after = ''] = await features(client)
    expect(after).not.toMatch(/xmpp-bind|urn:xmpp:sm:3/)
    client.write(`<presence/><r ${sm}/>`)
    await client.until(/<presence .*<a xmlns='urn:xmpp:sm:3' h='1'/)
    expect(server.sessions.map(String)).toEqual([`alice@example.org/${resource}`])
    const [second] = await greeted(server.transport())
    await sasl2(second, { inline: bind(), agent: '' })
    second.write(`<message to='bob@example.org' type='chat' id='m'><body>copy me</body></message>`)
    await client.until(/<sent xmlns='urn:xmpp:carbons:2'>.*copy me/)
  })

  test('says where the archive ends', async () => {
    await start()
    server.send(`<message from='bob@example.org/r' to='alice@example.org' type='chat'><body>kept</body></message>`)
    const [client] = await greeted(server.transport())
    expect(await sasl2(client, { inline: bind() })).toMatch(
      /<metadata [^>]*><start id='[^']+' timestamp='[^']+'\/><end /,
    )
  })

  test.each([
    [true, 0],
    [false, 1],
  ])('what waits offline is cleared: %s', async (bind2ClearsOffline, count) => {
    await start({ bind2ClearsOffline })
    server.send(`<message from='bob@example.org/r' to='alice@example.org' type='chat'><body>kept</body></message>`)
    const [client] = await greeted(server.transport())
    await sasl2(client, { inline: bind() })
    client.write('<presence/>')
    await client.settled()
    expect(client.received.match(/<body>kept/g) ?? []).toHaveLength(count)
  })

  test.each([
    ['', /^[^.]+$/],
    ['<tag>\u0001</tag>'.replace('\u0001', 'x'.repeat(1010)), /^[^.]+$/],
  ])('without a tag that can be used, the resource is random', async (tag, pattern) => {
    await start()
    const [client] = await greeted(server.transport())
    await sasl2(client, { inline: bind(tag) })
    expect(server.sessions[0]?.resource).toMatch(pattern)
  })

  test('an older session of the same client gives way', async () => {
    await start()
    const [first] = await greeted(server.transport())
    await sasl2(first, { inline: bind() })
    const [second] = await greeted(server.transport())
    await sasl2(second, { inline: bind(enable) })
    expect(await first.untilClosed()).toContain('<conflict')
    server.drop()
    const [third] = await greeted(server.transport())
    await sasl2(third, { inline: bind() })
    expect(server.sessions).toHaveLength(1)
    const [other] = await greeted(server.transport())
    await sasl2(other, { inline: bind(), agent: 'e4565fa7-4d72-4749-b3d3-740edbf87770' })
    expect(server.sessions).toHaveLength(2)
  })

  test('is not done if the login fails', async () => {
    await start()
    const [client] = await greeted(server.transport())
    expect(await sasl2(client, { password: 'wrong', inline: bind(enable) })).toBe('failure not-authorized')
    expect(server.sessions).toEqual([])
  })
})

describe('resumption with the login (XEP-0198 §9.2)', () => {
  const resume = (id: string, h: number): string => `<resume ${sm} previd='${id}' h='${h}'/>`
  const managed = async (): Promise<string> => {
    const [client] = await greeted(server.transport())
    const content = await sasl2(client, { inline: bind(`<tag>App</tag>${enable}`) })
    return /<enabled [^>]*id='([^']+)'/.exec(content)?.[1] ?? ''
  }

  test('goes on with the session, without binding and without features', async () => {
    await start()
    const id = await managed()
    const [jid] = server.sessions
    server.drop()
    server.send(`<message from='bob@example.org/r' to='${jid}' type='chat'><body>missed</body></message>`)
    const [client] = await greeted(server.transport())
    const content = await sasl2(client, { inline: resume(id, 0) + bind(`<tag>App</tag>${enable}`) })
    expect(content).toContain(`<authorization-identifier>${jid}</authorization-identifier><resumed `)
    expect(content).not.toContain('<bound')
    await client.settled()
    expect(client.received).toMatch(/<\/success><message [^>]*>.*missed/)
    expect(server.sessions.map(String)).toEqual([String(jid)])
  })

  test('binds instead if the session is gone', async () => {
    await start()
    const id = await managed()
    server.drop()
    server.forget()
    const [client] = await greeted(server.transport())
    const content = await sasl2(client, { inline: resume(id, 0) + bind(enable) })
    expect(content).toMatch(/<failed xmlns='urn:xmpp:sm:3'><item-not-found .*<bound .*<enabled /)
    await features(client)
    expect(server.sessions).toHaveLength(1)
  })

  test('says how far it was if that is known', async () => {
    await start()
    const id = await managed()
    server.drop()
    server.expire()
    const [client] = await greeted(server.transport())
    expect(await sasl2(client, { inline: resume(id, 0) + bind() })).toMatch(
      /<failed xmlns='urn:xmpp:sm:3' h='0'>.*<bound/,
    )
  })

  test('an h that is too high ends the stream instead', async () => {
    await start()
    const id = await managed()
    server.drop()
    const [client] = await greeted(server.transport())
    await expect(sasl2(client, { inline: resume(id, 3) + bind() })).rejects.toThrow('handled-count-too-high')
    expect(server.sessions).toEqual([])
  })
})

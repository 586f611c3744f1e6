import { afterEach, describe, expect, test } from 'vitest'
import { connectRaw, connectRawTls, header, type RawClient } from '../../test/raw-client.js'
import { headerFrom, sasl2 } from '../../test/raw-sasl2.js'
import { type LoopbackOptions, type LoopbackServer, startLoopback } from './loopback-server.js'

const ns = `xmlns='urn:xmpp:sasl:2'`
const sm = `xmlns='urn:xmpp:sm:3'`
const bind = (content = ''): string => `<bind xmlns='urn:xmpp:bind:0'>${content}</bind>`
const enable = `<enable ${sm} resume='true'/>`

let server: LoopbackServer
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, ...options })
}
afterEach(() => server.stop())

/** A client that has seen the features, and the features. */
async function greeted(head = headerFrom()): Promise<[RawClient, string]> {
  const client = await connectRaw(server.transport())
  client.write(head)
  return [client, (await client.until(/<stream:features>(.*)<\/stream:features>/))[1] ?? '']
}

const features = (client: RawClient): Promise<RegExpExecArray> =>
  client.until(/<stream:features>(.*?)<\/stream:features>/)

describe('SASL2 (XEP-0388)', () => {
  test('is offered beside SASL, with what can be done inline', async () => {
    await start()
    const [, offer] = await greeted()
    expect(offer).toContain(`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>`)
    const [authentication = ''] = /<authentication .*<\/authentication>/.exec(offer) ?? []
    expect(authentication).toContain('<mechanism>SCRAM-SHA-512</mechanism>')
    expect(authentication).toMatch(/<inline>.*<sm xmlns='urn:xmpp:sm:3'\/>.*<\/inline>/)
    for (const name of ['urn:xmpp:carbons:2', 'urn:xmpp:csi:0', 'urn:xmpp:sm:3']) {
      expect(authentication).toContain(`<feature var='${name}'/>`)
    }
    expect(authentication).not.toContain('PLAIN')
  })

  test.each([
    [{ legacy: true }, /urn:xmpp:sasl:2/],
    [{ bind2: false }, /urn:xmpp:bind:0/],
    [{ management: false }, /urn:xmpp:sm:3/],
    [{ fast: false }, /urn:xmpp:fast:0/],
  ] as const)('%j switches it off', async (options, pattern) => {
    await start(options)
    expect((await greeted())[1]).not.toMatch(pattern)
  })

  test('a server of old does not know it', async () => {
    await start({ legacy: true })
    const [client] = await greeted()
    client.write(`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    expect(await client.untilClosed()).toContain('<not-authorized')
  })

  test('the stream goes on after success, and features follow', async () => {
    await start()
    const [client] = await greeted()
    expect(await sasl2(client)).toBe('<authorization-identifier>alice@example.org</authorization-identifier>')
    expect((await features(client))[1]).toMatch(/<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'\/>.*<sm /)
    client.write(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>`,
    )
    await client.until(/<jid>alice@example.org\/r</)
    await client.settled()
  })

  test.each([['SCRAM-SHA-1'], ['SCRAM-SHA-512'], ['PLAIN']])('%s: who fails may try again', async (mechanism) => {
    await start({ allowPlain: true })
    const [client] = await greeted()
    expect(await sasl2(client, { mechanism, password: 'wrong' })).toBe('failure not-authorized')
    expect(await sasl2(client, { mechanism, user: 'nobody' })).toBe('failure not-authorized')
    expect(await sasl2(client, { mechanism })).toContain('alice@example.org')
    expect(server.sessions).toEqual([])
  })

  test('binds the channel over TLS', async () => {
    await start()
    const [client, socket] = await connectRawTls((await server.listen({ tls: true })).tls, server.ca)
    client.write(headerFrom())
    const [, offer] = await features(client)
    expect(offer).toMatch(/<sasl-channel-binding .*<authentication .*<mechanism>SCRAM-SHA-256-PLUS</)
    expect(await sasl2(client, { mechanism: 'SCRAM-SHA-256-PLUS', socket })).toContain('alice@example.org')
    socket.destroy()
  })

  test.each([
    [`<authenticate ${ns}/>`, 'malformed-request'],
    [`<authenticate ${ns} mechanism='X'/>`, 'invalid-mechanism'],
    [
      `<authenticate ${ns} mechanism='SCRAM-SHA-1'><initial-response>!</initial-response></authenticate>`,
      'malformed-request',
    ],
    [`<response ${ns}>AAAA</response>`, 'malformed-request'],
    [`<authenticate ${ns} mechanism='SCRAM-SHA-1'/><abort ${ns}/>`, 'aborted'],
    [`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`.repeat(2), 'malformed-request'],
  ])('%s fails with %s', async (text, condition) => {
    await start()
    const [client] = await greeted()
    client.write(text)
    expect((await client.until(/<failure xmlns='urn:xmpp:sasl:2'><([a-z-]+) xmlns='urn:ietf:/))[1]).toBe(condition)
  })

  test('may come right behind the header', async () => {
    await start()
    const client = await connectRaw(server.transport())
    client.write(`${headerFrom()}<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    await client.until(/<\/stream:features><challenge xmlns='urn:xmpp:sasl:2'\/>/)
  })

  test.each([
    ['something else during the exchange', `<authenticate ${ns} mechanism='SCRAM-SHA-1'/><presence/>`],
    [
      'the other profile during the exchange',
      `<authenticate ${ns} mechanism='SCRAM-SHA-1'/><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'/>`,
    ],
  ])('%s ends the stream', async (_what, text) => {
    await start()
    const [client] = await greeted()
    client.write(text)
    expect(await client.untilClosed()).toContain('<stream:error>')
  })

  test('a second login ends the stream', async () => {
    await start()
    const [client] = await greeted()
    await sasl2(client)
    client.write(`<authenticate ${ns} mechanism='SCRAM-SHA-1'/>`)
    expect(await client.untilClosed()).toContain('<stream:error>')
  })

  test('who fails too often is thrown out', async () => {
    await start()
    const [client] = await greeted()
    client.write(`<abort ${ns}/>`.repeat(5))
    expect(await client.untilClosed()).toContain('<policy-violation')
  })

  test('a client of another domain ends the stream', async () => {
    await start()
    const client = await connectRaw(server.transport())
    client.write(header().replace("to='", "from='alice@example.com' to='"))
    expect(await client.untilClosed()).toContain('<invalid-from')
  })

  test('what is lost on the way to the success is lost with it', async () => {
    await start()
    const [client] = await greeted()
    const outcome = sasl2(client, { inline: bind() })
    server.drop()
    await expect(outcome).rejects.toThrow('closed')
    expect(server.sessions).toEqual([])
  })
})

describe('Bind 2 (XEP-0386)', () => {
  test('binds with the login, and switches on what was asked for', async () => {
    await start()
    const [client] = await greeted()
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
    const [second] = await greeted()
    await sasl2(second, { inline: bind(), agent: '' })
    second.write(`<message to='bob@example.org' type='chat' id='m'><body>copy me</body></message>`)
    await client.until(/<sent xmlns='urn:xmpp:carbons:2'>.*copy me/)
  })

  test('says where the archive ends', async () => {
    await start()
    server.send(`<message from='bob@example.org/r' to='alice@example.org' type='chat'><body>kept</body></message>`)
    const [client] = await greeted()
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
    const [client] = await greeted()
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
    const [client] = await greeted()
    await sasl2(client, { inline: bind(tag) })
    expect(server.sessions[0]?.resource).toMatch(pattern)
  })

  test('an older session of the same client gives way', async () => {
    await start()
    const [first] = await greeted()
    await sasl2(first, { inline: bind() })
    const [second] = await greeted()
    await sasl2(second, { inline: bind(enable) })
    expect(await first.untilClosed()).toContain('<conflict')
    server.drop()
    const [third] = await greeted()
    await sasl2(third, { inline: bind() })
    expect(server.sessions).toHaveLength(1)
    const [other] = await greeted()
    await sasl2(other, { inline: bind(), agent: 'e4565fa7-4d72-4749-b3d3-740edbf87770' })
    expect(server.sessions).toHaveLength(2)
  })

  test('is not done if the login fails', async () => {
    await start()
    const [client] = await greeted()
    expect(await sasl2(client, { password: 'wrong', inline: bind(enable) })).toBe('failure not-authorized')
    expect(server.sessions).toEqual([])
  })
})

describe('resumption with the login (XEP-0198 §9.2)', () => {
  const resume = (id: string, h: number): string => `<resume ${sm} previd='${id}' h='${h}'/>`
  const managed = async (): Promise<string> => {
    const [client] = await greeted()
    const content = await sasl2(client, { inline: bind(`<tag>App</tag>${enable}`) })
    return /<enabled [^>]*id='([^']+)'/.exec(content)?.[1] ?? ''
  }

  test('goes on with the session, without binding and without features', async () => {
    await start()
    const id = await managed()
    const [jid] = server.sessions
    server.drop()
    server.send(`<message from='bob@example.org/r' to='${jid}' type='chat'><body>missed</body></message>`)
    const [client] = await greeted()
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
    const [client] = await greeted()
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
    const [client] = await greeted()
    expect(await sasl2(client, { inline: resume(id, 0) + bind() })).toMatch(
      /<failed xmlns='urn:xmpp:sm:3' h='0'>.*<bound/,
    )
  })

  test('an h that is too high ends the stream instead', async () => {
    await start()
    const id = await managed()
    server.drop()
    const [client] = await greeted()
    await expect(sasl2(client, { inline: resume(id, 3) + bind() })).rejects.toThrow('handled-count-too-high')
    expect(server.sessions).toEqual([])
  })
})

describe('limits (XEP-0478)', () => {
  test('are announced and enforced', async () => {
    await start({ streamLimits: { maxBytes: 10_000, idleSeconds: 600 } })
    const [client, offer] = await greeted()
    const limits = `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes><idle-seconds>600</idle-seconds></limits>`
    expect(offer).toContain(limits)
    await sasl2(client, { inline: bind() })
    expect((await features(client))[1]).toContain(limits)
    client.write(`<message to='bob@example.org'><body>${'x'.repeat(9000)}</body></message>`)
    await client.settled()
    client.write(`<message to='bob@example.org'><body>${'x'.repeat(10_000)}</body></message>`)
    expect(await client.untilClosed()).toContain('<policy-violation')
  })

  test('are not spoken of otherwise', async () => {
    await start()
    expect((await greeted())[1]).not.toContain('stream-limits')
  })
})

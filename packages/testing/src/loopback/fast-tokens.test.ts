import { afterEach, describe, expect, test, vi } from 'vitest'
import { connectRaw, connectRawTls, header, type RawClient } from '../../test/raw-client.js'
import { headerFrom, type RawSasl2, sasl2, tokenIn } from '../../test/raw-sasl2.js'
import type { LoopbackOptions } from './loopback-options.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'

const fast = (attributes = ''): string => `<fast xmlns='urn:xmpp:fast:0' ${attributes}/>`
const request = (mechanism = 'HT-SHA-256-NONE'): string =>
  `<request-token xmlns='urn:xmpp:fast:0' mechanism='${mechanism}'/>`

let server: LoopbackServer
const start = async (options: LoopbackOptions = {}): Promise<void> => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, ...options })
}
afterEach(async () => {
  vi.useRealTimers()
  await server.stop()
})

async function greeted(head = headerFrom()): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  client.write(head)
  await client.until(/<\/stream:features>/)
  return client
}

/** One login on a connection of its own. */
const login = async (options: RawSasl2, head?: string): Promise<string> => sasl2(await greeted(head), options)
const issue = async (mechanism?: string): Promise<string> => tokenIn(await login({ inline: request(mechanism) }))
const use = (token: string, attributes?: string, more: RawSasl2 = {}): Promise<string> =>
  login({ token, inline: fast(attributes), ...more })

describe('tokens (XEP-0484)', () => {
  test('are offered to clients that say who they are', async () => {
    await start()
    const client = await greeted()
    expect(client.received).toMatch(/<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE<\/mechanism><\/fast>/)
    const unknown = await greeted(header())
    expect(unknown.received).not.toContain('urn:xmpp:fast:0')
    const token = await issue()
    expect(await login({ token, inline: fast() }, header())).toBe('failure invalid-mechanism')
  })

  test('open the door next time, and each use brings the next one', async () => {
    await start()
    const first = await login({ inline: request() })
    expect(first).toMatch(/<token xmlns='urn:xmpp:fast:0' expiry='20\d\d-[^']+Z' token='[\w-]{32}'\/>/)
    const second = await use(tokenIn(first))
    expect(second).toContain('<authorization-identifier>alice@example.org<')
    expect(tokenIn(second)).not.toBe(tokenIn(first))
    expect(await use(tokenIn(second))).toContain('alice@example.org')
    expect(await use(tokenIn(first))).toBe('failure not-authorized')
  })

  test('that were never seen to arrive do not lock the client out', async () => {
    await start()
    const token = await issue()
    const lost = tokenIn(await use(token))
    expect(await use(token)).toContain('alice@example.org')
    expect(await use(lost)).toBe('failure not-authorized') // it was replaced
  })

  test('stay the same if the server does not rotate them', async () => {
    await start({ fast: { rotate: false } })
    const token = await issue()
    expect(tokenIn(await use(token))).toBe('')
    expect(await use(token)).toContain('alice@example.org')
  })

  test('come with binding and with resumption', async () => {
    await start()
    const token = await issue()
    const inline = `${fast()}<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>`
    const bound = await login({ token, inline })
    expect(bound).toMatch(/<bound .*<enabled .*<\/bound><token /)
    const [, id] = /<enabled [^>]*id='([^']+)'/.exec(bound) ?? []
    server.drop()
    const resume = `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`
    expect(await login({ token: tokenIn(bound), inline: fast() + resume })).toMatch(/<resumed .*<token /)
  })

  test('are for one mechanism', async () => {
    await start()
    const [client, socket] = await connectRawTls((await server.listen({ tls: true })).tls, server.ca)
    client.write(headerFrom())
    await client.until(/<mechanism>HT-SHA-256-EXPR<\/mechanism><mechanism>HT-SHA-256-ENDP<.*<\/stream:features>/)
    const mechanism = 'HT-SHA-256-EXPR'
    const token = tokenIn(await sasl2(client, { inline: request(mechanism) }))
    expect(await use(token)).toBe('failure not-authorized')
    expect(await use(token, '', { mechanism, socket })).toBe('failure invalid-mechanism') // not in memory
    socket.destroy()
    const [again, tls] = await connectRawTls((await server.listen({ tls: true })).tls, server.ca)
    again.write(headerFrom())
    await again.until(/<\/stream:features>/)
    expect(await sasl2(again, { token, mechanism, socket: tls, inline: fast() })).toContain('alice@example.org')
    tls.destroy()
  })

  test('are for one client and one account', async () => {
    await start()
    const token = await issue()
    expect(await use(token, '', { agent: 'e4565fa7-4d72-4749-b3d3-740edbf87770' })).toBe('failure not-authorized')
    expect(await use(token, '', { agent: '' })).toBe('failure malformed-request')
    expect(await use(token, '', { user: 'bob' })).toBe('failure not-authorized')
    expect(await login({ token, inline: fast() }, headerFrom('bob'))).toBe('failure not-authorized')
    expect(await login({ agent: '', inline: request() })).not.toContain('<token')
  })

  test('expire', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await start({ fast: { tokenSeconds: 60 } })
    const token = await issue()
    vi.setSystemTime(Date.now() + 60_000)
    expect(await use(token)).toBe('failure credentials-expired')
  })

  test('end when the client wants it', async () => {
    await start()
    const token = await issue()
    const content = await use(token, `invalidate='true'`)
    expect(content).toContain('alice@example.org')
    expect(content).not.toContain('<token')
    expect(await use(token)).toBe('failure not-authorized')
  })

  test('end when the server takes them back', async () => {
    await start()
    const token = await issue()
    server.revokeTokens('bob@example.org')
    const next = tokenIn(await use(token))
    server.revokeTokens('alice@example.org')
    const client = await greeted()
    expect(await sasl2(client, { token: next, inline: fast() })).toBe('failure not-authorized')
    expect(await sasl2(client)).toContain('alice@example.org') // the password still does
  })

  test('survive the server', async () => {
    await start()
    const token = await issue()
    server.restart()
    expect(await use(token)).toContain('alice@example.org')
  })

  test('are not to be replayed', async () => {
    await start({ fast: { rotate: false } })
    const token = await issue()
    expect(await use(token, `count='1'`)).toContain('alice@example.org')
    expect(await use(token, `count='1'`)).toBe('failure not-authorized')
    expect(await use(token, `count='2'`)).toContain('alice@example.org')
  })

  test('are not given for what is not offered', async () => {
    await start()
    expect(await login({ inline: request('SCRAM-SHA-1') })).not.toContain('<token')
    expect(await login({ mechanism: 'SCRAM-SHA-1', inline: fast() })).toBe('failure invalid-mechanism')
    expect(await login({ token: 'x', inline: '' })).toBe('failure invalid-mechanism')
  })
})

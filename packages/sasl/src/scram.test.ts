import { createHmac, pbkdf2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { ScramServer } from '../test/scram-server.js'
import { type CryptoBackend, loadBackend, webCrypto } from './crypto-backend.js'
import type { ChannelBindingType } from './mechanism.js'
import { nobleBackend } from './noble-backend.js'
import { scram } from './scram.js'
import { deriveKeys, scramDigest, scramHmac, scramKeys } from './scram-keys.js'

interface Vector {
  readonly source: string
  readonly hash: 'SHA-1' | 'SHA-256'
  readonly username: string
  readonly password: string
  readonly nonce: string
  readonly clientFirst: string
  readonly serverFirst: string
  readonly clientFinal: string
  readonly serverFinal: string
}

const file = new URL('../../../test-vectors/sasl/scram.json', import.meta.url)
const vectors: readonly Vector[] = JSON.parse(readFileSync(file, 'utf8'))
const backends: readonly (readonly [string, CryptoBackend])[] = [
  ['WebCrypto', webCrypto],
  ['noble', nobleBackend],
]
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('utf8')
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')

describe.each(backends)('%s', (_name, backend) => {
  test.each(vectors)('$source', async (vector) => {
    const { hash, nonce } = vector
    const attempt = scram(vector, { hash, binding: 'n', nonce, backend })
    expect(text(await attempt.initial())).toBe(vector.clientFirst)
    expect(text(await attempt.challenge(bytes(vector.serverFirst)))).toBe(vector.clientFinal)
    await expect(attempt.success(bytes(vector.serverFinal))).resolves.toBeUndefined()
  })

  test('SHA-512 keys equal those computed by node:crypto', async () => {
    const salt = bytes('0123456789abcdef')
    const salted = pbkdf2Sync('pencil', salt, 4097, 64, 'sha512')
    const keys = await deriveKeys(backend, 'SHA-512', 'pencil', salt, 4097)
    const clientKey = createHmac('sha512', salted).update('Client Key').digest()
    expect(hex(keys.clientKey)).toBe(hex(clientKey))
    expect(hex(keys.serverKey)).toBe(createHmac('sha512', salted).update('Server Key').digest('hex'))
    expect(hex(keys.storedKey)).toBe(hex(await scramDigest('SHA-512', clientKey)))
  })

  test.each(['SHA-1', 'SHA-256', 'SHA-512'] as const)('%s against an independent server', async (hash) => {
    const server = new ScramServer({ hash, password: 'pa,ss=word' })
    const attempt = scram({ username: 'user', password: () => 'pa,ss=word' }, { hash, binding: 'n', backend })
    const answer = await attempt.challenge(server.first((await attempt.initial())!))
    await attempt.success(server.final(answer))
  })
})

describe('channel binding', () => {
  const types: ChannelBindingType[] = ['tls-exporter', 'tls-server-end-point', 'tls-unique']
  test.each(types)('-PLUS with %s against an independent server', async (type) => {
    const data = Uint8Array.of(0, 255, 44, 61, 1)
    const server = new ScramServer({ hash: 'SHA-256', password: 'p', bindings: { [type]: data } })
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-256', binding: { type, data } })
    expect([attempt.name, attempt.channelBinding]).toEqual(['SCRAM-SHA-256-PLUS', type])
    const initial = await attempt.initial()
    expect(text(initial)).toMatch(`p=${type},,n=u,r=`)
    await attempt.success(server.final(await attempt.challenge(server.first(initial!))))
  })

  test('a relay on another TLS channel is refused by the server', async () => {
    const server = new ScramServer({ hash: 'SHA-256', password: 'p', bindings: { 'tls-exporter': Uint8Array.of(1) } })
    const binding = { type: 'tls-exporter', data: Uint8Array.of(2) } as const
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-256', binding })
    const answer = await attempt.challenge(server.first((await attempt.initial())!))
    expect(() => server.final(answer)).toThrow('channel-bindings-dont-match')
  })

  test.each(['n', 'y'] as const)('S-048 the flag %s is what c= repeats', async (binding) => {
    const server = new ScramServer({ hash: 'SHA-256', password: 'p' })
    const attempt = scram({ username: 'u', password: 'p', authzid: 'a,=b' }, { hash: 'SHA-256', binding })
    const initial = await attempt.initial()
    expect(text(initial)).toMatch(`${binding},a=a=2C=3Db,n=u,r=`)
    const answer = await attempt.challenge(server.first(initial!))
    expect(text(answer)).toMatch(`c=${Buffer.from(`${binding},a=a=2C=3Db,`).toString('base64')},`)
    await attempt.success(server.final(answer))
  })
})

test('commas and equals signs in the username are escaped', async () => {
  const server = new ScramServer({ hash: 'SHA-1', password: 'p' })
  const attempt = scram({ username: 'a=b,c=2C', password: 'p' }, { hash: 'SHA-1', binding: 'n' })
  const initial = await attempt.initial()
  expect(text(initial)).toContain('n=a=3Db=2Cc=3D2C,r=')
  await attempt.success(server.final(await attempt.challenge(server.first(initial!))))
  expect(server.username).toBe('a=b,c=2C')
})

test('the username may have unassigned code points, the password not (RFC 5802 §5.1, §2.2)', async () => {
  const server = new ScramServer({ hash: 'SHA-1', password: 'IX' })
  const attempt = scram({ username: '\u{1f600}', password: 'I\u00adX' }, { hash: 'SHA-1', binding: 'n' })
  await attempt.success(server.final(await attempt.challenge(server.first((await attempt.initial())!))))
  const refused = scram({ username: 'u', password: '\u{1f600}' }, { hash: 'SHA-1', binding: 'n' })
  const challenge = server.first((await refused.initial())!)
  await expect(refused.challenge(challenge)).rejects.toMatchObject({ code: 'malformed' })
})

test('the signature may come as the last challenge, success then being empty', async () => {
  const server = new ScramServer({ hash: 'SHA-256', password: 'p' })
  const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-256', binding: 'n' })
  const final = server.final(await attempt.challenge(server.first((await attempt.initial())!)))
  expect(await attempt.challenge(final)).toEqual(new Uint8Array())
  await attempt.success(new Uint8Array())
})

test('iteration counts at both bounds work', async () => {
  for (const iterations of [4096, 1_000_000]) {
    const server = new ScramServer({ hash: 'SHA-1', password: 'p', iterations })
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-1', binding: 'n' })
    await attempt.success(server.final(await attempt.challenge(server.first((await attempt.initial())!))))
  }
})

test('without WebCrypto the noble backend is loaded and gives the same keys', async () => {
  const salt = bytes('salt')
  const expected = await scramKeys('SHA-256', 'pencil', salt, 4096)
  const mac = await scramHmac('SHA-1', salt, salt)
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  try {
    expect(await loadBackend()).toBe(nobleBackend)
    expect(await scramKeys('SHA-256', 'pencil', salt, 4096)).toEqual(expected)
    expect(await scramHmac('SHA-1', salt, salt)).toEqual(mac)
  } finally {
    vi.unstubAllGlobals()
  }
  expect(await loadBackend()).toBe(webCrypto)
})

test('S-037 the client nonce has 24 random bytes and differs in 1,000 attempts', async () => {
  const nonces = new Set<string>()
  for (let i = 0; i < 1000; i++) {
    const initial = await scram({ username: 'u', password: 'p' }, { hash: 'SHA-1', binding: 'n' }).initial()
    nonces.add(text(initial).split('r=')[1]!)
  }
  expect(nonces.size).toBe(1000)
  for (const nonce of nonces) expect(Buffer.from(nonce, 'base64')).toHaveLength(24)
})

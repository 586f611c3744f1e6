import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { ScramServer } from '../test/scram-server.js'
import { chooseMechanism } from './choose-mechanism.js'
import type { Credentials } from './credentials.js'
import { webCrypto } from './crypto-backend.js'
import { scram } from './scram.js'

const CANARY = 'canary-7Kq2'
const forms = [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -2), Buffer.from(CANARY).toString('hex')]

/** Everything a log could make of a value: all properties, hidden ones too, any depth. */
function everything(value: unknown): string {
  const own = value instanceof Error ? `${value.message} ${value.stack} ${JSON.stringify({ ...value })}` : ''
  return [inspect(value, { depth: Infinity, showHidden: true }), JSON.stringify(value), String(value), own].join('\n')
}

const cases: [string, Credentials][] = [
  ['SCRAM-SHA-1', { username: 'u', password: CANARY }],
  ['SCRAM-SHA-1', { username: 'u', password: `${CANARY}\u{1f600}` }],
  ['SCRAM-SHA-1', { username: 'u', password: `${CANARY}\n` }],
  ['PLAIN', { username: 'u', password: CANARY }],
  ['PLAIN', { username: 'u', password: `${CANARY}\0` }],
  ['OAUTHBEARER', { token: CANARY }],
  ['OAUTHBEARER', { token: `${CANARY}\x01` }],
  ['HT-SHA-256-NONE', { username: 'u', ht: { mechanism: 'HT-SHA-256-NONE', token: CANARY } }],
]

describe('S-063 no secret in what could be logged', () => {
  test.each(cases)('%s %#', async (name, credentials) => {
    const policy = { secure: true, allowPlain: true }
    const attempt = chooseMechanism({ offered: [name], bindings: [], credentials, policy })
    const seen: unknown[] = [attempt]
    const catching = (error: unknown): undefined => void seen.push(error)
    const initial = await attempt.initial().catch(catching)
    seen.push({ ...attempt })
    const server = new ScramServer({ hash: 'SHA-1', password: 'x' })
    await attempt.challenge(name.startsWith('SCRAM') ? server.first(initial!) : new Uint8Array()).catch(catching)
    await attempt.success(Uint8Array.of(1)).catch(catching)
    await attempt.challenge(new Uint8Array()).catch(catching)
    expect(seen.length).toBeGreaterThan(2)
    const text = seen.map(everything).join('\n')
    for (const form of forms) expect(text).not.toContain(form)
  })

  test('a refused choice', () => {
    const credentials = { username: 'u', password: CANARY, token: CANARY, ht: { mechanism: 'X', token: CANARY } }
    const choose = () => chooseMechanism({ offered: ['X-NONE'], bindings: [], credentials, policy: { secure: true } })
    try {
      choose()
      expect.unreachable()
    } catch (error) {
      for (const form of forms) expect(everything(error)).not.toContain(form)
    }
  })
})

test('derived keys are overwritten once the proof is made', async () => {
  const derived: Uint8Array[] = []
  const keep = async (result: Promise<Uint8Array>): Promise<Uint8Array> => {
    derived.push(await result)
    return result
  }
  const passwords: Uint8Array[] = []
  const backend = {
    digest: vi.fn((...args: Parameters<typeof webCrypto.digest>) => keep(webCrypto.digest(...args))),
    hmac: (...args: Parameters<typeof webCrypto.hmac>) => keep(webCrypto.hmac(...args)),
    pbkdf2: (...args: Parameters<typeof webCrypto.pbkdf2>) => {
      passwords.push(args[1])
      return keep(webCrypto.pbkdf2(...args))
    },
  }
  const server = new ScramServer({ hash: 'SHA-1', password: CANARY })
  const attempt = scram({ username: 'u', password: CANARY }, { hash: 'SHA-1', binding: 'n', backend })
  const answer = await attempt.challenge(server.first((await attempt.initial())!))
  await attempt.success(server.final(answer))
  // Salted password, client key, server key, stored key, both signatures.
  expect(derived).toHaveLength(6)
  for (const key of [...derived, ...passwords]) expect(key.every((byte) => byte === 0)).toBe(true)
})

test('what index.ts imports statically holds neither noble nor the SASLprep tables, nor node: modules', () => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const [, from = ''] of source.matchAll(/^(?:import|export|\})[^;'\n]*from '([^']+)'/gm)) {
      expect(from).toMatch(/^\.\/[a-z0-9-]+\.js$/)
      visit(from.replace(/\.js$/, '.ts'))
    }
  }
  visit('./index.ts')
  expect(seen.size).toBeGreaterThan(10)
  expect([...seen]).not.toContain('./noble-backend.ts')
})

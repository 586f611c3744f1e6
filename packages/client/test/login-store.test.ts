import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { LoginMemory } from '../src/login-memory.js'
import { memoryStore, type StateStore } from '../src/state-store.js'
import { type Asking, bare, bound, full, logIn, serve, welcome } from './modern-server.js'

const canary = 'canary-token'
const later = '2999-01-01T00:00:00Z'

/** Lets the client in by SCRAM, which it notes. */
const letIn = (seen: Asking[]) => serve(async (peer) => void seen.push(await welcome(peer, {}, bound())))

describe('a store that fails', () => {
  const failing = (when: { get?: boolean; batch?: boolean }, inner = memoryStore()): StateStore => ({
    get: (key) => (when.get ? Promise.reject(new Error('disk')) : inner.get(key)),
    batch: (changes) => (when.batch ? Promise.reject(new Error('disk')) : inner.batch(changes)),
  })

  test('a use that could not be stored does not happen', async () => {
    const when = { batch: false }
    const errors: unknown[] = []
    const memory = new LoginMemory(failing(when), Jid.parse(bare).bare, (error) => errors.push(error))
    await memory.load()
    await memory.update({ token: { mechanism: 'HT-SHA-256-NONE', token: canary, expiry: later, count: 0 } })
    when.batch = true
    const seen: Asking[] = []
    await using server = await letIn(seen)
    await using login = await logIn(server, { memory })
    expect([String(login.jid), seen[0]?.mechanism]).toEqual([full, 'SCRAM-SHA-256'])
    expect(errors.length).toBeGreaterThan(0)
  })

  test('what could not be read is not written over', async () => {
    const inner = memoryStore()
    const account = Jid.parse(bare).bare
    const before = new LoginMemory(inner, account)
    await before.load()
    await before.update({ pin: { bindable: 'SCRAM-SHA-256-PLUS' } })
    const when = { get: true }
    const memory = new LoginMemory(failing(when, inner), account)
    await using server = await letIn([])
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
    when.get = false
    await memory.load()
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-256-PLUS' })
  })
})

import { inspect } from 'node:util'
import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { LoginMemory } from './login-memory.js'
import { memoryStore, type StateRecord } from './state-store.js'

const account = Jid.parse('u@example.org').bare
const token = { mechanism: 'HT-SHA-256-NONE', token: 'canary', expiry: '2999-01-01T00:00:00Z', count: 0 }
const offer = { mechanisms: ['SCRAM-SHA-1'], bindings: undefined, bind: ['urn:xmpp:sm:3'], resume: true, fast: [] }

async function remembered(record: StateRecord | undefined) {
  const store = memoryStore()
  await store.batch([{ key: 'login', record }])
  const memory = new LoginMemory(store, account)
  await memory.load()
  return { memory, store }
}

async function full() {
  const { memory, store } = await remembered(undefined)
  await memory.update({ token, pin: { bindable: 'SCRAM-SHA-1' }, offers: { xmpps: offer } })
  return { memory, store }
}

describe('what is remembered', () => {
  test('survives a restart', async () => {
    const { memory, store } = await full()
    await memory.countUse()
    const next = new LoginMemory(store, account)
    await next.load()
    expect(next.token).toEqual({ ...token, count: 1 })
    expect(next.pin).toEqual({ bindable: 'SCRAM-SHA-1' })
    expect(next.offer('xmpps')).toEqual(offer)
    expect(next.userAgentId).toBe(memory.userAgentId)
  })

  test('is changed one thing at a time', async () => {
    const { memory } = await full()
    await memory.update({ pin: { unbindable: 'SCRAM-SHA-256' } })
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-1', unbindable: 'SCRAM-SHA-256' })
    await memory.update({ offers: { wss: offer, xmpps: undefined } })
    expect([memory.offer('xmpps'), memory.offer('wss')]).toEqual([undefined, offer])
    expect(memory.offer('constructor')).toBeUndefined()
    await memory.update({ token: null })
    expect(memory.token).toBeUndefined()
  })

  test('is written only when it has changed', async () => {
    const { memory, store } = await full()
    let writes = 0
    const counting = {
      ...store,
      batch: (changes: Parameters<typeof store.batch>[0]) => {
        writes++
        return store.batch(changes)
      },
    }
    const next = new LoginMemory(counting, account)
    await next.load()
    await next.update({ offers: { xmpps: offer } })
    expect([writes, next.userAgentId]).toEqual([0, memory.userAgentId])
    await next.update({ token: null })
    expect(writes).toBe(1)
  })

  test('shows no secret', async () => {
    const { memory } = await full()
    expect(inspect(memory, { depth: 9, showHidden: true }) + JSON.stringify(memory)).not.toContain('canary')
  })

  test('is gone when it is to be forgotten, the pin alone if that is meant', async () => {
    const { memory, store } = await full()
    const { userAgentId } = memory
    await memory.forgetPin()
    expect([memory.pin, memory.token]).toEqual([{}, token])
    await memory.forget()
    expect(await store.get('login')).toBeUndefined()
    expect([memory.token, memory.pin, memory.offer('xmpps')]).toEqual([undefined, {}, undefined])
    expect(memory.userAgentId).not.toBe(userAgentId)
  })
})

describe('what is stored may be anything', () => {
  const value = { account: 'u@example.org', userAgent: 'x', token, pin: {}, offers: {} }
  test.each([
    ['another version', { version: 2, value }],
    ['another account', { version: 1, value: { ...value, account: 'v@example.org' } }],
    ['nothing', { version: 1, value: null }],
    ['text', { version: 1, value: 'text' }],
  ])('%s is ignored', async (_, record) => {
    const { memory } = await remembered(record)
    expect([memory.token, memory.pin, memory.offer('xmpps')]).toEqual([undefined, {}, undefined])
    expect(await memory.countUse()).toBeUndefined()
  })

  test.each([
    ['no text', { ...token, token: 5 }],
    ['empty', { ...token, token: '' }],
    ['no mechanism', { ...token, mechanism: undefined }],
    ['a count that is none', { ...token, count: -1 }],
    ['no expiry', { ...token, expiry: null }],
    ['a list', []],
  ])('a token: %s', async (_, stored) => {
    const { memory } = await remembered({ version: 1, value: { ...value, token: stored } })
    expect([memory.token, memory.tokenMechanism]).toEqual([undefined, undefined])
  })

  test.each([
    ['no list', { ...offer, mechanisms: 'SCRAM-SHA-1' }],
    ['a list of numbers', { ...offer, fast: [1] }],
    ['bindings', { ...offer, bindings: 'tls-exporter' }],
    ['bind', { ...offer, bind: {} }],
    ['resume', { ...offer, resume: 'yes' }],
    ['null', null],
  ])('an offer: %s', async (_, stored) => {
    const offers = { xmpps: stored, wss: offer }
    const { memory } = await remembered({ version: 1, value: { ...value, pin: { bindable: 7 }, offers } })
    expect([memory.offer('xmpps'), memory.offer('wss'), memory.pin]).toEqual([undefined, offer, {}])
    expect(memory.userAgentId).toMatch(/^[\da-f-]{36}$/) // the stored one was none
  })

  test('S-061 an expired token stays, unused', async () => {
    const { memory } = await remembered({ version: 1, value: { ...value, token: { ...token, expiry: 'garbage' } } })
    expect([memory.tokenMechanism, memory.token?.token]).toEqual([undefined, 'canary'])
  })
})

describe('beside another client with the same store', () => {
  test('the same pins hold, under an id of its own, without the token of the other; nothing is written', async () => {
    const { memory, store } = await full()
    const before = await store.get('login')
    const guest = new LoginMemory(store, account, undefined, true)
    await guest.load()
    expect([guest.pin, guest.offer('xmpps')]).toEqual([{ bindable: 'SCRAM-SHA-1' }, offer])
    expect([guest.token, guest.tokenMechanism]).toEqual([undefined, undefined])
    expect(guest.userAgentId).not.toBe(memory.userAgentId)
    await guest.update({ pin: { unbindable: 'SCRAM-SHA-256' }, offers: { wss: offer } })
    expect([guest.pin.unbindable, guest.offer('wss')]).toEqual(['SCRAM-SHA-256', offer])
    await guest.forget()
    expect(await store.get('login')).toEqual(before)
  })
})

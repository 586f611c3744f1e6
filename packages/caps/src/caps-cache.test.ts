import { memoryStore, type StateStore } from '@couplet/client'
import type { DiscoInfo } from '@couplet/disco'
import { DataForm } from '@couplet/forms'
import { describe, expect, test } from 'vitest'
import { CapsCache } from './caps-cache.js'
import { verificationString } from './verification-string.js'

const info = (feature: string): DiscoInfo => ({
  identities: [{ category: 'client', type: 'pc' }],
  features: [feature],
  forms: [],
})
const of = (value: DiscoInfo) => ({ hash: 'sha-1', ver: verificationString(value) })

function setUp(store: StateStore = memoryStore()) {
  const errors: unknown[] = []
  return {
    store,
    errors,
    cache: new CapsCache(
      () => store,
      (error) => errors.push(error),
    ),
  }
}

describe('the cache', () => {
  test('keeps answers with their forms', async () => {
    const { store, cache } = setUp()
    const fields = [{ var: 'FORM_TYPE', type: 'hidden' as const, values: ['urn:xmpp:dataforms:x'], options: [] }]
    const kept = { ...info('urn:a'), forms: [DataForm({ type: 'result', instructions: [], fields, items: [] })] }
    await cache.add(of(kept), kept)
    const read = await setUp(store).cache.get(of(kept))
    expect([read?.features, String(read?.forms[0])]).toEqual([kept.features, String(kept.forms[0])])
    expect(await cache.get(of(info('urn:b')))).toBeUndefined()
  })

  test('keeps the 500 that were used last', async () => {
    const { store, cache } = setUp()
    const all = Array.from({ length: 502 }, (_, i) => info(`urn:example:${i}`))
    for (const [i, each] of all.entries()) {
      await cache.add(of(each), each)
      if (i === 499) expect(await cache.get(of(info('urn:example:0')))).toBeDefined()
    }
    for (const { cache: some } of [{ cache }, setUp(store)]) {
      const found = await Promise.all(all.map((each) => some.get(of(each))))
      expect(found.flatMap((each, i) => (each === undefined ? [i] : []))).toEqual([1, 2])
    }
  })

  test('does not keep what is too long', async () => {
    const { store, cache } = setUp()
    const long = info(`urn:${'x'.repeat(17_000)}`)
    await cache.add(of(long), long)
    expect([await cache.get(of(long)), await setUp(store).cache.get(of(long))]).toEqual([undefined, undefined])
  })

  const [good, other] = [info('urn:a'), info('urn:b')]
  test.each<[string, unknown]>([
    ['another answer', other],
    ['nothing', null],
    ['no list', { ...good, features: 'urn:a' }],
    ['no texts', { ...good, features: [{}] }],
    ['no identities', { ...good, identities: [null] }],
    ['no forms', { ...good, forms: [null] }],
  ])('S-152 does not believe a store that has %s', async (_what, value) => {
    const { store, cache } = setUp()
    await cache.add(of(good), good)
    await store.batch([{ key: `sha-1 ${of(good).ver}`, record: { version: 1, value } }])
    expect(await setUp(store).cache.get(of(good))).toBeUndefined()
  })

  test('does not read what another release has written', async () => {
    const { store, cache } = setUp()
    await cache.add(of(good), good)
    await store.batch([{ key: 'index', record: { version: 2, value: {} } }])
    expect(await setUp(store).cache.get(of(good))).toBeUndefined()
  })

  test('a store that fails costs the cache, not the answer', async () => {
    const broken: StateStore = {
      get: () => Promise.reject(new Error('no disk')),
      batch: () => Promise.reject(new Error('no disk')),
    }
    const { cache, errors } = setUp(broken)
    await cache.add(of(good), good)
    expect(await cache.get(of(good))).toEqual(good)
    expect(errors).toHaveLength(2)
  })
})

import { memoryStore, type StateStore } from '@couplet/client'
import { base64 } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { AvatarCache } from './avatar-cache.js'
import { checkImage } from './avatar-image.js'

/** A PNG of so many bytes, and of its own. */
const image = (seed: number, length = 40) => {
  const bytes = new Uint8Array(length)
  bytes.set(Buffer.from('89504e470d0a1a0a0000000d494844520000004000000040', 'hex'))
  new DataView(bytes.buffer).setUint32(length - 4, seed)
  return checkImage(bytes)
}

const setUp = (store: StateStore = memoryStore()) => {
  const errors: unknown[] = []
  const cache = new AvatarCache(
    () => store,
    (error) => errors.push(error),
  )
  return { store, cache, errors }
}

describe('AvatarCache', () => {
  test('keeps images over a restart', async () => {
    const { store, cache } = setUp()
    await cache.add(image(1))
    for (const each of [cache, setUp(store).cache]) expect(await each.get(image(1).hash)).toEqual(image(1))
    expect(await cache.get(image(2).hash)).toBeUndefined()
  })

  test('keeps the 500 that were used last', async () => {
    const { store, cache } = setUp()
    const all = Array.from({ length: 502 }, (_, i) => image(i))
    for (const [i, each] of all.entries()) {
      await cache.add(each)
      if (i === 499) expect(await cache.get(image(0).hash)).toBeDefined()
    }
    for (const each of [cache, setUp(store).cache]) {
      const found = await Promise.all(all.map(({ hash }) => each.get(hash)))
      expect(found.flatMap((one, i) => (one === undefined ? [i] : []))).toEqual([1, 2])
    }
    expect(await store.get(image(1).hash)).toBeUndefined()
  })

  test('keeps 8 MiB', async () => {
    const { store, cache } = setUp()
    const all = Array.from({ length: 87 }, (_, i) => image(i, 98_304))
    for (const each of all) await cache.add(each)
    const { cache: later } = setUp(store)
    const found = await Promise.all([0, 1, 2, 86].map((i) => later.get(all[i]?.hash ?? '')))
    expect(found.map((one) => one !== undefined)).toEqual([false, false, true, true])
    expect(await store.get(all[0]?.hash ?? '')).toBeUndefined()
  })

  test.each([
    ['another image', base64.encode(image(2).bytes)],
    ['something that is none', base64.encode(new Uint8Array(40))],
    ['no base64', '!'],
    ['no text', { bytes: [] }],
  ])('S-183 does not believe a store that has %s', async (_what, value) => {
    const { store, cache } = setUp()
    await cache.add(image(1))
    await store.batch([{ key: image(1).hash, record: { version: 1, value } }])
    const { cache: later } = setUp(store)
    expect(await later.get(image(1).hash)).toBeUndefined()
    await later.add(image(1))
    expect(await setUp(store).cache.get(image(1).hash)).toEqual(image(1))
  })

  test.each([
    ['of another release', { version: 2, value: [[image(1).hash, 40]] }],
    ['that is none', { version: 1, value: 'x' }],
    ['of nonsense', { version: 1, value: [null, ['x', 40], [image(1).hash, 'x'], [image(1).hash], 1] }],
  ])('an index %s is empty', async (_what, record) => {
    const { store, cache } = setUp()
    await cache.add(image(1))
    await store.batch([{ key: 'index', record }])
    expect(await setUp(store).cache.get(image(1).hash)).toBeUndefined()
  })

  test('a store that fails costs the cache, not the image', async () => {
    const { cache, errors } = setUp({
      get: () => Promise.reject(new Error('no disk')),
      batch: () => Promise.reject(new Error('no disk')),
    })
    await cache.add(image(1))
    expect(await cache.get(image(1).hash)).toBeUndefined()
    expect(errors).toHaveLength(3)
  })
})

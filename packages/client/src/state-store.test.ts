import { describe, expect, test } from 'vitest'
import { memoryStore, scopedStore } from './state-store.js'

describe('memoryStore', () => {
  test('keeps, replaces and removes records', async () => {
    const store = memoryStore()
    expect(await store.get('a')).toBeUndefined()
    await store.batch([{ key: 'a', record: { version: 1, value: { list: [1, 'two', null] } } }])
    expect(await store.get('a')).toEqual({ version: 1, value: { list: [1, 'two', null] } })
    await store.batch([
      { key: 'a', record: undefined },
      { key: 'b', record: { version: 2, value: 'b' } },
    ])
    expect([await store.get('a'), await store.get('b')]).toEqual([undefined, { version: 2, value: 'b' }])
  })

  test('shares no object with anybody', async () => {
    const store = memoryStore()
    const value = { list: [1] }
    await store.batch([{ key: 'a', record: { version: 1, value } }])
    value.list.push(2)
    const read = await store.get('a')
    const copy = read?.value as typeof value
    copy.list.push(3)
    expect(await store.get('a')).toEqual({ version: 1, value: { list: [1] } })
  })

  test('a batch that cannot be kept changes nothing', async () => {
    const store = memoryStore()
    const batch = store.batch([
      { key: 'a', record: { version: 1, value: 1 } },
      { key: 'b', record: { version: 1, value: 1n } },
    ])
    await expect(batch).rejects.toThrow(TypeError)
    expect(await store.get('a')).toBeUndefined()
  })

  test('S-094 keys are never properties of an object', async () => {
    const store = memoryStore()
    expect(await store.get('__proto__')).toBeUndefined()
    await store.batch([{ key: '__proto__', record: { version: 1, value: 'x' } }])
    expect(await store.get('__proto__')).toEqual({ version: 1, value: 'x' })
    expect(Object.hasOwn(Object.prototype, 'version')).toBe(false)
  })
})

test('two with one memoryStore cannot have the same name; with two, or under two prefixes, they can', async () => {
  const store = memoryStore()
  const [mine, yours] = [scopedStore(store, () => 'me/'), scopedStore(store, () => 'you/')]
  const release = await mine.claim?.('session')
  expect(release).toBeTypeOf('function')
  expect(await mine.claim?.('session')).toBeUndefined()
  expect(await store.claim?.('me/session')).toBeUndefined()
  expect(await yours.claim?.('session')).toBeTypeOf('function')
  expect(await memoryStore().claim?.('me/session')).toBeTypeOf('function')
  release?.()
  expect(await mine.claim?.('session')).toBeTypeOf('function')
})

test('a store without claims has none under a prefix, either', () => {
  const { get, batch } = memoryStore()
  expect('claim' in scopedStore({ get, batch }, () => 'me/')).toBe(false)
})

test('scopedStore keeps neighbours apart', async () => {
  const store = memoryStore()
  const [mine, yours] = [scopedStore(store, () => 'me@example.org/a/'), scopedStore(store, () => 'me@example.org/b/')]
  await mine.batch([{ key: 'x', record: { version: 1, value: 'mine' } }])
  await yours.batch([{ key: 'x', record: { version: 1, value: 'yours' } }])
  expect((await mine.get('x'))?.value).toBe('mine')
  expect((await store.get('me@example.org/b/x'))?.value).toBe('yours')
  await mine.batch([{ key: 'x', record: undefined }])
  expect([await mine.get('x'), (await yours.get('x'))?.value]).toEqual([undefined, 'yours'])
})

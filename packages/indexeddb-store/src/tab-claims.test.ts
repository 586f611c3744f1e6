import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeLocks } from '../test/fake-locks.js'
import { indexedDbStore } from './indexeddb-store.js'

let locks: FakeLocks

beforeEach(() => {
  locks = new FakeLocks()
  vi.stubGlobal('navigator', { locks })
  vi.stubGlobal('indexedDB', new IDBFactory())
})

afterEach(() => vi.unstubAllGlobals())

test('a name belongs to one window and one database', async () => {
  const [mine, yours, other] = [indexedDbStore('chat'), indexedDbStore('chat'), indexedDbStore('other')]
  const release = await mine.claim('session')
  expect(release).toBeTypeOf('function')
  expect(await yours.claim('session')).toBeUndefined()
  expect(await other.claim('session')).toBeTypeOf('function')
  expect([...locks.held]).toEqual(['couplet/chat/session', 'couplet/other/session'])
  release?.()
  expect(await mine.claim('session')).toBeTypeOf('function')
})

test('a store that is closed gives back what it had, and takes nothing', async () => {
  const [mine, yours] = [indexedDbStore('chat'), indexedDbStore('chat')]
  await mine.claim('session')
  const late = mine.claim('late').catch((error: unknown) => error)
  await mine.close()
  expect(await late).toMatchObject({ code: 'closed' })
  await expect(mine.claim('session')).rejects.toMatchObject({ name: 'IndexedDbStoreError', code: 'closed' })
  await vi.waitUntil(() => locks.held.size === 0) // the late one is given back later
  expect(await yours.claim('session')).toBeTypeOf('function')
  expect(await yours.claim('late')).toBeTypeOf('function')
})

test('when a store is closed, somebody else can have what it had', async () => {
  const [mine, yours] = [indexedDbStore('chat'), indexedDbStore('chat')]
  await mine.claim('session')
  await mine.close()
  expect(await yours.claim('session')).toBeTypeOf('function')
})

test.each([
  ['no navigator', undefined],
  ['no Web Locks', {}],
])('where there is %s, nothing can be claimed, and nobody has it twice', async (_, navigator) => {
  vi.stubGlobal('navigator', navigator)
  const store = indexedDbStore('chat')
  expect(await store.claim('session')).toBeUndefined()
  await store.batch([{ key: 'a', record: { version: 1, value: 1 } }])
})

test('Web Locks that may not be used are an error', async () => {
  locks.error = new DOMException('no', 'SecurityError')
  const store = indexedDbStore('chat')
  await expect(store.claim('session')).rejects.toMatchObject({ code: 'unavailable', cause: locks.error })
  locks.error = undefined
  expect(await store.claim('session')).toBeTypeOf('function')
})

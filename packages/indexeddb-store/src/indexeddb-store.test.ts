import type { StateChange } from '@couplet/client'
import { XmppError } from '@couplet/stanza'
import { forceCloseDatabase, IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { indexedDbStore } from './indexeddb-store.js'

let factory: IDBFactory

beforeEach(() => {
  factory = new IDBFactory()
  vi.stubGlobal('indexedDB', factory)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function put(key: string, value: unknown): StateChange {
  return { key, record: { version: 1, value } }
}

/** Settles with an open request. */
function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Opens the database as somebody else would. */
function openAs(version: number, upgrade: (database: IDBDatabase) => void = () => {}): Promise<IDBDatabase> {
  const request = factory.open('store', version)
  request.onupgradeneeded = () => upgrade(request.result)
  return settled(request)
}

describe('the connection', () => {
  test('is opened by the first use, and closed for good', async () => {
    const opening = vi.spyOn(factory, 'open')
    const store = indexedDbStore('store')
    await store.batch([])
    expect(opening).not.toHaveBeenCalled()
    await Promise.all([store.get('a'), store.batch([put('a', 1)]), store.get('a')])
    expect(opening).toHaveBeenCalledTimes(1)
    const written = store.batch([put('a', 2)])
    await store[Symbol.asyncDispose]()
    await written
    await store.close()
    await expect(store.get('a')).rejects.toMatchObject({ name: 'IndexedDbStoreError', code: 'closed', retry: 'no' })
    await expect(store.batch([])).rejects.toMatchObject({ code: 'closed' })
    await settled(factory.deleteDatabase('store'))
  })

  test('makes way for another window that deletes the database, and comes back', async () => {
    await using store = indexedDbStore('store')
    await store.batch([put('a', 1)])
    await settled(factory.deleteDatabase('store'))
    expect(await store.get('a')).toBeUndefined()
    await store.batch([put('b', 1)])
    expect(await store.get('b')).toEqual({ version: 1, value: 1 })
  })

  test('that the browser ended is opened again, whether it said so or not', async () => {
    const connections: IDBDatabase[] = []
    const begin = IDBDatabase.prototype.transaction
    const spy = vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...all) {
      connections.push(this)
      return begin.apply(this, all)
    })
    await using store = indexedDbStore('store')
    await store.batch([put('a', 1)])
    forceCloseDatabase(connections.at(-1) as never)
    expect(await store.get('a')).toEqual({ version: 1, value: 1 })
    connections.at(-1)?.close() // silently
    await Promise.all([store.batch([put('a', 2)]), store.batch([put('a', 3)])])
    connections.at(-1)?.close()
    expect(await store.get('a')).toEqual({ version: 1, value: 3 })
    expect(new Set(connections).size).toBe(4)
    spy.mockRestore()
  })

  test('writes durably, and all batches that wait at once', async () => {
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction')
    await using store = indexedDbStore('store')
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.batch([put('a', index)])))
    const writes = begin.mock.calls.filter(([, mode]) => mode === 'readwrite')
    expect(writes).toEqual([['records', 'readwrite', { durability: 'strict' }]])
  })
})

describe('what the browser refuses', () => {
  test('no IndexedDB at all', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const error = await indexedDbStore('store')
      .get('a')
      .catch((reason) => reason)
    expect(error).toMatchObject({ code: 'unavailable', retry: 'no' })
    expect(XmppError.is(error)).toBe(true)
  })

  test('IndexedDB in a window that may not use it', async () => {
    const cause = new DOMException('no', 'SecurityError')
    vi.spyOn(factory, 'open').mockImplementation(() => {
      throw cause
    })
    const store = indexedDbStore('store')
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unavailable', cause })
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject({ code: 'unavailable', cause })
    await store.close()
  })

  test('a full disk: nothing of the batch is kept, and the store goes on', async () => {
    await using store = indexedDbStore('store')
    await store.batch([put('a', 'old')])
    const real = IDBObjectStore.prototype.put
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...all) {
      if (all[1] === 'b') throw new DOMException('full', 'QuotaExceededError')
      return real.apply(this, all)
    })
    await expect(store.batch([put('a', 'new'), put('b', 'x')])).rejects.toMatchObject({ code: 'full', retry: 'user' })
    full.mockRestore()
    expect(await store.get('a')).toEqual({ version: 1, value: 'old' })
    await store.batch([put('b', 'later')])
    expect(await store.get('b')).toEqual({ version: 1, value: 'later' })
  })

  test('a transaction that is aborted', async () => {
    await using store = indexedDbStore('store')
    const real = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, ...all) {
      const request = real.apply(this, all)
      this.transaction.abort()
      return request
    })
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject({ code: 'io', retry: 'backoff' })
    expect(await store.get('a')).toBeUndefined()
  })
})

describe('a database of somebody else', () => {
  test('of a later release is left alone', async () => {
    const other = await openAs(2)
    await expect(indexedDbStore('store').get('a')).rejects.toMatchObject({ code: 'incompatible', retry: 'user' })
    other.close()
  })

  test('without our object store is left alone', async () => {
    const other = await openAs(1, (database) => database.createObjectStore('theirs'))
    await using store = indexedDbStore('store')
    await expect(store.batch([put('a', 1)])).rejects.toMatchObject({ code: 'incompatible' })
    expect([...other.objectStoreNames]).toEqual(['theirs'])
    other.close()
  })

  test('with a record that is not ours says so, and not what it is', async () => {
    const other = await openAs(1, (database) => database.createObjectStore('records').put('s3cret', 'a'))
    await using store = indexedDbStore('store')
    const error = await store.get('a').catch((reason) => reason)
    expect(error).toMatchObject({ code: 'incompatible' })
    expect(`${error} ${error.cause}`).not.toContain('s3cret')
    other.close()
  })

  test('that another window does not let go of is blocked, and usable once it does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const other = await openAs(1, (database) => database.createObjectStore('records')) // ignores `versionchange`
    const deleting = factory.deleteDatabase('store')
    await new Promise((resolve) => {
      deleting.onblocked = resolve
    })
    await using store = indexedDbStore('store', { openTimeout: 3_000 })
    const failures = [store.get('a'), store.batch([put('a', 1)])].map((call) => call.catch((reason) => reason))
    await vi.advanceTimersByTimeAsync(2_999)
    vi.advanceTimersByTime(1)
    for (const failure of failures) expect(await failure).toMatchObject({ code: 'blocked', retry: 'backoff' })
    other.close()
    await settled(deleting)
    expect(await store.get('a')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})

import { type StateStoreSubject, stateStoreContract } from '@couplet/testing'
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { afterEach, describe, test, vi } from 'vitest'
import { FakeLocks } from '../test/fake-locks.js'
import { indexedDbStore } from './indexeddb-store.js'

afterEach(() => vi.unstubAllGlobals())

/**
 * A browser that dies in the middle of a transaction: at an odd point after a request is made and before the commit, at an
 * even one before the next request is made.
 */
function dyingBrowser(): StateStoreSubject {
  const { put, delete: remove } = IDBObjectStore.prototype
  let factory = new IDBFactory()
  let left = Number.POSITIVE_INFINITY
  const step = <Result>(store: IDBObjectStore, request: () => Result): Result => {
    left -= 2
    if (left > 0) return request()
    if (left === 0) request()
    store.transaction.abort()
    throw new Error('the browser is dead')
  }
  const start = async () => {
    left = Number.POSITIVE_INFINITY
    vi.stubGlobal('indexedDB', factory)
    vi.stubGlobal('navigator', { locks: new FakeLocks() }) // those of a browser that was started again
    IDBObjectStore.prototype.put = function (...parameters: [unknown, IDBValidKey?]) {
      return step(this, () => put.apply(this, parameters))
    }
    IDBObjectStore.prototype.delete = function (key: IDBValidKey | IDBKeyRange) {
      return step(this, () => remove.call(this, key))
    }
    return indexedDbStore('contract')
  }
  return {
    open: start,
    reopen: start,
    crashAt: (point) => {
      left = point + 1 // each request takes two
    },
    wipe: async () => {
      IDBObjectStore.prototype.put = put
      IDBObjectStore.prototype.delete = remove
      factory = new IDBFactory()
    },
  }
}

describe('in IndexedDB', () => {
  test.each(stateStoreContract(dyingBrowser()))('$name', ({ check }) => check())
})

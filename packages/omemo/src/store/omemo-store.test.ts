import { memoryStore, processClaims, type StateStore } from '@couplet/client'
import { describe, expect, test, vi } from 'vitest'
import { OmemoStore } from './omemo-store.js'
import { openRecord, type RecordKind, sealRecord } from './record-kind.js'
import { ScopeQueue } from './scope-queue.js'
import { type LockPort, lockPortOf, StoreLock } from './store-lock.js'

const numbers: RecordKind<number> = {
  name: 'number',
  version: 1,
  toJson: (value) => value,
  fromJson: (json: number) => json,
}

/** A promise to be kept later. */
const later = () => {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

describe('records', () => {
  test('a record comes back, and one that was changed on the disk does not', () => {
    const record = sealRecord(numbers, 7)
    expect(openRecord(numbers, record)).toBe(7)
    const { data, sum } = record.value as { data: string; sum: string }
    for (const value of [{ data: '8', sum }, { data }, { sum }, null, 7, { data, sum: sum.toLowerCase() }]) {
      expect(() => openRecord(numbers, { ...record, value })).toThrow(
        expect.objectContaining({ code: 'corrupt-record' }),
      )
    }
  })

  test('one of a later release is refused, one of an earlier is brought up step by step', () => {
    const second: RecordKind<string> = {
      name: 'number',
      version: 3,
      toJson: (value) => value,
      fromJson: (json: string) => json,
      upgrades: { 1: (json: number) => json + 1, 2: (json: number) => `v${json}` },
    }
    expect(openRecord(second, sealRecord(numbers, 7))).toBe('v8')
    expect(() => openRecord(numbers, sealRecord(second, 'x'))).toThrow(
      expect.objectContaining({ code: 'newer-record' }),
    )
    const gap = { ...second, upgrades: {} }
    expect(() => openRecord(gap, sealRecord(numbers, 7))).toThrow(expect.objectContaining({ code: 'corrupt-record' }))
  })

  test('what a later release has written is not overwritten', async () => {
    const inner = memoryStore()
    const newer = { ...numbers, version: 9 }
    await new OmemoStore(inner).transaction([], async (transaction) => transaction.put(newer, 'a', 1))
    const store = new OmemoStore(inner)
    const change = store.transaction(['a'], async (transaction) => {
      transaction.put(numbers, 'a', ((await transaction.get(numbers, 'a')) ?? 0) + 1)
    })
    await expect(change).rejects.toMatchObject({ code: 'newer-record' })
    expect(await new OmemoStore(inner).read(newer, 'a')).toBe(1)
  })
})

describe('transactions', () => {
  test('writes are seen inside at once, outside at the end, and not at all after an error', async () => {
    const store = new OmemoStore(memoryStore())
    await store.transaction(['a'], async (transaction) => {
      transaction.put(numbers, 'a', 1)
      transaction.put(numbers, 'b', 2)
      expect(await transaction.get(numbers, 'a')).toBe(1)
    })
    const failing = store.transaction(['a'], async (transaction) => {
      transaction.put(numbers, 'a', 9)
      transaction.delete(numbers, 'b')
      expect(await transaction.get(numbers, 'b')).toBeUndefined()
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect([await store.read(numbers, 'a'), await store.read(numbers, 'b')]).toEqual([1, 2])
  })

  test('all writes are one batch; without writes there is none', async () => {
    const inner = memoryStore()
    const batch = vi.spyOn(inner, 'batch')
    const store = new OmemoStore(inner)
    await store.transaction(['a'], async (transaction) => {
      for (const key of ['a', 'b', 'c']) transaction.put(numbers, key, 1)
    })
    await store.transaction(['a'], (transaction) => transaction.get(numbers, 'a'))
    expect(batch.mock.calls.map(([changes]) => changes.map(({ key }) => key))).toEqual([
      ['number/a', 'number/b', 'number/c', 'writer'],
    ])
  })

  test('after a batch that failed the store is read again: it may have happened', async () => {
    const inner = memoryStore()
    let isBroken = false
    const flaky: StateStore = {
      get: inner.get,
      batch: async (changes) => {
        await inner.batch(changes)
        if (isBroken) throw new Error('the disk says nothing')
      },
    }
    const store = new OmemoStore(flaky)
    const put = (value: number) => store.transaction(['a'], async (transaction) => transaction.put(numbers, 'a', value))
    await put(1)
    isBroken = true
    await expect(put(2)).rejects.toThrow('the disk says nothing')
    expect(await store.read(numbers, 'a')).toBe(2)
  })

  test('those with a scope in common wait for each other, others do not', async () => {
    const store = new OmemoStore({ ...memoryStore(), claim: undefined as never })
    const order: string[] = []
    const gate = later()
    const first = store.transaction(['a', 'b'], async () => {
      order.push('first begins')
      await gate.promise
      order.push('first ends')
    })
    const second = store.transaction(['b', 'c'], async () => void order.push('second'))
    const other = store.transaction(['d'], async () => void order.push('other'))
    await other
    expect(order).toEqual(['first begins', 'other'])
    gate.resolve()
    await Promise.all([first, second])
    expect(order).toEqual(['first begins', 'other', 'first ends', 'second'])
  })

  test('a thousand additions at once, in two processes, are a thousand', async () => {
    const inner = memoryStore()
    const stores = [new OmemoStore(inner), new OmemoStore(inner)]
    const add = (store: OmemoStore) =>
      store.transaction(['a'], async (transaction) => {
        const value = (await transaction.get(numbers, 'a')) ?? 0
        transaction.put(numbers, 'a', value + 1)
      })
    await Promise.all(Array.from({ length: 1000 }, (_, n) => add(stores[n % 2] as OmemoStore)))
    expect(await new OmemoStore(inner).read(numbers, 'a')).toBe(1000)
  })
})

describe('locks', () => {
  test('scopes are taken in the order of the calls', async () => {
    const queue = new ScopeQueue()
    const first = await queue.take(['a'])
    let isTaken = false
    const second = queue.take(['a', 'a']).then((release) => {
      isTaken = true
      return release
    })
    await turns()
    expect(isTaken).toBe(false)
    first()
    const release = await second
    release()
    expect(isTaken).toBe(true)
  })

  test('who is always busy gives the lock away all the same', async () => {
    const claim = processClaims()
    const port = lockPortOf({ claim } as unknown as StateStore) as LockPort
    const lock = new StoreLock(port, async () => {})
    vi.useFakeTimers()
    try {
      await lock.enter()
      await lock.enter()
      expect(await claim('omemo')).toBeUndefined()
      vi.setSystemTime(Date.now() + 1000)
      let isIn = false
      const third = lock.enter().then(() => {
        isIn = true
      })
      lock.leave()
      await turns()
      expect(isIn).toBe(false)
      lock.leave()
      await third
      lock.leave()
      const release = await claim('omemo')
      expect(release).toBeDefined()
      // Somebody else has it: it is asked for until it is free.
      const waiting = lock.enter()
      await vi.advanceTimersByTimeAsync(500)
      release?.()
      await vi.advanceTimersByTimeAsync(200)
      await waiting
      lock.leave()
    } finally {
      vi.useRealTimers()
    }
  })

  test('a lock that cannot be had fails the call, and the next one tries again', async () => {
    let isBroken = true
    const port: LockPort = {
      acquire: async () => {
        if (isBroken) throw new Error('no locks here')
        return () => {}
      },
    }
    const store = new OmemoStore(memoryStore(), port)
    await expect(store.read(numbers, 'a')).rejects.toThrow('no locks here')
    isBroken = false
    expect(await store.read(numbers, 'a')).toBeUndefined()
  })

  test('a store that can claim nothing here is used alone, as one in a browser without Web Locks', async () => {
    const { get, batch } = memoryStore()
    const store = new OmemoStore({ get, batch, claim: async () => undefined })
    await store.transaction(['a'], async (transaction) => transaction.put(numbers, 'a', 1))
    expect(await store.read(numbers, 'a')).toBe(1)
  })

  test('without claims the locks of the browser are used, and without those none', async () => {
    const { claim, ...plain } = memoryStore()
    expect(claim).toBeDefined()
    const held: string[] = []
    const locks = {
      request: async (name: string, callback: () => Promise<void>) => {
        held.push(name)
        await callback()
        held.pop()
      },
    }
    vi.stubGlobal('navigator', { locks })
    try {
      const release = await (lockPortOf(plain) as LockPort).acquire('omemo')
      expect(held).toEqual(['couplet:omemo'])
      release()
      await turns()
      expect(held).toEqual([])
      vi.stubGlobal('navigator', {})
      expect(lockPortOf(plain)).toBeUndefined()
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

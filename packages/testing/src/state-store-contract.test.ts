import { memoryStore, type StateStore } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import { type StateStoreSubject, stateStoreContract } from './state-store-contract.js'

describe('the memory store', () => {
  test.each(stateStoreContract({ open: async () => memoryStore(), wipe: async () => {} }))('$name', ({ check }) =>
    check(),
  )
})

/** The names of the cases a broken store fails. */
async function failures(subject: StateStoreSubject): Promise<string[]> {
  const results = await Promise.allSettled(stateStoreContract(subject).map(({ check }) => check()))
  const names = stateStoreContract(subject).map(({ name }) => name)
  return names.filter((_, index) => results[index]?.status === 'rejected')
}

function broken(change: (store: StateStore) => Partial<StateStore>): StateStoreSubject {
  return {
    open: async () => {
      const store = memoryStore()
      return { ...store, ...change(store) }
    },
    wipe: async () => {},
  }
}

describe('a broken store is found out', () => {
  test('one that keeps the objects it was given', async () => {
    const subject = broken(() => {
      const records = new Map()
      return {
        get: async (key) => records.get(key),
        batch: async (changes) => {
          for (const { key, record } of changes) records.set(key, record)
        },
      }
    })
    const found = await failures(subject)
    expect(found).toContain('what was written is not shared')
    expect(found).toContain('what was read is not shared')
  })

  test('one that applies a batch change by change', async () => {
    const found = await failures(
      broken((store) => ({
        batch: async (changes) => {
          for (const change of changes) await store.batch([change])
        },
      })),
    )
    expect(found).toContain('a batch that cannot be kept changes nothing')
  })

  test('one that lets batches overtake each other', async () => {
    const found = await failures(
      broken((store) => {
        const held: Promise<void>[] = []
        return {
          batch: async (changes) => {
            const texts = structuredClone(changes)
            held.push(Promise.resolve())
            for (let turn = held.length; turn < 100; turn++) await held[0]
            await store.batch(texts)
          },
        }
      }),
    )
    expect(found).toContain('concurrent batches happen in the order of the calls')
  })

  test('one that folds the case of its keys, and one that forgets versions', async () => {
    const folded = await failures(broken((store) => ({ get: (key) => store.get(key.toLowerCase()) })))
    expect(folded).toContain('any string is a key, and no two are the same')
    const forgetful = await failures(
      broken((store) => ({
        get: async (key) => {
          const record = await store.get(key)
          return record && { version: 1, value: record.value }
        },
      })),
    )
    expect(forgetful).toContain('versions are kept')
  })
})

describe('claims', () => {
  test('a store without them passes', async () => {
    const open = async () => {
      const { get, batch } = memoryStore()
      return { get, batch }
    }
    expect(await failures({ open, wipe: async () => {} })).toEqual([])
  })

  test('one that gives a name to everybody, and one that gives it to nobody', async () => {
    const generous = await failures(broken(() => ({ claim: async () => () => {} })))
    expect(generous).toContain('a claim is exclusive, and one name is not another')
    expect(generous).toContain('of concurrent claims one succeeds')
    const mean = await failures(broken(() => ({ claim: async () => undefined })))
    expect(mean).toContain('a claim is exclusive, and one name is not another')
  })

  test('one that never takes a name back, and one that takes it from somebody else', async () => {
    const keeping = await failures(
      broken((store) => ({ claim: async (name) => (await store.claim?.(name)) && (() => {}) })),
    )
    expect(keeping).toContain('a claim that is given back is free, at once')
    const held = new Set<string>()
    const careless = await failures(
      broken(() => ({
        claim: async (name) => (held.has(name) ? undefined : held.add(name) && (() => void held.delete(name))),
      })),
    )
    expect(careless).toContain('a claim that is given back twice is not taken from the next holder')
  })

  test('one whose claims outlast their holder', async () => {
    const store = memoryStore()
    const subject = { open: async () => memoryStore(), reopen: async () => store, wipe: async () => {} }
    await store.claim?.('name')
    expect(await failures(subject)).toContain('a claim ends with its holder')
  })
})

/** Keeps its records in a list of operations that a crash cuts short; `torn` records one operation per change. */
function logged(torn: boolean, loses = false): StateStoreSubject {
  let log: string[] = []
  let left = Number.POSITIVE_INFINITY
  const append = (entry: string): void => {
    if (--left <= 0) throw new Error('crash')
    log.push(entry)
  }
  const open = async (): Promise<StateStore> => ({
    get: async (key) => {
      const found = log.flatMap((entry) => JSON.parse(entry)).findLast((change) => change.key === key)
      return found?.record
    },
    batch: async (changes) => {
      if (torn) for (const change of changes) append(JSON.stringify([change]))
      else append(JSON.stringify(changes))
    },
  })
  return {
    open,
    reopen: async () => {
      if (loses && left <= 0) log = []
      left = Number.POSITIVE_INFINITY
      return open()
    },
    crashAt: (point) => {
      left = point
    },
    wipe: async () => {
      log = []
      left = Number.POSITIVE_INFINITY
    },
  }
}

/** The verdict on a subject with one state, whose cases must not run at the same time. */
async function crashFailures(subject: StateStoreSubject): Promise<string[]> {
  const found: string[] = []
  for (const { name, check } of stateStoreContract(subject).filter((item) => item.name.startsWith('a crash'))) {
    await check().catch(() => found.push(name))
  }
  return found
}

describe('crashes', () => {
  test('a store that writes each batch in one piece passes', async () => {
    expect(await crashFailures(logged(false))).toEqual([])
  })

  test('a store that writes a batch in pieces fails every case', async () => {
    expect(await crashFailures(logged(true))).toHaveLength(3)
  })

  test('a store that loses what it had confirmed fails', async () => {
    const found = await crashFailures(logged(false, true))
    expect(found).toContain('a crash in a batch leaves the old state or the new one')
  })

  test('a crash that does not happen is no proof', async () => {
    const found = await crashFailures({ ...logged(false), crashAt: () => {} })
    expect(found).toHaveLength(3)
  })

  test('without reopen and crashAt there are no cases about them', () => {
    const { open, wipe } = logged(false)
    const names = stateStoreContract({ open, wipe }).map(({ name }) => name)
    expect(names.filter((name) => /restart|crash/.test(name))).toEqual([])
    expect(names.length).toBeGreaterThan(10)
  })
})

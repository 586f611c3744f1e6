import { virtualTime } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { SavedSession } from './saved-session.js'
import { SessionJournal } from './session-journal.js'
import { memoryStore, type StateChange, type StateStore } from './state-store.js'

const session = (more: Partial<SavedSession> = {}): SavedSession => ({
  ...{ handled: 0, sent: 0, acked: 0, first: 0, next: 0 },
  ...more,
})

/** A store whose batches end when the test says so. */
function held() {
  const batches: { readonly changes: readonly StateChange[]; end(error?: Error): void }[] = []
  const store: StateStore = {
    get: async () => undefined,
    batch: (changes) =>
      new Promise((resolve, reject) => batches.push({ changes, end: (error) => (error ? reject(error) : resolve()) })),
  }
  return { store, batches }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const fail = (error: unknown): never => {
  throw error
}

/** A store with a session, a stanza that was written and three that wait. */
async function kept() {
  const store = memoryStore()
  const journal = new SessionJournal(store, fail)
  journal.touch(() => session({ id: 'sm', sent: 2, acked: 1, next: 3 }))
  journal.written(1, { id: 'w', text: 'w' })
  for (const place of [0, 1, 2]) journal.queued(place, { id: `${place}`, text: 'q' })
  await journal.stored()
  return { store }
}

describe('SessionJournal', () => {
  test('what is noted in one turn is stored together, with the session as it is then', async () => {
    const { store, batches } = held()
    const journal = new SessionJournal(store, fail)
    let handled = 1
    journal.written(0, { id: 'a', text: '<message/>' })
    journal.touch(() => session({ handled }))
    const stored = journal.stored()
    journal.queued(3, { id: 'q', text: 'q' })
    handled = 2
    expect(journal.stored()).toBe(stored)
    await turn()
    expect(batches).toHaveLength(1)
    expect(batches[0]?.changes.map(({ key, record }) => [key, record?.value])).toEqual([
      ['session:sent:0', { id: 'a', text: '<message/>' }],
      ['session:queued:3', { id: 'q', text: 'q' }],
      ['session', session({ handled: 2 })],
    ])
    batches[0]?.end()
    await stored
  })

  test('what is noted while a batch is written goes with the next one, and never before it', async () => {
    const { store, batches } = held()
    const journal = new SessionJournal(store, fail)
    const order: number[] = []
    journal.written(0, { id: 'a', text: 'a' })
    void journal.stored().then(() => order.push(1))
    await turn()
    journal.written(1, { id: 'b', text: 'b' })
    const second = journal.stored().then(() => order.push(2))
    await turn()
    expect(batches).toHaveLength(1)
    batches[0]?.end()
    await turn()
    expect([batches.length, order]).toEqual([2, [1]])
    batches[1]?.end()
    await second
    expect(order).toEqual([1, 2])
  })

  test('nothing new is nothing to store', async () => {
    const { store, batches } = held()
    await new SessionJournal(store, fail).stored()
    expect(batches).toEqual([])
  })

  test('what a store did not take goes with the next batch, unless it has changed again', async () => {
    const { store, batches } = held()
    const errors: unknown[] = []
    const journal = new SessionJournal(store, (error) => errors.push(error))
    journal.written(0, { id: 'a', text: 'a' })
    journal.written(1, { id: 'b', text: 'b' })
    const stored = journal.stored()
    await turn()
    journal.written(1, undefined)
    batches[0]?.end(new Error('full'))
    await stored
    expect(errors).toMatchObject([{ message: 'full' }])
    void journal.stored()
    await turn()
    expect(batches[1]?.changes.map(({ key, record }) => [key, record?.value])).toEqual([
      ['session:sent:0', { id: 'a', text: 'a' }],
    ])
  })

  test('a store that fails has nothing to remove: what is over leaves no trace in memory', async () => {
    const { store, batches } = held()
    const journal = new SessionJournal(store, () => {})
    for (let number = 0; number < 100; number++) {
      journal.written(number, { id: 'a', text: 'a' })
      const stored = journal.stored()
      await turn()
      batches.at(-1)?.end(new Error('full'))
      await stored
      journal.written(number, undefined)
    }
    journal.written(100, { id: 'b', text: 'b' })
    void journal.stored()
    await turn()
    expect(batches.at(-1)?.changes.map(({ key }) => key)).toEqual(['session:sent:100'])
  })

  test('what may be there is removed: stored, being stored, or left by an earlier process', async () => {
    const { store } = await kept()
    const journal = new SessionJournal(store, fail)
    await journal.load()
    journal.written(1, undefined)
    journal.written(5, { id: 'n', text: 'n' })
    const stored = journal.stored()
    await Promise.resolve()
    journal.written(5, undefined)
    await stored
    await journal.stored()
    expect([await store.get('session:sent:1'), await store.get('session:sent:5')]).toEqual([undefined, undefined])
  })

  test('a store that hangs is not waited for, but what comes later is stored after what it has at last', async () => {
    const time = virtualTime()
    try {
      const { store, batches } = held()
      const errors: unknown[] = []
      const journal = new SessionJournal(store, (error) => errors.push(error))
      journal.written(0, { id: 'a', text: 'a' })
      await time.until(journal.stored())
      expect(errors).toMatchObject([{ name: 'StoreError', code: 'timeout' }])
      journal.written(0, undefined)
      for (let number = 1; number < 100; number++) {
        journal.written(number, { id: 'b', text: 'b' })
        await journal.stored()
        if (number < 99) journal.written(number, undefined)
      }
      expect([batches.length, errors.length]).toEqual([1, 1])
      const finished = journal.finished()
      batches[0]?.end()
      await time.advance(0)
      expect(batches[1]?.changes.map(({ key, record }) => [key, record?.value])).toEqual([
        ['session:sent:0', undefined],
        ['session:sent:99', { id: 'b', text: 'b' }],
      ])
      batches[1]?.end()
      await finished
    } finally {
      time.restore()
    }
  })

  test('what was stored is found again', async () => {
    const store = memoryStore()
    const journal = new SessionJournal(store, fail)
    expect(await journal.load()).toBeUndefined()
    const saved = session({ id: 'sm', sent: 3, acked: 1, first: -1, next: 1 })
    journal.touch(() => saved)
    journal.written(2, { id: 'w', text: 'w', stamp: 5 })
    journal.queued(-1, { id: 'q', text: 'q', uncertain: true, deaths: 1 })
    await journal.stored()
    expect(await new SessionJournal(store, fail).load()).toEqual({
      session: saved,
      written: new Map([[2, { id: 'w', text: 'w', stamp: 5 }]]),
      queued: [{ id: 'q', text: 'q', uncertain: true, deaths: 1, place: -1 }],
      unreadable: [],
    })
  })

  test('what another version has stored is left alone', async () => {
    const record = { version: 99, value: session() }
    const other: StateStore = { get: async () => record, batch: async () => {} }
    expect(await new SessionJournal(other, fail).load()).toBeUndefined()
  })

  test.each(['session', 'session:sent:1'])(
    'what a store says that cannot read %s is no news about what is there',
    async (bad) => {
      const { store } = await kept()
      const broken: StateStore = {
        ...store,
        get: async (key) => (key === bad ? fail(new Error('broken')) : store.get(key)),
      }
      await expect(new SessionJournal(broken, fail).load()).rejects.toThrow('broken')
    },
  )

  test('one queued stanza that cannot be read is reported, and the others are found', async () => {
    const { store } = await kept()
    const get = async (key: string) => (key === 'session:queued:1' ? fail(new Error('broken')) : store.get(key))
    const errors: unknown[] = []
    const saved = await new SessionJournal({ ...store, get }, (error) => errors.push(error)).load()
    expect(saved).toMatchObject({ queued: [{ place: 0 }, { place: 2 }], unreadable: [1] })
    expect(errors).toMatchObject([{ message: 'broken' }])
  })

  test.each(['session', 'session:sent:1'])('nonsense as %s is an error, and no endless work', async (key) => {
    const { store } = await kept()
    await store.batch([{ key, record: { version: 1, value: { handled: 'x' } } }])
    await expect(new SessionJournal(store, fail).load()).rejects.toMatchObject({ name: 'StoreError', code: 'corrupt' })
  })

  test('nonsense in the queue is reported', async () => {
    const { store } = await kept()
    await store.batch([{ key: 'session:queued:0', record: { version: 1, value: 7 } }])
    const errors: unknown[] = []
    const saved = await new SessionJournal(store, (error) => errors.push(error)).load()
    expect([saved?.unreadable, errors]).toMatchObject([[0], [{ code: 'corrupt' }]])
  })
})

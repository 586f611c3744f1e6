import { describe, expect, test } from 'vitest'
import { type SavedSession, SessionJournal } from './session-journal.js'
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
    journal.queued(3, undefined)
    handled = 2
    expect(journal.stored()).toBe(stored)
    await turn()
    expect(batches).toHaveLength(1)
    expect(batches[0]?.changes.map(({ key, record }) => [key, record?.value])).toEqual([
      ['session:sent:0', { id: 'a', text: '<message/>' }],
      ['session:queued:3', undefined],
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
      ['session:sent:1', undefined],
    ])
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
    expect(saved?.queued.map(({ place }) => place)).toEqual([0, 2])
    expect(errors).toMatchObject([{ message: 'broken' }])
  })
})

// No test runner, no assertion library and no node: module in here, so that the suite also runs inside a browser.
import type { StateStore } from '@couplet/client'
import { claimCases, claimRestartCases } from './state-store-claims.js'
import { crashCases } from './state-store-crashes.js'
import { awkwardKeys, jsonValues } from './state-store-samples.js'
import { expectRecord, expectRejection, expectThat, put, remove } from './state-store-steps.js'

/** The store to be checked, as {@link stateStoreContract} takes it. Only one store is in use at a time. */
export interface StateStoreSubject {
  /** A store; empty, as `wipe` was called before. */
  open(): Promise<StateStore>
  /** A new store on the same data, as after a restart. Absent for a store that ends with the process. */
  reopen?(): Promise<StateStore>
  /**
   * Lets the process "die" at a point of the next batches: the low-level operation of that number (from 1) fails or is
   * done by half, and so is everything after it, until `reopen`. Needs `reopen`. A store that writes nothing by itself
   * has none.
   */
  crashAt?(point: number): void | Promise<void>
  /** Removes all data, and forgets a crash that was asked for. Called before and after each check. */
  wipe(): Promise<void>
}

/** One check of a store, for `test.each(stateStoreContract(…))('$name', ({ check }) => check())` of any test runner. */
export interface StateStoreCase {
  /** What a store has to do. */
  readonly name: string
  /** Rejects with an `Error` that says what the store did instead. */
  readonly check: () => Promise<void>
}

/**
 * What every `StateStore` has to do, as test cases: round trips of any JSON under any key, no shared objects, batches
 * that happen whole or not at all and in the order of the calls, and state that outlasts a restart, also one in the
 * middle of a write; and names that only one can have, if the store has `claim`.
 *
 * @param subject how to make the store; cases about restarts need `reopen`, cases about crashes need `crashAt`
 */
export function stateStoreContract(subject: StateStoreSubject): StateStoreCase[] {
  const cases = { ...recordCases, ...batchCases, ...claimCases }
  const { reopen, crashAt } = subject
  const started = Object.entries(cases).map(([name, check]) => inFreshStore(subject, name, check))
  if (reopen === undefined) return started
  const again = { reopen: () => reopen.call(subject) }
  for (const [name, check] of Object.entries({ ...restartCases, ...claimRestartCases })) {
    started.push(inFreshStore(subject, name, (store) => check(store, again.reopen)))
  }
  if (crashAt === undefined) return started
  const crashing = { ...again, open: () => subject.open(), wipe: () => subject.wipe(), crashAt: crashAt.bind(subject) }
  const crashes = crashCases(crashing).map(({ name, check }) => ({ name, check: () => leaveNothing(subject, check) }))
  return [...started, ...crashes]
}

function inFreshStore(
  subject: StateStoreSubject,
  name: string,
  check: (store: StateStore) => Promise<void>,
): StateStoreCase {
  return { name, check: () => leaveNothing(subject, async () => check(await subject.open())) }
}

async function leaveNothing(subject: StateStoreSubject, check: () => Promise<void>): Promise<void> {
  await subject.wipe()
  try {
    await check()
  } finally {
    await subject.wipe()
  }
}

type Check = (store: StateStore) => Promise<void>

const recordCases: Readonly<Record<string, Check>> = {
  'an absent record is undefined': async (store) => {
    await expectRecord(store, 'absent', undefined)
    for (const key of awkwardKeys) await expectRecord(store, key, undefined)
  },
  'a value of any JSON comes back': async (store) => {
    await store.batch(jsonValues.map((value, index) => put(`value/${index}`, value)))
    for (const [index, value] of jsonValues.entries())
      await expectRecord(store, `value/${index}`, { version: 1, value })
  },
  'any string is a key, and no two are the same': async (store) => {
    await store.batch(awkwardKeys.map((key, index) => put(key, index)))
    for (const [value, key] of awkwardKeys.entries()) await expectRecord(store, key, { version: 1, value })
  },
  'versions are kept': async (store) => {
    const versions = [0, 1, 2, 2 ** 31, Number.MAX_SAFE_INTEGER]
    await store.batch(versions.map((version) => put(String(version), 'x', version)))
    for (const version of versions) await expectRecord(store, String(version), { version, value: 'x' })
  },
  'a record is replaced and removed': async (store) => {
    await store.batch([put('a', 'first'), put('b', 'other')])
    await store.batch([put('a', 'second', 2)])
    await expectRecord(store, 'a', { version: 2, value: 'second' })
    await store.batch([remove('a')])
    await expectRecord(store, 'a', undefined)
    await expectRecord(store, 'b', { version: 1, value: 'other' })
  },
  'what was written is not shared': async (store) => {
    const value = { list: [1] }
    const changes = [put('a', value)]
    const written = store.batch(changes)
    // At once: a store that looks at the value later would write what was never asked for.
    value.list.push(2)
    changes.push(put('b', 'late'))
    await written
    await expectRecord(store, 'a', { version: 1, value: { list: [1] } })
    await expectRecord(store, 'b', undefined)
  },
  'what was read is not shared': async (store) => {
    await store.batch([put('a', { list: [1] })])
    const read = (await store.get('a'))?.value as { list: number[] }
    read.list.push(2)
    await expectRecord(store, 'a', { version: 1, value: { list: [1] } })
  },
}

const batchCases: Readonly<Record<string, Check>> = {
  'an empty batch and the removal of nothing are fine': async (store) => {
    await store.batch([])
    await store.batch([remove('absent')])
    await expectRecord(store, 'absent', undefined)
  },
  'one batch writes and removes': async (store) => {
    await store.batch([put('old', 1), put('kept', 1)])
    await store.batch([remove('old'), put('new', 2), put('kept', 2)])
    await expectRecord(store, 'old', undefined)
    await expectRecord(store, 'new', { version: 1, value: 2 })
    await expectRecord(store, 'kept', { version: 1, value: 2 })
  },
  'the later change of a key in a batch wins': async (store) => {
    await store.batch([put('a', 1), put('a', 2), put('b', 1), remove('b'), remove('c'), put('c', 1)])
    await expectRecord(store, 'a', { version: 1, value: 2 })
    await expectRecord(store, 'b', undefined)
    await expectRecord(store, 'c', { version: 1, value: 1 })
  },
  'a batch that cannot be kept changes nothing': async (store) => {
    await store.batch([put('a', 'old')])
    await expectRejection(() => store.batch([put('a', 'new'), remove('a'), put('b', 1n)]), 'a value without JSON')
    await expectRecord(store, 'a', { version: 1, value: 'old' })
    await expectRecord(store, 'b', undefined)
    await store.batch([put('b', 'after')])
    await expectRecord(store, 'b', { version: 1, value: 'after' })
  },
  'concurrent batches happen in the order of the calls': async (store) => {
    const rounds = Array.from({ length: 50 }, (_, index) => index)
    await Promise.all(
      rounds.map((round) => store.batch([put('last', round), put(`own/${round}`, round), remove(`own/${round - 1}`)])),
    )
    await expectRecord(store, 'last', { version: 1, value: 49 })
    for (const round of rounds) {
      await expectRecord(store, `own/${round}`, round === 49 ? { version: 1, value: 49 } : undefined)
    }
  },
  'a refused batch does not hold up the others': async (store) => {
    const first = store.batch([put('a', 1)])
    const refused = expectRejection(() => store.batch([put('a', 2n)]), 'a value without JSON')
    const last = store.batch([put('b', 3)])
    await Promise.all([first, refused, last])
    await expectRecord(store, 'a', { version: 1, value: 1 })
    await expectRecord(store, 'b', { version: 1, value: 3 })
  },
  'a read during a batch sees before or after': async (store) => {
    await store.batch([put('a', 'before')])
    const written = store.batch([put('a', 'after'), put('large', 'x'.repeat(100_000))])
    const seen = await Promise.all(Array.from({ length: 20 }, () => store.get('a')))
    await written
    const values = new Set<unknown>(['before', 'after'])
    expectThat(
      seen.every((record) => values.has(record?.value)),
      'a read during a batch saw neither state',
    )
    await expectRecord(store, 'a', { version: 1, value: 'after' })
  },
}

type RestartCheck = (store: StateStore, reopen: () => Promise<StateStore>) => Promise<void>

const restartCases: Readonly<Record<string, RestartCheck>> = {
  'records outlast a restart': async (store, reopen) => {
    await store.batch(jsonValues.map((value, index) => put(`value/${index}`, value, index)))
    await store.batch(awkwardKeys.map((key, index) => put(key, index)))
    const second = await reopen()
    for (const [index, value] of jsonValues.entries()) {
      await expectRecord(second, `value/${index}`, { version: index, value })
    }
    for (const [value, key] of awkwardKeys.entries()) await expectRecord(second, key, { version: 1, value })
  },
  'removals outlast a restart': async (store, reopen) => {
    await store.batch([put('a', 1), put('b', 1)])
    await store.batch([remove('a')])
    const second = await reopen()
    await expectRecord(second, 'a', undefined)
    await second.batch([remove('b'), put('c', 1)])
    const third = await reopen()
    await expectRecord(third, 'b', undefined)
    await expectRecord(third, 'c', { version: 1, value: 1 })
  },
}

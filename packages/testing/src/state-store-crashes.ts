import type { StateChange, StateRecord, StateStore } from '@couplet/client'
import { expectThat, put, remove, sameJson } from './state-store-steps.js'

/** A store that can be stopped at each of its low-level operations. */
interface CrashingSubject {
  open(): Promise<StateStore>
  reopen(): Promise<StateStore>
  crashAt(point: number): void | Promise<void>
  wipe(): Promise<void>
}

/** What the process was doing when it died: what was stored before, and batches that were all asked for at once. */
interface Scene {
  readonly before: readonly StateChange[]
  readonly batches: readonly (readonly StateChange[])[]
}

const scenes: Readonly<Record<string, Scene>> = {
  'a crash in the first batch ever leaves nothing or all of it': {
    before: [],
    batches: [[put('a', 'new'), put('b', 'new')]],
  },
  'a crash in a batch leaves the old state or the new one': {
    before: [put('a', 'old'), put('b', 'old'), put('gone', 'old')],
    batches: [[put('a', 'new', 2), remove('gone'), put('b', 'new', 2), put('c', 'new', 2)]],
  },
  'a crash in concurrent batches leaves a state between two of them': {
    before: [put('a', 0), put('b', 0), put('c', 0)],
    batches: [
      [put('a', 1), put('b', 1)],
      [put('a', 2), remove('c')],
      [put('b', 3), put('c', 3)],
    ],
  },
}

const keys = ['a', 'b', 'c', 'gone', 'later']
const mostPoints = 10_000

type State = Readonly<Record<string, StateRecord | undefined>>

/** The cases of the contract that are about crashes: one per scene, for every point until nothing fails any more. */
export function crashCases(subject: CrashingSubject): { name: string; check: () => Promise<void> }[] {
  return Object.entries(scenes).map(([name, scene]) => ({ name, check: () => playEveryPoint(subject, scene) }))
}

async function playEveryPoint(subject: CrashingSubject, scene: Scene): Promise<void> {
  for (let point = 1; point <= mostPoints; point++) {
    await subject.wipe()
    const survived = await play(subject, scene, point)
    if (!survived) continue
    expectThat(point > 1, 'crashAt(1) did not make a batch fail')
    return
  }
  throw new Error(`batches still fail after ${mostPoints} crash points`)
}

/** Plays a scene up to a crash and looks at what is left; whether nothing failed. */
async function play(subject: CrashingSubject, { before, batches }: Scene, point: number): Promise<boolean> {
  const first = await subject.open()
  if (before.length > 0) await first.batch(before)
  await subject.crashAt(point)
  const outcomes = await Promise.allSettled(batches.map((changes) => first.batch(changes)))
  const promised = outcomes.findLastIndex(({ status }) => status === 'fulfilled') + 1
  const second = await subject.reopen()
  const found = await read(second)
  const states = [before, ...batches].map((_, index, all) => stateAfter(all.slice(0, index + 1)))
  const at = states.findIndex((state) => sameJson(found, state))
  expectThat(at >= 0, `after a crash at ${point} the state is mixed: ${JSON.stringify(found)}`)
  expectThat(at >= promised, `after a crash at ${point} batch ${promised} is lost, which had been confirmed`)
  await expectUsable(subject, second, [...[before, ...batches].slice(0, at + 1)], point)
  return outcomes.every(({ status }) => status === 'fulfilled')
}

async function expectUsable(
  subject: CrashingSubject,
  store: StateStore,
  history: readonly (readonly StateChange[])[],
  point: number,
): Promise<void> {
  const later = [put('later', 'works'), put('a', 'later')]
  await store.batch(later)
  const found = await read(await subject.reopen())
  expectThat(
    sameJson(found, stateAfter([...history, later])),
    `after a crash at ${point} the next batch did not last: ${JSON.stringify(found)}`,
  )
}

function stateAfter(batches: readonly (readonly StateChange[])[]): State {
  const state = new Map<string, StateRecord | undefined>(keys.map((key) => [key, undefined]))
  for (const { key, record } of batches.flat()) state.set(key, record)
  return Object.fromEntries(state)
}

async function read(store: StateStore): Promise<State> {
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await store.get(key)] as const)))
}

import type { PluginContext } from '@couplet/client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { away, flushed } from '../test/fake-archive.js'
import { queryArchive } from './elements.js'

/** A client that has missed a message, in a time that goes on when the test says so. */
async function setUp() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const set = await away(1)
  const missed = set.archive.add()
  let asked = 0
  /** From the query with this number on it answers. */
  const answerFrom = (number: number): void =>
    set.session.answer(queryArchive, (query) =>
      ++asked < number ? new Promise(() => {}) : set.archive.answer(set.session, query),
    )
  return { ...set, missed, answerFrom, asked: () => asked }
}

/** As long as an answer may take. */
const wait = async (): Promise<void> => {
  await flushed()
  await vi.advanceTimersByTimeAsync(60_000)
  await flushed()
}

test('R-031 an answer that never comes is asked for again, three times; nobody waits for the later ones to be online', async () => {
  const { session, seen, answerFrom, asked } = await setUp()
  answerFrom(4)
  let isBegun = false
  void session.begin().then(() => {
    isBegun = true
  })
  await flushed()
  await vi.advanceTimersByTimeAsync(59_000)
  expect(isBegun).toBe(false)
  await vi.advanceTimersByTimeAsync(1000)
  await flushed()
  expect(isBegun).toBe(true)
  await wait()
  expect([asked(), session.errors]).toEqual([3, []])
  await wait()
  expect([seen, session.errors]).toMatchObject([[], [{ name: 'TimeoutError' }]])
  session.lose()
  await session.begin()
  await wait()
  await flushed()
  expect(seen).toEqual(['2'])
})

test('R-031 R-036 what is asked for again waits for the presence, too: what comes with that is in order, and comes once', async () => {
  const { session, seen, archive, missed, answerFrom, asked } = await setUp()
  answerFrom(2)
  let announce = (): void => {}
  const setup = (context: PluginContext): object => {
    context.onSession(() => new Promise<void>((resolve) => (announce = resolve)))
    return {}
  }
  session.install({ name: 'slow', needs: {}, setup })
  session.announce((presences) => {
    session.receive(missed) // the server has held it for us
    return presences
  })
  const begun = session.begin()
  await wait()
  expect([asked(), seen]).toEqual([3, []])
  announce()
  await begun
  await flushed()
  session.receive(archive.add())
  expect(seen).toEqual(['2*', '3*'])
})

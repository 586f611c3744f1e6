import { afterEach, describe, expect, test, vi } from 'vitest'
import { nobleBackend } from './crypto/backend-noble.js'
import { newOwnKeys } from './devices/own-keys.js'
import { Pace } from './pace.js'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Each look at the clock is so much later than the one before. */
const clockOf = (step: number): void => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += step
    return now
  })
}

/** How many turns others have had until the work was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isDone = false
  const count = (): void => {
    if (isDone) return
    turns++
    setImmediate(count)
  }
  setImmediate(count)
  await work
  isDone = true
  return turns
}

describe('long work', () => {
  test.each([
    ['with channels', () => {}],
    ['without, as in React Native', () => vi.stubGlobal('MessageChannel', undefined)],
  ])('lets others have a turn after 8 ms: %s', async (_title, prepare) => {
    prepare()
    clockOf(8)
    const pace = new Pace()
    expect(await turnsDuring(pace.pause())).toBeGreaterThan(0)
  })

  test('is not interrupted before', async () => {
    clockOf(7.9)
    const pace = new Pace()
    expect(await turnsDuring(pace.pause())).toBe(0)
  })

  test('such as making 100 prekeys, of which each may take a quarter of that', async () => {
    clockOf(2)
    const made = newOwnKeys(nobleBackend, 0)
    expect(await turnsDuring(made)).toBeGreaterThanOrEqual(20)
    expect((await made).preKeys.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })
})

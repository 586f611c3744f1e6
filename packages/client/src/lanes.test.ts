import { describe, expect, test } from 'vitest'
import { Lanes } from './lanes.js'

/** A task that ends when it is told to. */
function task(log: string[], name: string) {
  let end: () => void = () => {}
  const run = (): Promise<void> => {
    log.push(`+${name}`)
    return new Promise((resolve) => {
      end = () => {
        log.push(`-${name}`)
        resolve()
      }
    })
  }
  return { run, end: () => end() }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Lanes', () => {
  test('what ends at once runs at once, and nothing stays behind', () => {
    const lanes = new Lanes()
    const log: number[] = []
    for (let i = 0; i < 100; i++) expect(lanes.run('a', () => void log.push(i))).toBeUndefined()
    expect([log.length, lanes.waiting]).toEqual([100, 0])
  })

  test('one after the other within a lane, side by side otherwise', async () => {
    const lanes = new Lanes()
    const log: string[] = []
    const [a1, a2, b1] = [task(log, 'a1'), task(log, 'a2'), task(log, 'b1')]
    const done = [lanes.run('a', a1.run), lanes.run('a', a2.run), lanes.run('b', b1.run)]
    expect([log, lanes.waiting]).toEqual([['+a1', '+b1'], 1])
    a1.end()
    await turn()
    expect([log, lanes.waiting]).toEqual([['+a1', '+b1', '-a1', '+a2'], 0])
    b1.end()
    a2.end()
    await Promise.all(done)
  })

  test('not more lanes at a time than allowed, and those that wait get their turn in order', async () => {
    let changes = 0
    const lanes = new Lanes(() => changes++, 2)
    const log: string[] = []
    const tasks = ['a', 'b', 'c', 'd', 'c'].map((lane) => ({ lane, ...task(log, lane) }))
    const done = tasks.map(({ lane, run }) => lanes.run(lane, run))
    expect([log, lanes.waiting]).toEqual([['+a', '+b'], 3])
    for (const { end } of tasks) {
      end()
      await turn()
    }
    await Promise.all(done)
    expect(log).toEqual(['+a', '+b', '-a', '+c', '-b', '+d', '-c', '+c', '-d', '-c'])
    expect([changes, lanes.waiting]).toEqual([3, 0])
  })

  test('R-041 thousands that wait and end at once run one after the other, not one within the other', async () => {
    const lanes = new Lanes()
    const seen: number[] = []
    const first = task([], 'first')
    const done = [lanes.run('a', first.run)]
    for (let i = 0; i < 20_000; i++) done.push(lanes.run('a', () => void seen.push(i)))
    first.end()
    await Promise.all(done)
    expect(seen).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
    expect(lanes.waiting).toBe(0)
  })

  test('R-039 10,000 tasks of random length keep the order of their conversation', async () => {
    const lanes = new Lanes()
    const seen = new Map<string, number[]>()
    let active = 0
    let most = 0
    const done: (Promise<void> | undefined)[] = []
    for (let i = 0; i < 10_000; i++) {
      const lane = `u${Math.floor(Math.random() * 40)}`
      const turns = Math.floor(Math.random() * 3)
      done.push(
        lanes.run(lane, async () => {
          most = Math.max(most, ++active)
          for (let left = turns; left > 0; left--) await Promise.resolve()
          seen.set(lane, [...(seen.get(lane) ?? []), i])
          active--
        }),
      )
    }
    await Promise.all(done)
    expect([...seen.values()].flat()).toHaveLength(10_000)
    for (const order of seen.values()) expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(16)
    expect(lanes.waiting).toBe(0)
  })
})

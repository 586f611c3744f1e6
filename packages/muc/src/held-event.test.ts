import { pluginEvent } from '@couplet/client'
import { expect, test } from 'vitest'
import { HeldEvent } from './held-event.js'

const make = () =>
  new HeldEvent<[number]>(
    pluginEvent(
      (code) => void code() as undefined,
      (subscription) => subscription,
    ),
  )

test('the first listener gets what came before it, in order, when it has its subscription', async () => {
  const event = make()
  for (const value of [1, 2]) event.emit(value)
  const [first, second]: [number[], number[]] = [[], []]
  event.on((value) => void first.push(value))
  event.emit(3)
  expect(first).toEqual([])
  await Promise.resolve()
  event.on((value) => void second.push(value))
  event.emit(4)
  expect([first, second]).toEqual([[1, 2, 3, 4], [4]])
})

test('the last 1,000 wait', async () => {
  const event = make()
  for (let i = 0; i < 1100; i++) event.emit(i)
  const seen: number[] = []
  event.on((value) => void seen.push(value))
  await Promise.resolve()
  expect([seen.length, seen[0], seen.at(-1)]).toEqual([1000, 100, 1099])
})

import { expect, test, vi } from 'vitest'
import { onAbort } from './on-abort.js'

test('many wait with one listener, which is gone with the last of them', () => {
  const { signal } = new AbortController()
  const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  const handler = vi.fn()
  const ends = Array.from({ length: 1000 }, () => onAbort(signal, handler))
  expect(add).toHaveBeenCalledOnce()
  for (const end of ends.slice(1)) end()
  expect(remove).not.toHaveBeenCalled()
  ends[0]?.()
  ends[0]?.()
  expect(remove).toHaveBeenCalledOnce()
  onAbort(signal, handler)
  expect([add.mock.calls.length, handler.mock.calls.length]).toEqual([2, 0])
})

test('each is told once, in order, unless it was taken back', () => {
  const controller = new AbortController()
  const told: number[] = []
  const [first] = [1, 2, 3].map((number) => onAbort(controller.signal, () => told.push(number)))
  first?.()
  onAbort(controller.signal, () => told.push(4))()
  controller.abort()
  expect(told).toEqual([2, 3])
})

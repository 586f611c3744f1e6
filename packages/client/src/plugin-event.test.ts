import { fakeSession } from '@couplet/testing'
import { expect, test, vi } from 'vitest'
import type { PluginContext } from './plugin.js'

test('an event calls its handlers in order, each as often as it was registered, until it ends', async () => {
  const session = fakeSession()
  const event = session.event<[text: string, count: number]>()
  const [first, second] = [vi.fn(), vi.fn()]
  const subscription = event.on(first)
  event.on(first)
  event.on(() => {
    throw new Error('oops')
  })
  event.on(async () => Promise.reject(new Error('later')))
  event.on(second)
  event.emit('a', 1)
  subscription.dispose()
  event.emit('b', 2)
  await session.settled().catch(() => {})
  expect(first.mock.calls).toEqual([
    ['a', 1],
    ['a', 1],
    ['b', 2],
  ])
  expect(second).toHaveBeenCalledTimes(2)
  expect(session.errors.map(String)).toEqual(['Error: oops', 'Error: oops', 'Error: later', 'Error: later'])
  session.end()
  event.emit('c', 3)
  expect(second).toHaveBeenCalledTimes(2)
})

test('a handler that an earlier one has taken back is not called, and a plugin’s events end with it', () => {
  const session = fakeSession()
  const late = vi.fn()
  const event = session.install({ name: 'p', needs: {}, setup: (context: PluginContext) => context.event<[]>() })
  const first = event.on(() => second.dispose())
  const second = event.on(late)
  event.emit()
  expect(late).not.toHaveBeenCalled()
  first.dispose()
  event.on(late)
  session.end()
  event.emit()
  expect(late).not.toHaveBeenCalled()
})

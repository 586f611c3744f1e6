import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { type NetworkScope, watchNetwork } from './network-watch.js'

interface Page extends NetworkScope {
  readonly navigator: { onLine: boolean; readonly connection: EventTarget }
  readonly document: EventTarget & { visibilityState: string }
}

/** What a page has of a browser. */
function page(): Page & EventTarget {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  return Object.assign(new EventTarget(), { document, navigator: { onLine: true, connection: new EventTarget() } })
}

const pageshow = (persisted: boolean): Event => Object.assign(new Event('pageshow'), { persisted })

describe('in a browser', () => {
  test('R-012 offline and online', () => {
    const scope = page()
    const network = watchNetwork(scope)
    const listener = vi.fn()
    network.onChange(listener)
    expect(network.isOnline).toBe(true)
    scope.navigator.onLine = false
    scope.dispatchEvent(new Event('offline'))
    expect(network.isOnline).toBe(false)
    scope.navigator.onLine = true
    scope.dispatchEvent(new Event('online'))
    expect(network.isOnline).toBe(true)
    expect(listener.mock.calls).toEqual([['offline'], ['online']])
  })

  test('R-054 a page that is seen again, or comes back from the cache, or is thawed, wakes up', () => {
    const scope = page()
    const listener = vi.fn()
    watchNetwork(scope).onChange(listener)
    scope.document.visibilityState = 'hidden'
    scope.document.dispatchEvent(new Event('visibilitychange'))
    scope.document.dispatchEvent(new Event('freeze'))
    scope.dispatchEvent(pageshow(false)) // a page that was just loaded
    expect(listener).not.toHaveBeenCalled()
    scope.document.dispatchEvent(new Event('resume'))
    scope.document.visibilityState = 'visible'
    scope.document.dispatchEvent(new Event('visibilitychange'))
    scope.dispatchEvent(pageshow(true))
    expect(listener.mock.calls).toEqual([['wake'], ['wake'], ['wake']])
  })

  test('R-011 another network is a change', () => {
    const scope = page()
    const listener = vi.fn()
    watchNetwork(scope).onChange(listener)
    scope.navigator.connection.dispatchEvent(new Event('change'))
    expect(listener.mock.calls).toEqual([['change']])
  })

  test('dispose ends it, and leaves no listener; the others stay', () => {
    const scope = page()
    const network = watchNetwork(scope)
    const [first, second] = [vi.fn(), vi.fn()]
    const subscription = network.onChange(first)
    const other = network.onChange(second)
    subscription.dispose()
    subscription.dispose()
    scope.dispatchEvent(new Event('online'))
    expect(first).not.toHaveBeenCalled()
    expect(second).toHaveBeenCalledOnce()
    other.dispose()
    const left = [
      ...['online', 'offline', 'pageshow'].map((type) => getEventListeners(scope, type)),
      ...['visibilitychange', 'resume'].map((type) => getEventListeners(scope.document, type)),
      getEventListeners(scope.navigator.connection, 'change'),
    ]
    expect(left.flat()).toEqual([])
  })
})

describe('elsewhere', () => {
  test('a worker has no document', () => {
    const worker = Object.assign(new EventTarget(), { navigator: { onLine: false } })
    const network = watchNetwork(worker)
    const listener = vi.fn()
    network.onChange(listener)
    expect(network.isOnline).toBe(false)
    worker.dispatchEvent(new Event('online'))
    expect(listener.mock.calls).toEqual([['online']])
  })

  test.each([
    ['nothing at all', {}],
    ['a navigator that knows nothing', { navigator: {} }],
    ['a document without events', { document: {} }],
    ['this very process', undefined],
  ])('%s: always online, and nothing to listen to', (_title, scope) => {
    const network = watchNetwork(scope)
    expect(network.isOnline).toBe(true)
    network.onChange(() => {}).dispose()
  })
})

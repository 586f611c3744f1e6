import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { within } from './deadline.js'

describe('within', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const leaks = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length + vi.getTimerCount()

  test('gives what the work gives, and leaves nothing behind', async () => {
    const { signal } = new AbortController()
    const work = within('tls', 1000, signal, Promise.resolve('done'))
    await expect(work).resolves.toBe('done')
    const failing = within('tls', 1000, signal, Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(leaks(signal)).toBe(0)
  })

  test('names the phase when the time is up', async () => {
    const { signal } = new AbortController()
    const work = within('bind', 15_000, signal, new Promise(() => {}))
    const rejected = expect(work).rejects.toMatchObject({ phase: 'bind', code: 'timeout', retry: 'backoff' })
    await vi.advanceTimersByTimeAsync(15_000)
    await rejected
    expect(leaks(signal)).toBe(0)
  })

  test('R-007 ends with the reason when the signal aborts, before or meanwhile', async () => {
    const controller = new AbortController()
    const work = within('sasl', 1000, controller.signal, new Promise(() => {}))
    controller.abort('enough')
    await expect(work).rejects.toBe('enough')
    await expect(within('sasl', 1000, controller.signal, new Promise(() => {}))).rejects.toBe('enough')
    expect(leaks(controller.signal)).toBe(0)
  })

  test('work that fails later fails for nobody', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    let fail: (error: unknown) => void = () => {}
    const slow = new Promise<never>((_, reject) => {
      fail = reject
    })
    await expect(within('dns', 1000, AbortSignal.abort('no'), slow)).rejects.toBe('no')
    fail(new Error('late'))
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

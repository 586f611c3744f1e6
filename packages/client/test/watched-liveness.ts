import { afterEach, beforeEach, vi } from 'vitest'
import { Liveness, type LivenessOptions } from '../src/liveness.js'

/** What a link is asked, and told. */
export const probe = vi.fn<() => void>()
export const dead = vi.fn<() => void>()

/** Has every test of the file begin with timers that only {@link pass} moves. */
export function onVirtualTime(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    probe.mockReset()
    dead.mockReset()
  })
  afterEach(() => void vi.useRealTimers())
}

export function started(options: LivenessOptions = {}): Liveness {
  const liveness = new Liveness({ probe, dead }, options)
  liveness.start()
  return liveness
}

export const pass = (ms: number): void => void vi.advanceTimersByTime(ms)

/** How often it was probed, and found dead. */
export const calls = (): [number, number] => [probe.mock.calls.length, dead.mock.calls.length]

import { getEventListeners } from 'node:events'
import type * as net from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openSocket } from './open-socket.js'

const made: { socket: net.Socket; options: net.NetConnectOpts }[] = []

// A socket that never gets an answer: there is no black hole on the loopback interface.
vi.mock('node:net', async (original) => {
  const real = await original<typeof net>()
  const connect = (options: net.NetConnectOpts): net.Socket => {
    const socket = new real.Socket()
    made.push({ socket, options })
    return socket
  }
  return { ...real, connect }
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  made.length = 0
  vi.useRealTimers()
})

describe('openSocket', () => {
  test('R-006 an address gets fifteen seconds', async () => {
    const { signal } = new AbortController()
    const verdict = expect(openSocket('192.0.2.1', 5222, 15_000, signal)).rejects.toMatchObject({
      name: 'ConnectionError',
      phase: 'tcp',
      code: 'timeout',
    })
    await vi.advanceTimersByTimeAsync(15_000)
    await verdict
    expect([made[0]?.socket.destroyed, vi.getTimerCount()]).toEqual([true, 0])
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('R-003 Node does not race on its own', async () => {
    const socket = openSocket('192.0.2.1', 5222, 15_000, new AbortController().signal)
    expect(made[0]?.options).toMatchObject({ host: '192.0.2.1', port: 5222, autoSelectFamily: false })
    made[0]?.socket.emit('connect')
    expect(await socket).toBe(made[0]?.socket)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('R-007 an abort destroys it; one that came before opens nothing', async () => {
    const controller = new AbortController()
    const outcome = openSocket('192.0.2.1', 5222, 15_000, controller.signal)
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
    expect([made[0]?.socket.destroyed, vi.getTimerCount()]).toEqual([true, 0])
    await expect(openSocket('192.0.2.1', 5222, 15_000, controller.signal)).rejects.toBe('enough')
    expect(made).toHaveLength(1)
  })
})

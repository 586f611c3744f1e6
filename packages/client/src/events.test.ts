import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Emitter } from './events.js'

describe('Emitter', () => {
  const unhandled = vi.fn()
  beforeEach(() => void process.on('unhandledRejection', unhandled))
  afterEach(() => void process.off('unhandledRejection', unhandled))
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  test('tells every listener, in order, until it is disposed of', () => {
    const emitter = new Emitter()
    const seen: string[] = []
    const first = emitter.on('status', ({ state }) => seen.push(`1 ${state}`))
    emitter.on('status', ({ state }) => seen.push(`2 ${state}`))
    emitter.emit('status', { state: 'connecting' })
    first.dispose()
    emitter.emit('status', { state: 'online', resumed: false })
    expect(seen).toEqual(['1 connecting', '2 connecting', '2 online'])
  })

  test('the same function can listen twice, and each subscription ends itself only', () => {
    const emitter = new Emitter()
    const listener = vi.fn()
    const one = emitter.on('error', listener)
    emitter.on('error', listener)
    emitter.emit('error', 1)
    one.dispose()
    one.dispose()
    emitter.emit('error', 2)
    expect(listener.mock.calls).toEqual([[1], [1], [2]])
  })

  test('S-204 an error without a listener, or with one that throws, hurts nobody', async () => {
    const emitter = new Emitter()
    emitter.emit('error', new Error('nobody listens'))
    const listener = vi.fn(() => {
      throw new Error('in the error listener')
    })
    emitter.on('error', listener)
    emitter.on('error', async () => {
      throw new Error('later, in the error listener')
    })
    emitter.emit('error', new Error('x'))
    await turn()
    expect(listener).toHaveBeenCalledOnce()
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('S-203 what a listener throws or rejects with becomes an error event; the others are told', async () => {
    const emitter = new Emitter()
    const errors: unknown[] = []
    const told = vi.fn()
    emitter.on('error', (error) => errors.push(error))
    emitter.on('status', () => {
      throw 'sync'
    })
    emitter.on('status', () => Promise.reject('async'))
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    emitter.on('status', () => ({ then: (_: unknown, reject: (reason: unknown) => void) => reject('thenable') }))
    emitter.on('status', told)
    emitter.emit('status', { state: 'online', resumed: false })
    expect(told).toHaveBeenCalledOnce()
    await turn()
    expect(errors.sort()).toEqual(['async', 'sync', 'thenable'])
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('a listener may come and go while an event is being delivered', () => {
    const emitter = new Emitter()
    const seen: string[] = []
    emitter.on('status', () => {
      seen.push('first')
      second.dispose()
      emitter.on('status', () => seen.push('new'))
    })
    const second = emitter.on('status', () => seen.push('second'))
    emitter.emit('status', { state: 'online', resumed: false })
    expect(seen).toEqual(['first'])
  })
})

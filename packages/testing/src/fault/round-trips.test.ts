import { afterEach, describe, expect, test, vi } from 'vitest'
import { turn, wire } from '../../test/faulted-pair.js'

afterEach(() => vi.useRealTimers())

describe('R-008 round trips of a connection with faults', () => {
  test('counts round trips as the client waits for them', async () => {
    const { link, client, server } = await wire()
    expect(link.roundTrips).toBe(1) // the connection itself
    client.write('a')
    client.write('a, too')
    await turn()
    expect(link.roundTrips).toBe(1)
    server.write('b')
    server.write('b, too')
    await turn()
    expect(link.roundTrips).toBe(2)
    client.write('c')
    await turn()
    server.write('d')
    await turn()
    server.write('unasked')
    await turn()
    expect(link.roundTrips).toBe(3)
  })

  test('what crosses on the way is no answer', async () => {
    vi.useFakeTimers()
    const { network, link, client, server } = await wire()
    network.latency(100)
    const pass = async (): Promise<void> => {
      await vi.advanceTimersByTimeAsync(100)
      await turn()
    }
    client.write('one')
    await pass()
    server.write('ticket') // to the first half of what the client says
    client.write('two')
    await pass()
    server.write('answer')
    await pass()
    expect(link.roundTrips).toBe(2) // both were sent when nothing had come
  })
})

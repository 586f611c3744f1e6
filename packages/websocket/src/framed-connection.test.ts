import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FramedConnection } from './framed-connection.js'
import type { Socket } from './open-socket.js'

type Listener = (event: { readonly data: unknown; readonly code?: number }) => void

/** A WebSocket that the test plays. */
class FakeSocket implements Socket {
  readonly protocol = 'xmpp'
  bufferedAmount = 0
  readonly send = vi.fn()
  readonly close = vi.fn()
  readonly #listeners: [string, Listener][] = []

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener])
  }

  fire(type: string, event: { data?: unknown; code?: number } = {}): void {
    for (const [name, listener] of this.#listeners) if (name === type) listener({ data: undefined, ...event })
  }
}

function setUp(url = 'wss://example.org/ws') {
  const socket = new FakeSocket()
  const connection = new FramedConnection(socket, new URL(url))
  const data = vi.fn()
  const closed = vi.fn()
  const listen = (): void => connection.listen({ data, closed })
  return { socket, connection, data, closed, listen }
}

describe('FramedConnection', () => {
  test('says what it is', () => {
    const { connection } = setUp()
    expect(connection).toMatchObject({
      endpoint: 'wss://example.org/ws',
      secure: true,
      framed: true,
      channelBindings: [],
    })
    expect(setUp('ws://example.org/ws').connection.secure).toBe(false)
    expect('startTls' in connection).toBe(false)
  })

  test('each write is a frame', () => {
    const { socket, connection } = setUp()
    connection.write('<a/>')
    connection.write('<b/>')
    expect(socket.send.mock.calls).toEqual([['<a/>'], ['<b/>']])
  })

  test('frames that come before somebody listens are delivered then, in order', () => {
    const { socket, data, listen } = setUp()
    socket.fire('message', { data: '<a/>' })
    socket.fire('message', { data: '<b/>' })
    listen()
    socket.fire('message', { data: '<c/>' })
    expect(data.mock.calls.flat()).toEqual(['<a/>', '<b/>', '<c/>'])
  })

  test('frames that come during a pause are kept, and order with it', () => {
    const { socket, connection, data, listen } = setUp()
    listen()
    connection.pause(true)
    socket.fire('message', { data: '<a/>' })
    expect(data).not.toHaveBeenCalled()
    connection.pause(false)
    expect(data.mock.calls.flat()).toEqual(['<a/>'])
  })

  test('S-023 a binary frame is nothing a parser accepts', () => {
    const { socket, data, listen } = setUp()
    listen()
    for (const binary of [new ArrayBuffer(4), Buffer.from('<a/>'), {}, undefined])
      socket.fire('message', { data: binary })
    expect(data.mock.calls.flat()).toEqual(['\0', '\0', '\0', '\0'])
  })

  test('a listener that pauses in the middle gets the rest later', () => {
    const { socket, connection, data, listen } = setUp()
    socket.fire('message', { data: '1' })
    socket.fire('message', { data: '2' })
    data.mockImplementationOnce(() => connection.pause(true))
    listen()
    expect(data.mock.calls.flat()).toEqual(['1'])
    connection.pause(false)
    expect(data.mock.calls.flat()).toEqual(['1', '2'])
  })

  test.each([
    ['1000', 1000, undefined],
    ['1001', 1001, undefined],
    ['no code', 1005, undefined],
    ['1006', 1006, 'the WebSocket was closed with code 1006'],
    ['1009', 1009, 'the WebSocket was closed with code 1009'],
  ])('closed by %s', (_, code, message) => {
    const { socket, closed, listen } = setUp()
    listen()
    socket.fire('close', { code })
    socket.fire('close', { code })
    expect(closed.mock.calls.map(([error]) => error?.message)).toEqual([message])
  })

  test('an error comes with the end', () => {
    const { socket, closed, listen } = setUp()
    socket.fire('error')
    socket.fire('close', { code: 1006 })
    listen()
    expect(closed.mock.calls.map(([error]) => error.message)).toEqual(['the WebSocket failed'])
  })

  test('destroy does not wait for the peer; nothing comes or goes afterwards', () => {
    const { socket, connection, data, closed, listen } = setUp()
    listen()
    connection.destroy()
    connection.destroy()
    connection.write('<a/>')
    socket.fire('message', { data: '<b/>' })
    socket.fire('close', { code: 1006 })
    expect([closed.mock.calls, data.mock.calls, socket.send.mock.calls]).toEqual([[[undefined]], [], []])
    expect(socket.close).toHaveBeenCalled()
  })

  test('Node closes the TCP connection with it', () => {
    const { socket, connection } = setUp()
    const terminate = vi.fn()
    Object.assign(socket, { terminate })
    connection.destroy()
    expect([terminate.mock.calls.length, socket.close.mock.calls.length]).toEqual([1, 0])
  })

  test('end is the ordinary end', () => {
    const { socket, connection } = setUp()
    connection.end()
    expect(socket.close.mock.calls).toEqual([[1000]])
  })

  describe('drained', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    test('resolves when the network has taken most of it, or the connection is gone', async () => {
      const { socket, connection } = setUp()
      await connection.drained()
      socket.bufferedAmount = 70_000
      const done = vi.fn()
      const first = connection.drained().then(done)
      await vi.advanceTimersByTimeAsync(1000)
      expect(done).not.toHaveBeenCalled()
      socket.bufferedAmount = 60_000
      await vi.advanceTimersByTimeAsync(20)
      await first
      socket.bufferedAmount = 70_000
      const second = connection.drained()
      connection.destroy()
      await vi.advanceTimersByTimeAsync(20)
      await second
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})

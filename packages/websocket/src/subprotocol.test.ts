import { expect, test, vi } from 'vitest'
import type { Socket } from './open-socket.js'
import { webSocket } from './websocket.js'

const opened: { socket: Socket; closed: ReturnType<typeof vi.fn> }[] = []

// The platforms' WebSockets check it themselves; ours is not built on that.
vi.mock('./open-socket-node.js', () => ({
  openSocket: (): Socket => {
    const closed = vi.fn()
    const socket: Socket = {
      protocol: opened.length === 0 ? '' : 'soap',
      bufferedAmount: 0,
      send: () => {},
      close: closed,
      addEventListener: (type: string, listener: (event: never) => void) => {
        if (type === 'open') setImmediate(listener as () => void)
      },
    }
    opened.push({ socket, closed })
    return socket
  },
}))

test.each(['no', 'another'])('S-022 a WebSocket that opens with %s subprotocol is closed', async () => {
  const { signal } = new AbortController()
  const connection = webSocket().connect({ domain: 'example.org', service: new URL('wss://example.org/'), signal })
  const verdict = { name: 'ConnectionError', phase: 'websocket', code: 'unexpected-element' }
  await expect(connection).rejects.toMatchObject(verdict)
  expect(opened.at(-1)?.closed).toHaveBeenCalled()
})

import { connect, type Socket } from 'node:net'
import { ConnectionError } from '@couplet/client'

/**
 * A TCP connection to one address.
 *
 * @param limit milliseconds it may take
 * @throws ConnectionError, or the signal's reason
 */
export function openSocket(address: string, port: number, limit: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    // One address, one attempt: which ones there are, and when, is decided by the race.
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, autoSelectFamily: false })
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
      then()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        socket.on('error', () => {})
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(signal.reason)
    const timer = setTimeout(
      () => fail(new ConnectionError('tcp', 'timeout', `no connection for ${limit / 1000} s`)),
      limit,
    )
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', (error) => fail(tcpError(error)))
    socket.on('connect', () => settle(() => resolve(socket)))
  })
}

function tcpError(error: Error & { readonly code?: string }): ConnectionError {
  if (error.code === 'ECONNREFUSED') return new ConnectionError('tcp', 'refused', 'nothing listens there', error)
  return new ConnectionError('tcp', 'unreachable', 'the host cannot be reached', error)
}

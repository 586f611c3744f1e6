import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** How {@link waitUntil} asks and when it gives up. */
export interface WaitOptions {
  /** Said in the error: "not ready in 20 s: ...". */
  readonly what: string
  readonly deadlineMs: number
  /** Time between two questions; 20 ms unless given. */
  readonly everyMs?: number
}

/**
 * Asks `ready` until it answers something true, and returns that. Other processes cannot tell us when they are ready,
 * so asking again is all there is. Rejects when `ready` throws or the deadline has passed.
 */
export const waitUntil = async <T>(ready: () => T | Promise<T>, options: WaitOptions): Promise<T> => {
  const end = performance.now() + options.deadlineMs
  while (true) {
    const answer = await ready()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`not ready in ${options.deadlineMs / 1000} s: ${options.what}`)
    await delay(options.everyMs ?? 20)
  }
}

/** True if something accepts TCP connections there. */
export const acceptsConnections = (ip: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: ip, port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

import { type Connection, ConnectionError, type ConnectOptions, type Transport } from '@couplet/client'
import { ambientClock } from './clock.js'
import { FaultNetwork, type FaultOptions } from './fault-network.js'
import { FaultedConnection } from './faulted-connection.js'

/**
 * Puts faults between a client and any transport, such as that of a loopback server: without sockets, and on the timers of
 * the test, so that a thousand cuts or half an hour without a network take milliseconds. Of a transport with TLS it gets to
 * see what is inside.
 */
export function faultTransport(transport: Transport, options: FaultOptions = {}): FaultTransport {
  return new FaultTransport(transport, options)
}

/** See {@link faultTransport}. */
export class FaultTransport extends FaultNetwork implements Transport {
  readonly name: string
  readonly schemes: readonly string[]
  readonly #transport: Transport

  /** @internal */
  constructor(transport: Transport, { seed = 1, clock = ambientClock }: FaultOptions) {
    super(seed, clock)
    this.#transport = transport
    this.name = transport.name
    this.schemes = transport.schemes
  }

  /** Connects, after a round trip. @throws ConnectionError naming the phase */
  async connect(options: ConnectOptions): Promise<Connection> {
    await this.#roundTrip(options.signal)
    if (this.refuses()) throw new ConnectionError('tcp', 'refused', 'nothing listens there')
    const inner = await this.#transport.connect(options)
    return new FaultedConnection(inner, (ends) => this.add(ends))
  }

  async #roundTrip(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.roundTripTime === 0) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.clock.clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = this.clock.setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, this.roundTripTime)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}

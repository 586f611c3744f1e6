import { connect, createServer, type Server, type Socket } from 'node:net'
import { realClock } from './clock.js'
import { FaultNetwork, type FaultOptions } from './fault-network.js'
import { ProxiedSockets, reset } from './proxied-sockets.js'

const loopback = '127.0.0.1'

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions extends FaultOptions {
  /** Where connections lead to. */
  readonly target: { readonly host: string; readonly port: number }
}

/**
 * Starts a TCP proxy on the loopback interface that passes everything on until it is told otherwise. TLS goes through it
 * untouched, as bytes. By itself it runs on real time, also when the test has fake timers.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options)
  await proxy.start()
  return proxy
}

/** See {@link startFaultProxy}. */
export class FaultProxy extends FaultNetwork {
  readonly #target: FaultProxyOptions['target']
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #port = 0

  /** @internal */
  constructor({ target, seed = 1, clock = realClock }: FaultProxyOptions) {
    super(seed, clock)
    this.#target = target
    // An end in one direction is not an end in the other until both sides say so.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  }

  /** The TCP port. */
  get port(): number {
    return this.#port
  }

  /** What a client is given as its `service`: `xmpps`, `xmpp`, `wss` or `ws`, the latter two with a path. */
  service(scheme: string, path = ''): URL {
    return new URL(`${scheme}://${loopback}:${this.#port}${path}`)
  }

  /** @internal */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, loopback, resolve)
    })
    this.#port = (this.#server.address() as { port: number }).port
  }

  /** Breaks every connection, and closes the port. */
  override async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    await super.stop()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    this.#keep(client)
    if (this.refuses()) {
      reset(client)
      return
    }
    const server = this.#keep(connect({ ...this.#target, allowHalfOpen: true }))
    const giveUp = (): void => reset(client)
    server.once('close', giveUp)
    server.once('connect', () => {
      server.off('close', giveUp)
      if (client.destroyed) reset(server)
      else new ProxiedSockets(client, server, (ends) => this.add(ends))
    })
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    // An error closes it, and says no more than that.
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
  }
}

import type { Connection, Transport } from '@couplet/client'
import type { FaultConnection } from '../src/fault/fault-connection.js'
import type { FaultOptions } from '../src/fault/fault-network.js'
import { type FaultTransport, faultTransport } from '../src/fault/fault-transport.js'
import type { Channel } from '../src/wire/channel.js'
import { memoryTransport } from '../src/wire/memory-channel.js'

// Taken now, so that a test's fake timers do not stop it.
const nextTurn = setImmediate
/** More turns of the event loop than anything in memory takes. */
export const turn = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await new Promise<void>((resolve) => nextTurn(resolve))
}
/** Connects. */
export const dial = (transport: Transport, signal = new AbortController().signal): Promise<Connection> =>
  transport.connect({ domain: 'example.org', service: undefined, signal })

/** A connection with faults, and both ends of it. */
export interface Wired {
  readonly network: FaultTransport
  readonly link: FaultConnection
  readonly client: Connection
  readonly server: Channel
  /** What each end got, in order; the end of the connection is `closed` or `broken`. */
  readonly atClient: string[]
  readonly atServer: string[]
}

/** Makes a connection with faults in memory. */
export async function wire(options: FaultOptions & { framed?: boolean } = {}): Promise<Wired> {
  let server!: Channel
  const inner = memoryTransport(
    (channel) => (server = channel),
    () => true,
    { framed: options.framed ?? false },
  )
  const network = faultTransport(inner, options)
  const client = await dial(network)
  const link = await network.connected(0)
  const listener = (got: string[]) => ({
    data: (chunk: Uint8Array | string) =>
      void got.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()),
    closed: (error?: Error) => void got.push(error === undefined ? 'closed' : 'broken'),
  })
  const atClient: string[] = []
  const atServer: string[] = []
  client.listen(listener(atClient))
  server.listen(listener(atServer))
  return { network, link, client, server, atClient, atServer }
}

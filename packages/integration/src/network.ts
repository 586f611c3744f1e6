import { createServer, type Server } from 'node:net'

/** A 127.0.N.0/24 network that belongs to one lab. On Linux every 127/8 address can be bound without any set-up. */
export interface Network {
  /** `127.0.N` */
  readonly prefix: string
  readonly release: () => void
}

/** Resolves to undefined if the address is taken. */
const tryListen = (host: string, port: number): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(port, host, () => resolve(server))
  })

const isFree = async (host: string, port: number): Promise<boolean> => {
  const probe = await tryListen(host, port)
  if (!probe) return false
  await new Promise((closed) => probe.close(closed))
  return true
}

/** Address inside the network and port whose listener is the lock on the network. */
const lock = { octet: 254, port: 5222 }

/**
 * Takes the first free network from 127.0.`base` on. The lock is a listener of this process, so that it ends with it;
 * the addresses themselves are tried too, in case something that knows no lock uses them.
 */
export const claimNetwork = async (
  base: number,
  used: readonly { octet: number; port: number }[],
): Promise<Network> => {
  for (let n = base; n < Math.min(base + 64, 255); n++) {
    const prefix = `127.0.${n}`
    const listener = await tryListen(`${prefix}.${lock.octet}`, lock.port)
    if (!listener) continue
    const free = await Promise.all(used.map(({ octet, port }) => isFree(`${prefix}.${octet}`, port)))
    if (free.every(Boolean)) {
      listener.unref()
      return { prefix, release: () => listener.close() }
    }
    listener.close()
  }
  throw new Error(`no free network from 127.0.${base}.0 on: are there servers left from other runs?`)
}

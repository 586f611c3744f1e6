import type { Socket } from 'node:net'
import type { ConnectionEnds, FaultConnection } from './fault-connection.js'
import type { CutKind, FaultDirection } from './fault-controls.js'
import type { Piece } from './fault-line.js'

/** The two sockets of a connection that goes through a proxy: from whom a direction comes, and to whom it leads. */
export class ProxiedSockets {
  readonly #from: Readonly<Record<FaultDirection, Socket>>
  readonly #to: Readonly<Record<FaultDirection, Socket>>
  readonly #faults: FaultConnection
  readonly #reading: Record<FaultDirection, boolean> = { up: true, down: true }
  #open = 2

  constructor(client: Socket, server: Socket, open: (ends: ConnectionEnds) => FaultConnection) {
    this.#from = { up: client, down: server }
    this.#to = { up: server, down: client }
    this.#faults = open({
      turns: true,
      write: (direction, piece) => this.#write(direction, piece),
      finish: (direction, how) => finish(this.#to[direction], how),
      read: (direction, reading) => {
        this.#reading[direction] = reading
        this.#read(direction)
      },
      cut: (how) => {
        for (const socket of [client, server]) finish(socket, how)
      },
    })
    this.#watch('up')
    this.#watch('down')
  }

  #watch(direction: FaultDirection): void {
    const { [direction]: from } = this.#from
    const { [direction]: line } = this.#faults
    from.setNoDelay(true)
    from.on('data', (chunk: Buffer) => this.#faults.push(direction, chunk))
    from.on('end', () => line.finish('end'))
    from.on('close', (broken) => {
      if (broken || !from.readableEnded) line.finish('reset')
      if (--this.#open === 0) this.#faults.over()
    })
    this.#to[direction].on('drain', () => {
      line.ready()
      this.#read(direction)
    })
  }

  #write(direction: FaultDirection, piece: Piece): boolean {
    const { [direction]: to } = this.#to
    const hasRoom = to.destroyed || to.write(piece)
    if (!hasRoom) this.#from[direction].pause()
    return hasRoom
  }

  #read(direction: FaultDirection): void {
    const { [direction]: from } = this.#from
    // While the line is made there is none yet; then there is nothing that could block it.
    const blocked = (this.#faults as FaultConnection | undefined)?.[direction].blocked ?? false
    if (this.#reading[direction] && !blocked) from.resume()
    else from.pause()
  }
}

function finish(socket: Socket, how: CutKind): void {
  if (how === 'reset') reset(socket)
  else socket.end()
}

/**
 * Breaks a connection by RST alone. Left to itself Node sends FIN first, and the peer believes in an orderly end; so it may
 * where the RST comes right behind data.
 */
export function reset(socket: Socket): void {
  // A FIN that is about to leave cannot be overtaken.
  if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => reset(socket))
  else Object.assign(socket, { destroySoon: () => socket.destroy() }).resetAndDestroy()
}

import type { ConnectionListener } from '@couplet/client'

/** What has come, until somebody listens and reading is not paused; then the end, told once. */
export class Inbox {
  #frames: string[] = []
  #listener: ConnectionListener | undefined
  #paused = false
  #end: { readonly error: Error | undefined } | undefined
  #told = false

  /** Frames that wait. */
  get size(): number {
    return this.#frames.length
  }

  /** Adds a frame; {@link deliver} hands it on. */
  push(frame: string): void {
    this.#frames.push(frame)
  }

  /** Sets who listens. */
  listen(listener: ConnectionListener): void {
    this.#listener = listener
    this.deliver()
  }

  /** Stops or restarts reading. */
  pause(paused: boolean): void {
    this.#paused = paused
    this.deliver()
  }

  /** Nothing more comes: `closed` is told when everything is delivered. The first end counts. */
  end(error: Error | undefined): void {
    this.#end ??= { error }
    this.deliver()
  }

  /** Forgets what waits. */
  drop(): void {
    this.#frames = []
  }

  /** Hands on what it may. */
  deliver(): void {
    const listener = this.#listener
    if (listener === undefined) return
    while (!this.#paused && this.#frames.length > 0) listener.data(this.#frames.shift() as string)
    if (this.#end === undefined || this.#told || this.#frames.length > 0) return
    this.#told = true
    listener.closed(this.#end.error)
  }
}

/** Runs one after the other: what reads first and then writes must not meet itself. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs this when all before it are done; rejects with the signal's reason at once, wherever it is. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted()
    const turn = this.#last.then(() => {
      signal?.throwIfAborted()
      return work()
    })
    this.#last = turn.catch(() => {})
    if (signal === undefined) return turn
    let stop = (): void => {}
    const aborted = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
    })
    return Promise.race([turn, aborted]).finally(() => signal.removeEventListener('abort', stop))
  }
}

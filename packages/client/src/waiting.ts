import { sleep } from './sleep.js'

/** A wait that can be ended early. */
export class Waiting {
  #end: (() => void) | undefined

  /** Whether somebody waits. */
  get isOn(): boolean {
    return this.#end !== undefined
  }

  /** Ends the wait, if there is one. */
  end(): void {
    this.#end?.()
  }

  /** Waits, unless something ends it; without a time until something does. */
  async wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const end = new AbortController()
    const abort = (): void => end.abort()
    this.#end = abort
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    await sleep(ms, end.signal)
    signal.removeEventListener('abort', abort)
    this.#end = undefined
  }
}

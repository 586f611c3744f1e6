import type { SendHandle, SendState } from './session.js'

/** Who makes the outcome of a send known, when somebody asks for it. */
export interface AckSource {
  /** Finds out whether the server has handled what was written so far, and settles the ticket. */
  confirm(ticket: SendTicket): void
}

/** One send, from the queue to its outcome. */
export class SendTicket implements SendHandle {
  readonly id: string
  /** The stanza as XML, for the default namespace `jabber:client`; empty once it is no longer needed. */
  text: string
  #state: SendState = 'queued'
  #error: unknown
  #acks: AckSource | undefined
  #promise: Promise<void> | undefined
  #resolve: (() => void) | undefined
  #reject: ((error: unknown) => void) | undefined

  constructor(id: string, text: string) {
    this.id = id
    this.text = text
  }

  get state(): SendState {
    return this.#state
  }

  // Made on demand: most bots never look at it, and asking the server for an acknowledgement costs a stanza.
  get acked(): Promise<void> {
    if (this.#promise !== undefined) return this.#promise
    const promise = new Promise<void>((resolve, reject) => {
      if (this.#state === 'acked') return resolve()
      if (this.#state === 'failed') return reject(this.#error)
      this.#resolve = resolve
      this.#reject = reject
    })
    promise.catch(() => {}) // whoever ignores it has decided so
    this.#promise = promise
    this.#acks?.confirm(this)
    return promise
  }

  /** It was handed to the connection; from now on `acks` knows about it. */
  written(acks: AckSource): void {
    if (this.#state !== 'queued') return
    this.#state = 'written'
    this.text = ''
    this.#acks = acks
    if (this.#promise !== undefined) acks.confirm(this)
  }

  /** The server has handled it. */
  succeed(): void {
    if (this.#settle('acked')) this.#resolve?.()
  }

  /** It is not known to have been handled, and nobody will try again. */
  fail(error: unknown): void {
    if (!this.#settle('failed')) return
    this.#error = error
    this.#reject?.(error)
  }

  #settle(state: 'acked' | 'failed'): boolean {
    if (this.#state === 'acked' || this.#state === 'failed') return false
    this.#state = state
    this.#acks = undefined
    return true
  }
}

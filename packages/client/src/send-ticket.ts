import type { SendHandle, SendState } from './session.js'

/** Who makes the outcome of a send known, when somebody asks for it. */
export interface AckSource {
  /** Finds out whether the server has handled what was written so far, and settles the ticket. */
  confirm(ticket: SendTicket): void
}

/** What a ticket is for. Only messages outlive the session they were written in; presences are announced anew. */
export type StanzaKind = 'message' | 'presence' | 'iq'

interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

/** One send, from the queue to its outcome. */
export class SendTicket implements SendHandle {
  readonly id: string
  readonly kind: StanzaKind
  /** Bytes of the stanza in UTF-8. */
  readonly bytes: number
  /** When it was first written. */
  stamp: Date | undefined
  /** It was written in a session that is lost, and nobody has found out yet whether the server handled it. */
  uncertain = false
  /** The server has said how far it had come in that session, and that was not so far. */
  isUnhandled = false
  /** How often the server ended the stream when this stanza was the next one to be handled. */
  deaths = 0
  /** An earlier process has sent it: nobody here holds its promises. */
  isRestored = false
  /** Its place in the journal: where it is stored. */
  place: number | undefined
  /** Called when somebody begins to wait for what is not known yet. */
  onAwaited: (() => void) | undefined
  // Whoever prints what `send` returned must not print what was said.
  #text: string
  #state: SendState = 'queued'
  #error: unknown
  #acks: AckSource | undefined
  #outcome: Deferred | undefined
  #place: Deferred | undefined
  /** Whether it has a place in the queue. */
  isAccepted = false

  constructor(id: string, text: string, kind: StanzaKind = 'message') {
    this.id = id
    this.#text = text
    this.kind = kind
    this.bytes = new TextEncoder().encode(text).length
  }

  /** The stanza as XML, for the default namespace `jabber:client`; empty once it is no longer needed. */
  get text(): string {
    return this.#text
  }

  /** The connection keeps it from now on. */
  forget(): void {
    this.#text = ''
  }

  get state(): SendState {
    return this.#state
  }

  // Made on demand: most bots never look at it, and asking the server for an acknowledgement costs a stanza.
  get acked(): Promise<void> {
    if (this.#outcome === undefined) {
      this.#outcome = deferred()
      if (this.#state === 'acked') this.#outcome.resolve()
      else if (this.#state === 'failed') this.#outcome.reject(this.#error)
      else {
        this.#acks?.confirm(this)
        this.onAwaited?.()
      }
    }
    return this.#outcome.promise
  }

  get accepted(): Promise<void> {
    if (this.#place === undefined) {
      this.#place = deferred()
      if (this.isAccepted) this.#place.resolve()
      else if (this.#state === 'failed') this.#place.reject(this.#error)
      else this.onAwaited?.()
    }
    return this.#place.promise
  }

  /** Whether somebody waits for the outcome, or for a place in the queue. */
  get isAwaited(): boolean {
    if (this.#state === 'acked' || this.#state === 'failed') return false
    return this.#outcome !== undefined || (this.#place !== undefined && !this.isAccepted)
  }

  /** It has a place in the bounded queue. */
  accept(): void {
    this.isAccepted = true
    this.#place?.resolve()
  }

  /** It is handed to the connection; from now on `acks` knows about it. */
  written(acks: AckSource): void {
    if (this.#state === 'acked' || this.#state === 'failed') return
    this.#state = 'written'
    this.stamp ??= new Date()
    this.#acks = acks
    if (this.#outcome !== undefined) acks.confirm(this)
  }

  /** The session it was written in is lost: it waits for the next one. */
  unwritten(): void {
    this.#acks = undefined
  }

  /** The server has handled it. */
  succeed(): void {
    if (this.#settle('acked')) this.#outcome?.resolve()
  }

  /** It is not known to have been handled, and nobody will try again. */
  fail(error: unknown): void {
    if (!this.#settle('failed')) return
    this.#error = error
    this.#outcome?.reject(error)
    if (!this.isAccepted) this.#place?.reject(error)
  }

  #settle(state: 'acked' | 'failed'): boolean {
    if (this.#state === 'acked' || this.#state === 'failed') return false
    this.#state = state
    this.#acks = undefined
    this.forget()
    return true
  }
}

function deferred(): Deferred {
  let [resolve, reject]: [() => void, (error: unknown) => void] = [() => {}, () => {}]
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {}) // whoever ignores it has decided so
  return { promise, resolve, reject }
}

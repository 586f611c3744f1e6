import type { SendHandle } from '@couplet/client'
import type { Jid } from '@couplet/stanza'

interface Request {
  readonly to: Jid
  readonly resolve: (from: Jid) => void
  readonly reject: (reason: unknown) => void
}

/** Most messages never get a receipt; what is remembered about them is bounded. */
const LIMIT = 1000

/** The messages that asked for a receipt, by id; of more than 1,000 the oldest are given up. */
export class Requests {
  readonly #requests = new Map<string, Request>()
  readonly #end: AbortSignal

  /** @param end aborted when no receipt can come any more */
  constructor(end: AbortSignal) {
    this.#end = end
    end.addEventListener('abort', () => {
      for (const { reject } of this.#requests.values()) reject(end.reason)
      this.#requests.clear()
    })
  }

  /** Waits for the receipt of a message. A rejection nobody listens to is not reported. */
  expect(handle: SendHandle, to: Jid, signal: AbortSignal | undefined): Promise<Jid> {
    let abort = (): void => {}
    const received = new Promise<Jid>((resolve, reject) => {
      abort = () => reject(signal?.reason)
      if (signal?.aborted) abort()
      if (this.#end.aborted) reject(this.#end.reason)
      handle.acked.catch(reject)
      this.#requests.get(handle.id)?.reject(new RangeError('a later message has the same id'))
      this.#requests.set(handle.id, { to, resolve, reject })
    })
    signal?.addEventListener('abort', abort, { once: true })
    const settled = (): void => signal?.removeEventListener('abort', abort)
    received.then(settled, settled)
    this.#forgetOldest()
    return received
  }

  /** Whether a receipt for this id may come from there: from the addressee, or any client of the account addressed. */
  mayConfirm(id: string, from: Jid | undefined): from is Jid {
    const to = this.#requests.get(id)?.to
    // A full JID may be an occupant, whose bare JID is that of everyone in the room.
    return to !== undefined && from !== undefined && (from.equals(to) || (to.isBare() && from.bare.equals(to)))
  }

  /** Takes a receipt; one from anyone else changes nothing. */
  confirm(id: string, from: Jid | undefined): void {
    if (this.mayConfirm(id, from)) this.#requests.get(id)?.resolve(from)
  }

  #forgetOldest(): void {
    for (const [id, { reject }] of this.#requests) {
      if (this.#requests.size <= LIMIT) return
      this.#requests.delete(id)
      reject(new RangeError('more than 1,000 later messages have asked for a receipt'))
    }
  }
}

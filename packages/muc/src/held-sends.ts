import type { SendHandle, SendState } from '@couplet/client'
import type { Message } from '@couplet/stanza'
import { Deferred } from './deferred.js'

/** How many may wait before `accepted` has to wait with them. */
const limit = 1000

/** A message that waits until we are in the room again: sent now, the room would refuse it. */
class HeldSend implements SendHandle {
  readonly id: string
  readonly accepted: Promise<void>
  readonly acked: Promise<void>
  readonly message: Message
  readonly #accepted = new Deferred<void>()
  readonly #acked = new Deferred<void>()
  #handle: SendHandle | undefined
  #isFailed = false

  constructor(message: Message, id: string, hasPlace: boolean) {
    this.message = message
    this.id = id
    this.accepted = this.#accepted.promise
    this.acked = this.#acked.promise
    if (hasPlace) this.#accepted.resolve()
  }

  get state(): SendState {
    return this.#isFailed ? 'failed' : (this.#handle?.state ?? 'queued')
  }

  handOver(handle: SendHandle): void {
    this.#handle = handle
    handle.accepted.then(this.#accepted.resolve, this.#accepted.reject)
    handle.acked.then(this.#acked.resolve, this.#acked.reject)
  }

  fail(reason: unknown): void {
    this.#isFailed = true
    this.#accepted.reject(reason)
    this.#acked.reject(reason)
  }
}

/** What is said in a room while we are not in it, and is meant to reach it. */
export class HeldSends {
  readonly #held: HeldSend[] = []
  readonly #send: (message: Message) => SendHandle
  #end: { readonly reason: unknown } | undefined
  #isHopeless = false

  /** @param send sends for real */
  constructor(send: (message: Message) => SendHandle) {
    this.#send = send
  }

  /** Keeps a message that has an id. */
  hold(message: Message, id: string): SendHandle {
    const held = new HeldSend(message, id, this.#held.length < limit)
    if (this.#end === undefined) this.#held.push(held)
    else held.fail(this.#end.reason)
    if (this.#isHopeless) this.release()
    return held
  }

  /** Whether the client is offline for good, as far as it knows: then it says so of what it is given. */
  set isHopeless(isHopeless: boolean) {
    this.#isHopeless = isHopeless
    if (isHopeless) this.release()
  }

  /** We are in: sends everything, in order. */
  release(): void {
    for (const held of this.#held.splice(0)) held.handOver(this.#send(held.message))
  }

  /** We never shall be: everything fails, now and later. */
  fail(reason: unknown): void {
    this.#end ??= { reason }
    for (const held of this.#held.splice(0)) held.fail(reason)
  }
}

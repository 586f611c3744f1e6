import { ConnectionError } from '@couplet/client'
import { exchange } from './exchange.js'
import type { HttpFetch } from './open-fetch.js'
import { type ResponseBody, readResponse } from './response-body.js'

/** A request that was made, until it is answered. */
export interface SentRequest {
  /** Its number. */
  readonly rid: number
  /** Whether it carries nothing. */
  readonly empty: boolean
  /** When it was made, in milliseconds. */
  readonly sentAt: number
}

/** Who hears of the answers. */
export interface WindowListener {
  /** An answer, in the order of the requests (XEP-0124 §14.2). */
  answered(request: SentRequest, response: ResponseBody): void
  /** The session is lost. Nothing follows. */
  failed(error: ConnectionError): void
}

interface Pending extends SentRequest {
  readonly body: string
  attempt: AbortController | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  failures: number
  failedAt: number
  answer?: ResponseBody
}

/** Milliseconds before a request is made again, the first time, the second …; then it is given up. */
const delays = [0, 500, 1000, 2000, 4000, 8000, 16_000]
/** Milliseconds that requests before one that ended the session still have to be answered. */
const graceLimit = 1000

/** XEP-0124 §14.1: random, and far from what a number cannot count beyond. */
function randomStart(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high >>> 12) * 2 ** 32 + low + 1
}

/** The requests that are not answered: numbers them, makes broken ones again, and hands on the answers in order. */
export class RequestWindow {
  /** Milliseconds that a response may take. */
  limit = 0
  /** Milliseconds after which the server has forgotten a session without requests; 0 makes no request twice. */
  patience = 0
  readonly #url: string
  readonly #fetch: HttpFetch
  readonly #listener: WindowListener
  readonly #pending: Pending[] = []
  #next = randomStart()
  #done = false
  #grace: ReturnType<typeof setTimeout> | undefined

  constructor(url: string, fetch: HttpFetch, listener: WindowListener) {
    this.#url = url
    this.#fetch = fetch
    this.#listener = listener
  }

  /** Requests that are not answered. */
  get size(): number {
    return this.#pending.length
  }

  /** Makes the next request; `write` gets its number and that of the last one answered, if not all are. */
  send(write: (rid: number, ack: number | undefined) => string, empty: boolean): void {
    const rid = this.#next++
    const [oldest] = this.#pending
    const body = write(rid, oldest && oldest.rid - 1)
    const sentAt = Date.now()
    const pending = { rid, body, empty, sentAt, attempt: undefined, timer: undefined, failures: 0, failedAt: 0 }
    this.#pending.push(pending)
    void this.#try(pending)
  }

  /** Ends all requests; nothing is heard of them. */
  abort(): void {
    this.#done = true
    clearTimeout(this.#grace)
    for (const pending of this.#pending.splice(0)) this.#halt(pending)
  }

  #halt(pending: Pending): void {
    clearTimeout(pending.timer)
    pending.timer = undefined
    pending.attempt?.abort()
    pending.attempt = undefined // what it still brings is not wanted
  }

  async #try(pending: Pending): Promise<void> {
    const attempt = new AbortController()
    pending.attempt = attempt
    const options = { url: this.#url, fetch: this.#fetch, limit: this.limit }
    const outcome = await exchange(pending.body, options, attempt.signal)
    if (pending.attempt !== attempt) return // another one took its place, or none
    if ('text' in outcome) this.#read(pending, outcome.text)
    else if (outcome.broken) this.#again(pending, outcome.error)
    else this.#fail(outcome.error)
  }

  #read(pending: Pending, text: string): void {
    let response: ResponseBody
    try {
      response = readResponse(text)
    } catch (error) {
      this.#fail(error as ConnectionError)
      return
    }
    if (response.type === 'error') this.#recover(pending)
    else this.#accept(pending, response)
  }

  /** XEP-0124 §17.3: this one, and all before it that were not answered. */
  #recover(last: Pending): void {
    const error = new ConnectionError('stream', 'closed', 'the server lost requests again and again')
    for (const pending of this.#pending.filter(({ rid, answer }) => rid <= last.rid && !answer)) {
      if (this.#done) return
      this.#again(pending, error)
    }
  }

  /** Makes the same request once more (XEP-0124 §14.3), now or later, unless the session must be gone by then. */
  #again(pending: Pending, error: ConnectionError): void {
    this.#halt(pending)
    const now = Date.now()
    if (pending.failures === 0) pending.failedAt = now
    const delay = delays[pending.failures++]
    const isTooLate = delay === undefined || now + delay - pending.failedAt >= this.patience
    if (isTooLate) this.#fail(error)
    else pending.timer = setTimeout(() => void this.#try(pending), delay)
  }

  #accept(pending: Pending, response: ResponseBody): void {
    pending.answer = response
    const isFirst = this.#pending[0] === pending
    if (response.type === 'terminate' && !isFirst) this.#grace ??= setTimeout(() => this.#skipTo(pending), graceLimit)
    const lost = this.#pending.find(({ rid, answer }) => rid === response.report && !answer)
    // XEP-0124 §9.2: the server has answered that one; the answer is lost.
    if (lost !== undefined) this.#again(lost, new ConnectionError('stream', 'closed', 'responses are lost on the way'))
    this.#deliver()
  }

  /** The session has ended, and what was asked before will not be answered. */
  #skipTo(last: Pending): void {
    while (this.#pending[0] !== undefined && this.#pending[0] !== last) this.#halt(this.#pending.shift() as Pending)
    this.#deliver()
  }

  #deliver(): void {
    for (let first = this.#pending[0]; first?.answer !== undefined; first = this.#pending[0]) {
      this.#pending.shift()
      this.#listener.answered(first, first.answer)
    }
  }

  #fail(error: ConnectionError): void {
    if (this.#done) return
    this.abort()
    this.#listener.failed(error)
  }
}

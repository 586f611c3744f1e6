import { type ChannelBinding, type Connection, ConnectionError, type ConnectionListener } from '@couplet/client'
import { NS_FRAMING } from '@couplet/client/elements'
import { NS_STREAM, serialize, type XmlElement, xml } from '@couplet/stanza'
import { Inbox } from './inbox.js'
import type { HttpClient } from './open-fetch.js'
import { type Batch, Outbox } from './outbox.js'
import { writeRequest } from './request-body.js'
import { RequestWindow, type SentRequest } from './request-window.js'
import { type ResponseBody, toFrame } from './response-body.js'
import { readEnd } from './session-end.js'
import { afterTurn } from './turn.js'

/** UTF-16 units that wait below which {@link Connection.drained} resolves. */
const lowWater = 65_536
/** Frames that wait for a paused reader before nothing more is asked for. */
const inboxLimit = 64
/** Requests that may be unanswered, however many the server allows. */
const maxRequests = 2
/** Seconds beyond `wait` that a response may take. */
const margin = 15
/** Seconds, where the server does not say: its patience, and the time between empty requests. */
const defaults = { inactivity: 30, polling: 5 }
const pollingBounds = [1, 60] as const
/**
 * Milliseconds from a request that is not answered to the next one. They go over two TCP connections: a later one that comes
 * first has to wait at the server, for some servers until they have something to say. Nor is an empty request made so soon
 * after an answer, to which there may be something to say.
 */
export const gap = 50

/** An XMPP stream in an HTTP session (XEP-0206), as a connection of frames. */
export class BoshConnection implements Connection {
  readonly endpoint: string
  readonly secure = true
  readonly framed = true
  // Nobody tells which TLS connection a request went over.
  readonly channelBindings: readonly ChannelBinding[] = []
  readonly #client: HttpClient
  /** Seconds that the server may hold a request; 0 asks for a polling session (XEP-0124 §12). */
  readonly #wait: number
  readonly #window: RequestWindow
  readonly #outbox = new Outbox()
  readonly #inbox = new Inbox()
  readonly #drainWaiters: (() => void)[] = []
  #state: 'new' | 'creating' | 'open' | 'ending' | 'over' = 'new'
  #sid: string | undefined
  #requests = 1
  #polling = defaults.polling * 1000
  /** What the next `<open/>` says, until the features come. */
  #opening: { from: string | undefined; id: string | undefined; version: string; lang: string | undefined } | undefined
  #pumping = false
  /** When the last request was made, if neither it nor its answer carried anything. */
  #idleSince: number | undefined
  #requestedAt = 0
  #answeredAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(url: URL, client: HttpClient, wait: number) {
    this.endpoint = url.href
    this.#client = client
    this.#wait = wait
    this.#window = new RequestWindow(url.href, client.fetch, {
      answered: (request, response) => this.#answered(request, response),
      failed: (error) => this.#finish(error),
    })
    this.#window.limit = (wait + margin) * 1000
  }

  get buffered(): number {
    return this.#outbox.units
  }

  listen(listener: ConnectionListener): void {
    this.#inbox.listen(listener)
  }

  write(text: string): void {
    if (this.#state === 'over') return
    this.#outbox.push(text)
    this.#schedule()
  }

  async drained(): Promise<void> {
    while (this.buffered > lowWater && this.#state !== 'over') {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    }
  }

  /** What has come is kept; when that is much, nothing more is asked for. */
  pause(paused: boolean): void {
    this.#inbox.pause(paused)
    this.#schedule()
  }

  /** Ends the session, if there is one, with what was written. */
  end(): void {
    if (this.#state === 'new' && this.#outbox.units === 0) {
      this.#finish(undefined)
      return
    }
    this.#outbox.close()
    this.#schedule()
  }

  destroy(): void {
    this.#inbox.drop()
    this.#finish(undefined)
  }

  /** Everything that one turn of the event loop writes leaves in one request. */
  #schedule(): void {
    if (this.#pumping || this.#state === 'over') return
    this.#pumping = true
    afterTurn(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#state === 'new') this.#create()
    if (this.#state !== 'open') return
    const isClear = (): boolean => this.#window.size === 0 || Date.now() >= this.#requestedAt + gap
    while (this.#window.size < this.#requests && isClear() && this.#sendNext(false));
    // XEP-0124 §11: the one that ends the session may exceed the limit.
    if (this.#state === 'open' && this.#window.size === this.#requests && isClear()) this.#sendNext(true)
    for (const resolve of this.#drainWaiters.splice(0)) resolve()
    if (this.#state === 'open') this.#poll()
  }

  /** XEP-0124 §7.1. */
  #create(): void {
    const batch = this.#outbox.take()
    if (batch === undefined) return
    if (batch.header === undefined) {
      this.#finish(undefined) // a stream that ends before it begins
      return
    }
    this.#state = 'creating'
    const header = this.#begin(batch.header)
    const session = {
      ver: '1.11',
      wait: this.#wait,
      hold: 1,
      ack: 1,
      content: 'text/xml; charset=utf-8',
      'xmpp:version': '1.0',
    }
    this.#window.send((rid) => writeRequest({ rid, ...header, ...session }), false)
  }

  /** Expects features, which are the first of a stream that begins. */
  #begin(header: XmlElement): Record<'to' | 'from' | 'xml:lang', string | undefined> {
    this.#opening = { from: undefined, id: undefined, version: '1.0', lang: undefined }
    return { to: header.attr('to'), from: header.attr('from'), 'xml:lang': header.attr('xml:lang') }
  }

  #sendNext(lastOnly: boolean): boolean {
    const batch = this.#outbox.take(lastOnly)
    if (batch === undefined) return false
    this.#send(batch)
    return true
  }

  #send({ header, payload, last }: Batch): void {
    const restart = header && { ...this.#begin(header), 'xmpp:restart': 'true' }
    const end = last ? { type: 'terminate' } : undefined
    if (last) this.#state = 'ending'
    const empty = payload === '' && header === undefined && !last
    this.#requestedAt = Date.now()
    this.#window.send((rid, ack) => writeRequest({ rid, sid: this.#sid, ack, ...restart, ...end }, payload), empty)
  }

  /** Keeps one request at the server; not more often than it allows, if it answers them at once. */
  #poll(): void {
    const now = Date.now()
    const isIdle = this.#window.size === 0
    if (isIdle ? this.#inbox.size >= inboxLimit : this.#outbox.units === 0) return
    const idle = Math.max(this.#answeredAt + gap, this.#idleSince === undefined ? 0 : this.#idleSince + this.#polling)
    const due = isIdle ? idle : this.#requestedAt + gap
    if (due > now) this.#lookAt(due - now)
    else if (isIdle) this.#send({ payload: '', last: false })
  }

  #lookAt(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#pump(), ms)
  }

  #answered(request: SentRequest, response: ResponseBody): void {
    if (this.#state === 'creating' && response.type === undefined) {
      if (response.sid === undefined) {
        this.#finish(new ConnectionError('stream', 'unexpected-element', 'a session without an id'))
        return
      }
      this.#open(response, response.sid)
    }
    const { payloads, type } = response
    this.#answeredAt = Date.now()
    this.#idleSince = request.empty && payloads.length === 0 ? request.sentAt : undefined
    this.#note(response)
    for (const payload of payloads) this.#receive(payload)
    // The answer to the end is the end, whatever it says.
    if (type === 'terminate' || (this.#state === 'ending' && this.#window.size === 0)) this.#terminated(response)
    else this.#inbox.deliver()
    this.#schedule()
  }

  /** XEP-0124 §7.2. */
  #open(response: ResponseBody, sid: string): void {
    const { wait = this.#wait, requests = maxRequests, inactivity, polling } = response
    this.#sid = sid
    this.#state = 'open'
    this.#requests = Math.min(Math.max(requests, 1), maxRequests)
    const [least, most] = pollingBounds
    this.#polling = Math.min(Math.max(polling ?? defaults.polling, least), most) * 1000
    this.#window.limit = (Math.min(wait, this.#wait) + margin) * 1000
    this.#window.patience = (inactivity || defaults.inactivity) * 1000
  }

  /** XEP-0206 §4: who the server is may come with the session or later. */
  #note({ from, authid, version }: ResponseBody): void {
    if (this.#opening === undefined) return
    this.#opening.from = from ?? this.#opening.from
    this.#opening.id = authid ?? this.#opening.id
    this.#opening.version = version ?? this.#opening.version
  }

  #receive(payload: XmlElement): void {
    const opening = this.#opening
    if (opening !== undefined && payload.name === 'features' && payload.ns === NS_STREAM) {
      const { from, id, version } = opening
      const attributes = { from, id, version, 'xml:lang': payload.lang }
      this.#inbox.push(serialize(xml(NS_FRAMING, 'open', attributes)))
      this.#opening = undefined
    }
    this.#inbox.push(toFrame(payload))
  }

  #terminated(response: ResponseBody): void {
    const { frame, error } = this.#state === 'ending' ? {} : readEnd(response)
    if (frame !== undefined) this.#inbox.push(frame)
    if (error === undefined) this.#inbox.push(`<close xmlns='${NS_FRAMING}'/>`)
    this.#finish(error)
  }

  /** Nothing goes out any more; what has come is still delivered. */
  #finish(error: Error | undefined): void {
    if (this.#state !== 'over') {
      this.#state = 'over'
      clearTimeout(this.#timer)
      this.#window.abort()
      this.#client.close()
      for (const resolve of this.#drainWaiters.splice(0)) resolve()
    }
    this.#inbox.end(error)
  }
}

import {
  escapeAttribute,
  NS_CLIENT,
  NS_STREAM,
  type ParserLimits,
  StreamError,
  type StreamEvent,
  serialize,
  XmlElement,
} from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { ConnectionError, type ConnectionPhase } from './connection-error.js'
import { NS_FRAMING } from './elements.js'
import { withNamespace } from './stanza-namespace.js'
import type { Connection } from './transport.js'

/** What the stream header says (RFC 6120 §4.7). */
export interface StreamHeader {
  /** The domain that is asked for. */
  readonly to: string
  /** The bare JID of the account; only where nobody can read along (RFC 6120 §4.7.1). */
  readonly from: string | undefined
  /** The default language of what we send; without it the header says none. */
  readonly lang?: string | undefined
}

/** Milliseconds to wait for the peer's half of the close. */
const closeLimit = 1000

/**
 * An XML stream on a connection, in both framings: elements in and out, headers, restarts and the close. During
 * negotiation elements are taken one by one with {@link next}; then {@link listen} delivers them as they come.
 */
export class XmppStream {
  readonly connection: Connection
  /** Told of every chunk that comes, whatever is in it, and of everything that is sent. */
  watch: { heard(): void; sent(): void } | undefined
  readonly #limits: Partial<ParserLimits>
  readonly #namespace: string
  #parser: StreamParser
  #queue: StreamEvent[] = []
  #wake: (() => void) | undefined
  #listener: ((event: StreamEvent) => void) | undefined
  #lost: ConnectionError | undefined
  #opened = false
  #closing: ReturnType<typeof setTimeout> | undefined
  #peerClosed = false
  #markEnded: (reason: ConnectionError) => void = () => {}
  readonly #ended = new Promise<ConnectionError>((resolve) => {
    this.#markEnded = resolve
  })
  /** Whether what came last ended exactly with an element: nothing lies behind it. */
  #clean = true
  #tolerated: ((element: XmlElement) => boolean) | undefined

  /**
   * @param namespace that of stanzas on the wire, such as that of components (XEP-0114 §3); outside of this class they are in
   *   `jabber:client` whatever it is, so that one definition fits all
   */
  constructor(connection: Connection, limits: Partial<ParserLimits> = {}, namespace: string = NS_CLIENT) {
    this.connection = connection
    this.#limits = limits
    this.#namespace = namespace
    this.#parser = this.#newParser()
    connection.listen({
      data: (chunk) => this.#receive(chunk),
      closed: (error) => this.#end(error),
    })
  }

  /** Sends a stream header, the first or one that restarts the stream; the parser starts afresh. */
  open(header: StreamHeader): void {
    this.#parser = this.#newParser()
    this.#opened = true
    const { to, from, lang } = header
    const attributes = [
      ['to', to],
      ['from', from],
      ['version', this.#isForeign ? undefined : '1.0'], // which would announce features and SASL (RFC 6120 §4.7.5)
      ['xml:lang', lang],
    ]
      .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}='${escapeAttribute(value)}'`]))
      .join('')
    this.connection.write(
      this.connection.framed
        ? `<open xmlns='${NS_FRAMING}'${attributes}/>`
        : `<?xml version='1.0'?><stream:stream xmlns='${this.#namespace}' xmlns:stream='${NS_STREAM}'${attributes}>`,
    )
  }

  /** Sends an element of the negotiation. */
  sendElement(element: XmlElement): void {
    this.watch?.sent()
    this.connection.write(serialize(element, this.connection.framed ? '' : this.#namespace))
  }

  /** Sends a stanza that was serialised for the default namespace `jabber:client`. */
  write(stanza: string): void {
    // A frame is a document of its own and has no default namespace to inherit (RFC 7395 §3.3.3).
    const text = this.connection.framed ? stanza.replace(/^<[a-z]+/, `$& xmlns='${NS_CLIENT}'`) : stanza
    this.watch?.sent()
    this.connection.write(text)
  }

  /**
   * The next event of the stream.
   *
   * @throws ConnectionError in the given phase if the connection is lost
   */
  async next(phase: ConnectionPhase): Promise<StreamEvent> {
    while (this.#queue.length === 0) {
      if (this.#lost !== undefined) throw inPhase(this.#lost, phase)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#queue.shift() as StreamEvent
  }

  /** From now on events go to the listener, those that wait already included. */
  listen(listener: (event: StreamEvent) => void): void {
    this.#listener = listener
    for (const event of this.#queue.splice(0)) if (this.#closing === undefined) this.#deliver(event)
  }

  /** Keeps one element for which the test holds from the listener: what servers send though it has no meaning. */
  tolerateOnce(test: (element: XmlElement) => boolean): void {
    this.#tolerated = test
  }

  /**
   * Gives up the parser, and tells whether the last element was also the last byte: after `<proceed/>` anything else was
   * injected (S-004).
   */
  endsClean(): boolean {
    // Behind an element that has begun, in a tag or in its text, the probe would not be an element of the stream.
    const [event, ...more] = this.#parser.write(`<probe xmlns='${NS_FRAMING}'/>`)
    const isBetweenElements = event?.type === 'element' && event.element.name === 'probe' && more.length === 0
    return this.#clean && this.#queue.length === 0 && isBetweenElements
  }

  /**
   * Ends the stream: sends the error, if any, and the closing tag, and closes the connection when the peer has closed its
   * half too, or after a second (RFC 6120 §4.4). What still comes is not read.
   */
  close(error?: StreamError): void {
    if (this.#closing !== undefined || this.#lost !== undefined) return
    this.#closing = setTimeout(() => this.connection.destroy(), closeLimit)
    if (this.#opened) {
      if (error !== undefined) this.connection.write(this.#errorText(error))
      this.connection.write(this.connection.framed ? `<close xmlns='${NS_FRAMING}'/>` : '</stream:stream>')
    }
    // After an error there is nothing to wait for (RFC 6120 §4.9.1.1).
    if (this.#peerClosed || !this.#opened || error !== undefined) this.connection.end()
  }

  /** Resolves with the reason when the connection is gone. */
  get ended(): Promise<ConnectionError> {
    return this.#ended
  }

  /** With the prefix that RFC 6120 §4.8.5 keeps for the elements of the stream itself. */
  #errorText(error: StreamError): string {
    const declaration = this.connection.framed ? ` xmlns:stream='${NS_STREAM}'` : ''
    const children = [...error.toElement().elements()].map((child) => serialize(child))
    return `<stream:error${declaration}>${children.join('')}</stream:error>`
  }

  get #isForeign(): boolean {
    return this.#namespace !== NS_CLIENT
  }

  #newParser(): StreamParser {
    return new StreamParser({ framed: this.connection.framed, limits: this.#limits })
  }

  #receive(chunk: Uint8Array | string): void {
    this.watch?.heard()
    const events = this.#parser.write(chunk)
    const last = chunk[chunk.length - 1]
    this.#clean = events.length > 0 && (last === '>' || last === 0x3e)
    for (const event of this.connection.framed ? unframe(events) : events) this.#dispatch(event)
  }

  #dispatch(event: StreamEvent): void {
    if (event.type === 'end') this.#peerClosed = true
    if (this.#closing !== undefined) {
      if (event.type === 'end') this.connection.end()
      return
    }
    if (event.type === 'element' && event.element.name === 'error' && event.element.ns === NS_STREAM) {
      this.#deliver({ type: 'error', error: StreamError.fromElement(event.element) })
    } else {
      this.#deliver(this.#isForeign ? withNamespace(event, this.#namespace) : event)
    }
  }

  #deliver(event: StreamEvent): void {
    if (this.#listener !== undefined) {
      if (event.type === 'element' && this.#tolerated?.(event.element)) this.#tolerated = undefined
      else this.#listener(event)
    } else {
      this.#queue.push(event)
      this.#wake?.()
    }
  }

  #end(error: Error | undefined): void {
    clearTimeout(this.#closing)
    // A transport that knows better says it: over HTTP, an untrusted certificate shows when something is sent.
    const isKnown = error?.name === 'ConnectionError'
    this.#lost = isKnown
      ? (error as ConnectionError)
      : new ConnectionError('session', 'closed', 'the connection was lost', error)
    this.#wake?.()
    this.#markEnded(this.#lost)
  }
}

/** RFC 7395 §3.3.3: a frame is one element. */
function unframe(events: readonly StreamEvent[]): readonly StreamEvent[] {
  if (events.length < 2) return events.map(unwrap)
  const error = new StreamError({ condition: 'not-well-formed', text: 'a frame is not one complete element' })
  return [events.find(({ type }) => type === 'error') ?? { type: 'error', error }]
}

/** RFC 7395 §3.3: `<open/>` is the header, `<close/>` is the end. */
function unwrap(event: StreamEvent): StreamEvent {
  if (event.type !== 'element' || event.element.ns !== NS_FRAMING) return event
  const { element } = event
  if (element.name === 'close') return { type: 'end' }
  if (element.name !== 'open') return event
  const attributes = [...element.attributes()].flat()
  return { type: 'start', header: new XmlElement(NS_STREAM, 'stream', attributes, [], element.lang) }
}

function inPhase(error: ConnectionError, phase: ConnectionPhase): ConnectionError {
  // What a transport has found out is about a phase of its own.
  if (error.phase !== 'session') return error
  return new ConnectionError(phase, error.code, 'the connection was closed', error.cause)
}

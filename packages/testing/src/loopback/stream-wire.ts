import { NS_FRAMING } from '@couplet/client/elements'
import {
  escapeAttribute,
  NS_CLIENT,
  NS_STREAM,
  type ParserLimits,
  type StreamError,
  type StreamEvent,
  serialize,
  XmlElement,
} from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import type { Channel } from '../wire/channel.js'

/** Who listens to the stream of a client. */
export interface WireListener {
  /** What came, in order. */
  event(event: StreamEvent): void
  /** The connection is gone, whether the stream was ended or not. */
  gone(): void
}

/** The server's end of an XML stream, in both framings. */
export class StreamWire {
  readonly channel: Channel
  readonly #limits: Partial<ParserLimits>
  #parser: StreamParser
  #opened = false
  #closed = false
  #peerClosed = false

  constructor(channel: Channel, limits: Partial<ParserLimits>, listener: WireListener) {
    this.channel = channel
    this.#limits = limits
    this.#parser = this.#newParser()
    channel.listen({
      data: (chunk) => {
        for (const event of this.#parser.write(chunk)) this.#dispatch(channel.framed ? unframe(event) : event, listener)
      },
      closed: () => {
        this.#closed = true
        listener.gone()
      },
    })
  }

  /** Whether a header was sent since the last restart. */
  get opened(): boolean {
    return this.#opened
  }

  /** What comes now is a new stream. */
  restart(): void {
    this.#parser = this.#newParser()
    this.#opened = false
  }

  /** Sends the header. */
  open(attributes: Readonly<Record<string, string>>): void {
    this.#opened = true
    const list = Object.entries({ ...attributes, version: '1.0', 'xml:lang': 'en' })
    const text = list.map(([key, value]) => ` ${key}='${escapeAttribute(value)}'`).join('')
    this.#write(
      this.channel.framed
        ? `<open xmlns='${NS_FRAMING}'${text}/>`
        : `<?xml version='1.0'?><stream:stream xmlns='${NS_CLIENT}' xmlns:stream='${NS_STREAM}'${text}>`,
    )
  }

  /** Sends the features. */
  features(features: readonly XmlElement[]): void {
    this.#streamElement('features', features)
  }

  /** Sends an element. */
  send(element: XmlElement): void {
    this.#write(serialize(element, this.channel.framed ? '' : NS_CLIENT))
  }

  /**
   * Ends the stream, with an error or without, and the connection when the client has ended its half too.
   *
   * @param details what the error says beside its condition and text (RFC 6120 §4.9.4)
   */
  close(error?: StreamError, ...details: readonly XmlElement[]): void {
    if (this.#closed) return
    if (error !== undefined) this.#streamElement('error', [...error.toElement().elements(), ...details])
    this.#write(this.channel.framed ? `<close xmlns='${NS_FRAMING}'/>` : '</stream:stream>')
    this.#closed = true
    // After an error nobody waits for a client that may be hostile (RFC 6120 §4.9.1.1).
    if (error !== undefined || this.#peerClosed) this.channel.end()
  }

  /** The prefix is what the specifications show, and all that some clients know. */
  #streamElement(name: string, children: readonly XmlElement[]): void {
    const declaration = this.channel.framed ? ` xmlns:stream='${NS_STREAM}'` : ''
    const content = children.map((child) => serialize(child)).join('')
    this.#write(`<stream:${name}${declaration}>${content}</stream:${name}>`)
  }

  #write(text: string): void {
    if (!this.#closed) this.channel.write(text)
  }

  #dispatch(event: StreamEvent, listener: WireListener): void {
    if (event.type === 'end') {
      this.#peerClosed = true
      if (this.#closed) this.channel.end()
    }
    if (!this.#closed) listener.event(event)
  }

  #newParser(): StreamParser {
    return new StreamParser({ framed: this.channel.framed, limits: this.#limits })
  }
}

/** RFC 7395 §3.3: `<open/>` is the header, `<close/>` is the end. */
function unframe(event: StreamEvent): StreamEvent {
  if (event.type !== 'element' || event.element.ns !== NS_FRAMING) return event
  const { element } = event
  if (element.name === 'close') return { type: 'end' }
  if (element.name !== 'open') return event
  return {
    type: 'start',
    header: new XmlElement(NS_STREAM, 'stream', [...element.attributes()].flat(), [], element.lang),
  }
}

import { NS_FRAMING } from '@couplet/client/elements'
import { NS_CLIENT, NS_STREAM, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { parseXml } from '../parse-xml.js'

interface Parsed {
  readonly element: XmlElement
  /** Where in the text it ends. */
  readonly end: number
}

const stanzaNames = new Set(['message', 'presence', 'iq'])

/** What a client has sent so far, as text and as elements; each part is taken once. */
export class Received {
  /** All of it; over TLS what was inside. */
  text = ''
  readonly #framed: boolean
  readonly #decoder = new TextDecoder()
  /** Where the next {@link match} begins: behind all that was taken. */
  #cursor = 0
  /** Elements that end before this are gone, because a match went over them. */
  #floor = 0
  #parser: StreamParser | undefined
  #parsedTo = 0
  /** Whether an XML declaration came last. */
  #declared = false
  #elements: Parsed[] = []
  #stanzas = 0
  /** How many stanzas had come with an element, this one included. */
  readonly #counts = new WeakMap<XmlElement, number>()

  constructor(framed: boolean) {
    this.#framed = framed
  }

  /** Adds a chunk or a frame. */
  add(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true })
    this.text += text
    if (this.#framed) this.#addFrame(text)
    else this.#parse()
  }

  /** How many stanzas have come, up to an element or all in all. */
  stanzas(upTo?: XmlElement): number {
    return (upTo && this.#counts.get(upTo)) ?? this.#stanzas
  }

  /** The first match behind the cursor, which moves behind it. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    const found = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(this.text.slice(this.#cursor))
    if (found === null) return undefined
    this.#cursor += found.index + found[0].length
    this.#floor = this.#cursor
    return found
  }

  /** The first element not taken yet for which the test holds; those before it stay. */
  element(test: (element: XmlElement) => boolean): XmlElement | undefined {
    const found = this.pending.find(test)
    if (found !== undefined) this.take(found)
    return found
  }

  /** Takes one element out. */
  take(element: XmlElement): void {
    const found = this.#elements.find((parsed) => parsed.element === element)
    this.#elements = this.#elements.filter((parsed) => parsed !== found)
    this.#cursor = Math.max(this.#cursor, found?.end ?? 0)
  }

  /** The elements that were not taken yet, in order. */
  get pending(): readonly XmlElement[] {
    return this.#elements.filter(({ end }) => end > this.#floor).map(({ element }) => element)
  }

  /** Whether the client has ended its stream. */
  get ended(): boolean {
    if (!this.#framed) return /<\/stream:stream>\s*$/.test(this.text)
    return this.#elements.some(({ element }) => element.name === 'close' && element.ns === NS_FRAMING)
  }

  #push(element: XmlElement, end: number): void {
    if (element.ns === NS_CLIENT && stanzaNames.has(element.name)) this.#stanzas++
    this.#counts.set(element, this.#stanzas)
    this.#elements.push({ element, end })
  }

  #addFrame(frame: string): void {
    try {
      this.#push(parseXml(frame), this.text.length)
    } catch {
      // It is in the text.
    }
  }

  /** In pieces that end with a tag, because only so it is known where an element ends. */
  #parse(): void {
    for (;;) {
      const end = this.text.indexOf('>', this.#parsedTo) + 1
      if (end === 0) return
      const piece = this.text.slice(this.#parsedTo, end)
      this.#parsedTo = end
      // A restarted stream (RFC 6120 §4.3.3) is a new document; its declaration, if there is one, is the beginning.
      const begins = /^\s*<(\?xml|stream:stream)\b/.exec(piece)?.[1]
      if (begins !== undefined && !this.#declared) this.#parser = new StreamParser()
      this.#declared = begins === '?xml'
      for (const event of this.#parser?.write(piece) ?? []) {
        if (event.type === 'start') this.#push(event.header, end)
        if (event.type === 'element') this.#push(event.element, end)
      }
    }
  }
}

/** Whether an element is a stream header, in either framing. */
export const isHeader = (element: XmlElement): boolean =>
  (element.name === 'stream' && element.ns === NS_STREAM) || (element.name === 'open' && element.ns === NS_FRAMING)

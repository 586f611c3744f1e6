import { StreamError } from '../stream-error.js'
import { saxesTokenizer } from './saxes-tokenizer.js'
import { defaultLimits, type ParserLimits, type StreamEvent, TreeBuilder } from './tree-builder.js'

/** How a {@link StreamParser} reads. */
export interface StreamParserOptions {
  /** Whether each write is one complete element (RFC 7395) instead of a part of one long document. */
  readonly framed?: boolean
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<ParserLimits>
}

/** Bytes are decoded in pieces of this size: text that an application keeps then holds on to 4 KiB, not to a chunk. */
const pieceSize = 4096
const cdata = '<![CDATA['

/**
 * Reads one XML stream (RFC 6120 §4 and §11): bytes or text in, {@link StreamEvent}s out. The one place that defends
 * against what a peer can send: it decodes UTF-8 strictly, refuses comments, processing instructions, document types
 * and entities, stops at the first error, and enforces the limits before the data is kept.
 */
export class StreamParser {
  readonly #limits: ParserLimits
  readonly #framed: boolean
  readonly #builder: TreeBuilder
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  /** How much text was written, in UTF-16 units. */
  #written = 0
  /** The size of the stanza that is not complete yet. */
  #pending = 0
  /** Where the markup that is not complete yet begins; −1 between tokens. */
  #markupStart = -1
  /** Its first characters, as many as it takes to tell a tag from what RFC 6120 §11.1 forbids. */
  #markupHead = ''

  constructor(options: StreamParserOptions = {}) {
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#framed = options.framed ?? false
    this.#builder = new TreeBuilder(this.#limits, this.#framed, saxesTokenizer)
    // Over WebSocket every frame is a document of its own; a root that never ends makes them one stream, because a
    // parser for each would cost more than the parsing.
    if (this.#framed) this.#tokenize('<stream>')
  }

  /** Reads the next part of the stream. Never throws: a violation is the last event. */
  write(chunk: Uint8Array | string): readonly StreamEvent[] {
    const builder = this.#builder
    if (builder.done) return []
    try {
      if (typeof chunk === 'string') this.#writeText(chunk, chunk.length)
      else this.#writeBytes(chunk)
      if (this.#framed && (builder.depth !== 1 || this.#markupStart >= 0)) {
        builder.fail('not-well-formed', 'a frame is not one complete element')
      }
    } catch (error) {
      const ended = builder.done
      builder.done = true
      if (error instanceof StreamError) builder.events.push({ type: 'error', error })
      else if (!ended) throw error
    }
    return builder.events.splice(0)
  }

  #writeBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && !this.#builder.done; i += pieceSize) {
      const piece = bytes.subarray(i, i + pieceSize)
      let text: string
      try {
        text = this.#decoder.decode(piece, { stream: true })
      } catch {
        this.#builder.fail('unsupported-encoding', 'not UTF-8')
      }
      this.#writeText(text, piece.length)
    }
  }

  #writeText(piece: string, size: number): void {
    const builder = this.#builder
    // Keepalives between stanzas would otherwise pile up in the tokenizer as one long text.
    const text = builder.depth === 1 && this.#markupStart < 0 ? piece.replace(/^[ \t\r\n]+/, '') : piece
    if (text === '') return
    const start = this.#written
    this.#tokenize(text)
    if (builder.done) return
    // What follows the last complete stanza belongs to the next one. Its share of the piece is estimated by length: exact
    // for ASCII, and off by less than a piece for anything else.
    const isNew = builder.stanzaEnd > start
    const share = isNew ? (size * (this.#written - builder.stanzaEnd)) / text.length : size
    this.#pending = isNew ? share : this.#pending + share
    if (this.#pending > this.#limits.stanzaBytes) {
      builder.fail('policy-violation', `a stanza of more than ${this.#limits.stanzaBytes} bytes`)
    }
  }

  #tokenize(text: string): void {
    const builder = this.#builder
    const start = this.#written
    builder.write(text)
    this.#written += text.length
    if (builder.done) return
    this.#findMarkup(text, start)
    if (this.#markupStart < 0) return
    this.#checkMarkupHead()
    const { tokenLength } = this.#limits
    if (this.#written - Math.max(this.#markupStart, builder.partEnd) > tokenLength) {
      builder.fail('policy-violation', `a name or value longer than ${tokenLength}`)
    }
  }

  /**
   * A tokenizer reports what is complete; what is not, it keeps for itself, however long it gets. So we look for the
   * beginning of such markup: the first `<` after the last complete one, because text cannot contain it.
   */
  #findMarkup(text: string, start: number): void {
    const { markupEnd } = this.#builder
    if (this.#markupStart >= markupEnd && this.#markupStart >= 0) {
      if (this.#markupHead.length < cdata.length) this.#markupHead = (this.#markupHead + text).slice(0, cdata.length)
      return
    }
    const found = text.indexOf('<', Math.max(markupEnd - start, 0))
    this.#markupStart = found < 0 ? -1 : start + found
    this.#markupHead = found < 0 ? '' : text.slice(found, found + cdata.length)
  }

  /** Refuses `<!DOCTYPE`, `<!--` and `<?target` as soon as they cannot be anything else (RFC 6120 §11.1). */
  #checkMarkupHead(): void {
    const head = this.#markupHead
    const second = head[1]
    if (second === '!' && !cdata.startsWith(head)) this.#builder.restricted()
    if (second !== '?') return
    // An XML declaration comes first or not at all; before it there can only be a byte order mark.
    const declaration = '<?xml '.startsWith(head.replace(/[\t\r\n]/g, ' ').slice(0, 6))
    if (!declaration || this.#framed || this.#markupStart > 1) this.#builder.restricted()
  }
}

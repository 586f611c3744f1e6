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
/** With the flag `u`, a pair is one character and does not match. */
const loneSurrogate = /[\ud800-\udfff]/u

const notSpace = /[^ \t\r\n]/
const notInReference = /.[\s<>&'"]/s

const endsInHalf = (text: string, end: number): boolean => {
  const unit = text.charCodeAt(end - 1)
  return unit >= 0xd800 && unit <= 0xdbff
}

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
  /** The reference that is not complete yet, from its `&`. */
  #reference = ''
  /** The first half of a surrogate pair whose second half has not come yet. */
  #half = ''
  /** Whether anything but white space follows the last complete markup; kept up for frames only. */
  #hasText = false
  /** The bytes of a character whose last byte has not come yet. */
  #partial = 0

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
      if (typeof chunk === 'string') this.#writeString(chunk)
      else this.#writeBytes(chunk)
      if (this.#framed) this.#endFrame(typeof chunk !== 'string')
    } catch (error) {
      // What follows the end of the stream is not read, so nothing can be wrong with it (RFC 6120 §4.4).
      const ended = builder.done
      builder.done = true
      if (!ended) {
        if (!(error instanceof StreamError)) throw error
        builder.events.push({ type: 'error', error })
      }
    }
    return builder.events.splice(0)
  }

  /** The frame's end is the element's end; the tokenizer, which sees one long document, does not know. */
  #endFrame(binary: boolean): void {
    const builder = this.#builder
    if (binary) this.#decode()
    if (builder.depth !== 1 || this.#markupStart >= 0 || this.#half !== '' || this.#hasText) {
      builder.fail('not-well-formed', 'a frame is not one complete element')
    }
  }

  #writeString(chunk: string): void {
    const text = this.#half + chunk
    const whole = endsInHalf(text, text.length) ? text.length - 1 : text.length
    this.#half = text.slice(whole)
    for (let i = 0, end = 0; i < whole && !this.#builder.done; i = end) {
      end = Math.min(i + pieceSize, whole)
      if (end < whole && endsInHalf(text, end)) end--
      const piece = text.slice(i, end)
      // saxes would take half a pair together with what follows it, be it a `<`, for one character.
      const lone = piece.search(loneSurrogate)
      const legal = lone < 0 ? piece : piece.slice(0, lone)
      this.#writeText(legal, legal.length)
      if (lone >= 0 && !this.#builder.done) this.#builder.fail('not-well-formed', 'half a surrogate pair')
    }
  }

  #writeBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && !this.#builder.done; i += pieceSize) {
      const piece = bytes.subarray(i, i + pieceSize)
      const text = this.#decode(piece)
      const size = this.#partial + piece.length
      this.#partial = text === '' ? size : 0
      this.#writeText(text, size)
    }
  }

  /** Bytes to text; without bytes, checks that no character is incomplete. */
  #decode(bytes?: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      this.#builder.fail('unsupported-encoding', 'not UTF-8')
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
    // What is not complete yet began in this piece or in an earlier one. Its share of the piece is estimated by length:
    // exact for ASCII, and off by less than a piece for anything else.
    const from = builder.depth > 1 ? builder.stanzaStart : Math.max(this.#markupStart, builder.stanzaEnd)
    const share = (size / piece.length) * (from >= start ? this.#written - from : text.length)
    this.#pending = from >= start ? share : this.#pending + share
    if (this.#pending > this.#limits.stanzaBytes) builder.stanzaTooLong()
  }

  #tokenize(text: string): void {
    const builder = this.#builder
    const start = this.#written
    builder.write(text)
    this.#written += text.length
    if (builder.done) return
    this.#findMarkup(text, start)
    this.#checkReference(text, start)
    if (this.#markupStart < 0) return
    this.#checkMarkupHead()
    if (this.#markupHead === cdata) return // text like any other, limited by the size of the stanza
    const length = this.#written - Math.max(this.#markupStart, builder.partEnd)
    if (length > 2 * this.#limits.tokenLength) builder.tokenTooLong()
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
    const rest = Math.max(markupEnd - start, 0)
    const found = text.indexOf('<', rest)
    this.#markupStart = found < 0 ? -1 : start + found
    if (this.#framed) this.#hasText = (this.#hasText && markupEnd <= start) || notSpace.test(text.slice(rest))
    this.#markupHead = found < 0 ? '' : text.slice(found, found + cdata.length)
  }

  /** saxes looks for the `;` of a reference behind any amount of markup; what cannot be in one ends it here. */
  #checkReference(text: string, start: number): void {
    const builder = this.#builder
    const at = text.lastIndexOf('&')
    if (at < 0 && this.#reference === '') return
    const closed = start + at < builder.markupEnd && builder.markupEnd > start
    const reference = at < 0 ? this.#reference + text : text.slice(at)
    this.#reference = closed || this.#markupHead === cdata || reference.includes(';') ? '' : reference
    if (notInReference.test(this.#reference)) builder.malformed('reference without its end')
    if (this.#reference.length > this.#limits.tokenLength) builder.tokenTooLong()
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

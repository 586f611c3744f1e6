/**
 * The strict stream parser: what only code that connects needs, so it has an entry of its own.
 *
 * @module
 */

import { StreamError } from '../stream-error.js'
import { defaultLimits, type ParserLimits } from './limits.js'
import { malformed, refuse } from './refuse.js'
import { legalEnd } from './scan.js'
import { type StreamEvent, TreeBuilder } from './tree-builder.js'

/** How a {@link StreamParser} reads. */
export interface StreamParserOptions {
  /** Whether each write is one complete element (RFC 7395) instead of a part of one long document. */
  readonly framed?: boolean
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<ParserLimits>
}

/** Bytes are decoded in pieces of this size: text that an application keeps then holds on to 4 KiB, not to a chunk. */
const pieceSize = 4096
const notSpace = /[^ \t\r\n]/

const endsInHalf = (text: string, end: number): boolean => (text.charCodeAt(end - 1) & 0xfc00) === 0xd800

/**
 * Reads one XML stream (RFC 6120 §4 and §11): bytes or text in, {@link StreamEvent}s out. The one place that defends
 * against what a peer can send: it decodes UTF-8 strictly, refuses comments, processing instructions, document types
 * and entities, stops at the first error, and enforces the limits before the data is kept.
 */
export class StreamParser {
  readonly #framed: boolean
  readonly #builder: TreeBuilder
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  /** The bytes of a character whose last byte has not come yet. */
  #partial = 0
  /** The first half of a surrogate pair whose second half has not come yet. */
  #half = ''
  /** Whether the last character was a CR. */
  #afterCr = false

  constructor(options: StreamParserOptions = {}) {
    this.#framed = options.framed ?? false
    this.#builder = new TreeBuilder({ ...defaultLimits, ...options.limits }, this.#framed)
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
      builder.done = true
      if (!(error instanceof StreamError)) throw error
      builder.events.push({ type: 'error', error })
    }
    return builder.events.splice(0)
  }

  /** The frame's end is the element's end; the builder, which sees one long document, does not know. */
  #endFrame(binary: boolean): void {
    if (binary) this.#decode()
    if (this.#half !== '' || !this.#builder.betweenStanzas) {
      refuse('not-well-formed', 'a frame is not one complete element')
    }
  }

  #writeString(chunk: string): void {
    const text = this.#half + chunk
    const whole = endsInHalf(text, text.length) ? text.length - 1 : text.length
    this.#half = text.slice(whole)
    for (let i = 0, end = 0; i < whole && !this.#builder.done; i = end) {
      end = Math.min(i + pieceSize, whole)
      if (end < whole && endsInHalf(text, end)) end--
      this.#writeText(text.slice(i, end), end - i)
    }
  }

  #writeBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length && !this.#builder.done; i += pieceSize) {
      // A view costs more than to read a small chunk.
      const piece = bytes.length > pieceSize ? bytes.subarray(i, i + pieceSize) : bytes
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
      refuse('unsupported-encoding')
    }
  }

  /** Hands legal characters on, and an error at the first other one. */
  #writeText(text: string, size: number): void {
    // Keepalives between stanzas (RFC 6120 §4.6.1) end here.
    if (this.#builder.betweenStanzas && !notSpace.test(text)) return
    const end = legalEnd(text)
    const normal = this.#normalise(end < text.length ? text.slice(0, end) : text)
    if (normal !== '') this.#builder.write(normal, size)
    if (end < text.length && !this.#builder.done) malformed()
  }

  /** Line ends as XML 1.0 §2.11 wants them. */
  #normalise(text: string): string {
    if (!this.#afterCr && !text.includes('\r')) return text
    const rest = this.#afterCr && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') this.#afterCr = text.endsWith('\r')
    return rest.replace(/\r\n?/g, '\n')
  }
}

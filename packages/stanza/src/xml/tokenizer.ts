import type { ParserLimits } from './limits.js'
import { type QName, qName } from './names.js'
import { resolveReferences } from './references.js'
import { exceeded, malformed, restricted } from './refuse.js'
import { Cursor, nameEnd, spaceEnd, unitAt } from './scan.js'
import { TagEnd } from './tag-end.js'
import { checkDeclaration } from './xml-declaration.js'

/** Where a {@link Tokenizer} reports to. Positions are indexes in the text that is being written. */
export interface TokenSink {
  /** A `<` was read. */
  markup(at: number): void
  /** A start tag: its name, and of its attributes the first `count` names and values, normalised (XML 1.0 §3.3.3). */
  open(name: QName, names: readonly QName[], values: readonly string[], count: number): void
  /** An element is complete; what ended it ends before `at`. */
  close(at: number): void
  /** A part of the character data between two tags, which may come in any number of parts. */
  text(text: string, hadReferences: boolean): void
}

/** Reads on from `at` until another state takes over or the text ends, and returns how far it came. */
type State = (text: string, at: number) => number

const cdata = '[CDATA['

/**
 * Splits text into XML tokens: namespace-well-formed XML 1.0 without what RFC 6120 §11.1 forbids; anything else is an
 * error. It expects legal characters only, and line ends already normalised.
 *
 * A tag that is whole in the text is read where it is. One that the text cuts is kept and followed to its end, then read:
 * whatever the network's cuts, each character is looked at a fixed number of times.
 */
export class Tokenizer {
  readonly #sink: TokenSink
  readonly #limits: ParserLimits
  /** How many open elements no end tag may close: the root of a framed stream. */
  readonly #floor: number
  /** The names of the open elements. */
  readonly #open: string[] = []
  readonly #lessThan = new Cursor('<')
  readonly #ampersand = new Cursor('&')
  readonly #cdataEnd = new Cursor(']]>')
  readonly #tab = new Cursor('\t')
  readonly #lineFeed = new Cursor('\n')
  readonly #double = new Cursor('"')
  readonly #single = new Cursor("'")
  readonly #cursors = [
    ...[this.#lessThan, this.#ampersand, this.#cdataEnd],
    ...[this.#tab, this.#lineFeed, this.#double, this.#single],
  ]
  /** Attributes of the tag; beyond `#count` they are old. */
  readonly #names: QName[] = []
  readonly #values: string[] = []
  #count = 0
  #state: State = this.#begin
  /** The first part of what the end of the text cut. */
  #held = ''
  /** Whether nothing was read yet, so that an XML declaration may follow (XML 1.0 §2.8). */
  #first = false
  /** Follows a cut tag. */
  readonly #tagEnd: TagEnd
  /** Where the text begins that is being read, seen from the one being written: a cut tag began earlier. */
  #offset = 0

  /** @param framed whether the root is there already, and the text is its content */
  constructor(sink: TokenSink, limits: ParserLimits, framed: boolean) {
    this.#sink = sink
    this.#limits = limits
    this.#tagEnd = new TagEnd(limits.tokenLength)
    this.#floor = framed ? 1 : 0
    if (!framed) return
    this.#open.push('')
    this.#state = this.#content
  }

  /** Whether the last text ended between two tokens. */
  get betweenTokens(): boolean {
    return this.#state === this.#content && this.#held === ''
  }

  /** Takes the next text. Whatever the sink throws ends it; it is not used again then. */
  write(text: string): void {
    this.#resetCursors()
    for (let at = 0; at < text.length; ) at = this.#state(text, at)
    // Views on this text, which may be a megabyte, and the next elements may have fewer attributes.
    this.#values.fill('')
  }

  #resetCursors(): void {
    for (const cursor of this.#cursors) cursor.reset()
  }

  /** The first character: a byte order mark is tolerated only here. */
  #begin(text: string, at: number): number {
    this.#first = true
    this.#state = this.#content
    return text.charCodeAt(at) === 0xfeff ? at + 1 : at
  }

  /** Character data. */
  #content(text: string, at: number): number {
    const end = this.#lessThan.next(text, at)
    if (end > at || this.#held !== '') {
      const run = this.#held + text.slice(at, end)
      if (this.#cdataEnd.next(text, at) < end || (this.#held !== '' && run.includes(']]>'))) malformed()
      this.#held = ''
      this.#first = false
      const references = this.#ampersand.next(text, at) < end
      this.#text(end < text.length ? run : this.#cut(run, references), references)
    }
    if (end === text.length) return end
    this.#sink.markup(end)
    this.#state = this.#markup
    return end + 1
  }

  /** Keeps of character data what the end of the text may have cut: a reference, or the beginning of `]]>`. */
  #cut(run: string, references: boolean): string {
    let end = run.length
    if (references && run.lastIndexOf('&') > run.lastIndexOf(';')) {
      end = run.lastIndexOf('&')
      this.#state = this.#reference
    } else if (run.endsWith(']')) end -= run.endsWith(']]') ? 2 : 1
    this.#held = run.slice(end)
    return run.slice(0, end)
  }

  #text(text: string, references: boolean): void {
    if (text !== '') this.#sink.text(references ? resolveReferences(text) : text, references)
  }

  /** A reference in character data, cut by the end of a text. */
  #reference(text: string, at: number): number {
    const semicolon = text.indexOf(';', at) + 1 || text.length
    const end = Math.min(semicolon, this.#lessThan.next(text, at))
    this.#hold(text.slice(at, end))
    if (end === text.length && !text.endsWith(';')) return end
    const reference = this.#held
    this.#held = ''
    this.#state = this.#content
    this.#text(reference, true)
    return end
  }

  /** After `<`. */
  #markup(text: string, at: number): number {
    const unit = text.charCodeAt(at)
    if (unit === 0x21 /* ! */) {
      this.#state = this.#bang
      return at + 1
    }
    if (unit === 0x3f /* ? */ && !this.#first) restricted()
    this.#first = false
    this.#state = this.#content
    const end = this.#tag(text, at)
    if (end > 0) return end
    this.#tagEnd.reset()
    this.#state = this.#cutTag
    return this.#cutTag(text, at)
  }

  /** After `<!`: what begins like a CDATA section and is none, is forbidden. */
  #bang(text: string, at: number): number {
    this.#held += text[at]
    if (!cdata.startsWith(this.#held)) restricted()
    if (this.#held === cdata) {
      if (this.#open.length === 0) malformed()
      this.#held = ''
      this.#state = this.#cdata
    }
    return at + 1
  }

  #cdata(text: string, at: number): number {
    const run = this.#held + text.slice(at)
    const found = run.indexOf(']]>')
    let end = found
    if (found < 0) end = run.length - (run.endsWith(']]') ? 2 : run.endsWith(']') ? 1 : 0)
    else this.#state = this.#content
    if (end > 0) this.#sink.text(run.slice(0, end), false)
    this.#held = found < 0 ? run.slice(end) : ''
    return found < 0 ? text.length : text.length - (run.length - found - 3)
  }

  /** Keeps a tag that the text cuts, and reads it when it is whole. */
  #cutTag(text: string, at: number): number {
    const end = this.#tagEnd.next(text, at)
    this.#held += text.slice(at, end || text.length)
    if (end === 0) return text.length
    const tag = this.#held
    this.#held = ''
    this.#state = this.#content
    this.#offset = end - tag.length
    // The cursors have not been used in this text yet: the tag is the first thing in it.
    this.#tag(tag, 0)
    this.#resetCursors()
    this.#offset = 0
    return end
  }

  /** Reads a tag after its `<`; returns where it ends, or 0 if the text ends first. */
  #tag(text: string, at: number): number {
    const unit = unitAt(text, at)
    if (unit === 0x2f /* / */) return this.#endTag(text, at + 1)
    return unit === 0x3f /* ? */ ? this.#startTag(text, at + 1, unit) : this.#startTag(text, at, 0x2f)
  }

  /** Reads a start tag, or an XML declaration, which looks like one; `closing` comes before its `>`. */
  #startTag(text: string, at: number, closing: number): number {
    let end = nameEnd(text, at)
    if (end === text.length) return 0
    const name = this.#name(text, at, end)
    const declaration = closing === 0x3f
    if (declaration && name.raw !== 'xml') restricted()
    this.#count = 0
    for (;;) {
      const next = spaceEnd(text, end)
      const unit = unitAt(text, next)
      if (unit === closing) {
        if (unitAt(text, next + 1) !== 0x3e /* > */) return this.#unexpected(text, next + 1)
        if (declaration) checkDeclaration(text.slice(at, next), this.#names.slice(0, this.#count), this.#values)
        else this.#start(name)
        return declaration ? next + 2 : this.#close(next + 2)
      }
      if (unit === 0x3e && !declaration) {
        this.#start(name)
        return next + 1
      }
      if (next === end) return this.#unexpected(text, next)
      end = this.#attribute(text, next)
      if (end === 0) return 0
    }
  }

  #start(name: QName): void {
    this.#open.push(name.raw)
    this.#sink.open(name, this.#names, this.#values, this.#count)
  }

  /** Reads an attribute; returns where it ends, or 0 if the text ends first. */
  #attribute(text: string, start: number): number {
    const { attributes, tokenLength } = this.#limits
    const nameStop = nameEnd(text, start)
    let at = spaceEnd(text, nameStop)
    if (unitAt(text, at) !== 0x3d /* = */) return this.#unexpected(text, at)
    at = spaceEnd(text, at + 1)
    const unit = unitAt(text, at++)
    if (unit !== 0x22 /* " */ && unit !== 0x27 /* ' */) return this.#unexpected(text, at - 1)
    const end = (unit === 0x22 ? this.#double : this.#single).next(text, at)
    if (this.#lessThan.next(text, at) < end) malformed()
    if (end === text.length) return 0
    let value = text.slice(at, end)
    if (this.#tab.next(text, at) < end || this.#lineFeed.next(text, at) < end) value = value.replace(/[\t\n]/g, ' ')
    if (this.#ampersand.next(text, at) < end) value = resolveReferences(value)
    if (value.length > tokenLength || end - start >= 2 * tokenLength) exceeded('tokenLength')
    this.#names[this.#count] = this.#name(text, start, nameStop)
    this.#values[this.#count] = value
    if (++this.#count > attributes) exceeded('attributes')
    return end + 1
  }

  /** Reads an end tag after its slash; returns where it ends, or 0 if the text ends first. */
  #endTag(text: string, at: number): number {
    if (this.#open.length === this.#floor) malformed()
    const expected = this.#open[this.#open.length - 1] as string
    if (text.startsWith(expected, at)) {
      const end = at + expected.length
      if (unitAt(text, end) === 0x3e /* > */) return this.#close(end + 1)
    }
    const end = nameEnd(text, at)
    const next = spaceEnd(text, end)
    if (unitAt(text, next) !== 0x3e) return this.#unexpected(text, next)
    return text.slice(at, end) === expected ? this.#close(next + 1) : malformed()
  }

  #close(at: number): number {
    this.#open.pop()
    this.#sink.close(at + this.#offset)
    if (this.#open.length === 0) this.#state = this.#ended
    return at
  }

  /** After the root nothing is read (RFC 6120 §4.4). */
  readonly #ended: State = (text) => text.length

  #name(text: string, at: number, end: number): QName {
    if (end - at > this.#limits.tokenLength) exceeded('tokenLength')
    return qName(text.slice(at, end)) ?? malformed()
  }

  #hold(part: string): void {
    this.#held += part
    if (this.#held.length > this.#limits.tokenLength) exceeded('tokenLength')
  }

  /** What is not as it has to be is malformed, unless it has not come yet. */
  #unexpected(text: string, at: number): number {
    return at < text.length ? malformed() : 0
  }
}

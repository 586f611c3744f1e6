import type { StreamErrorCondition } from '../stream-error.js'
import { Cursor, nameEnd, spaceEnd, unitAt } from './cursor.js'
import { ncName, type QName, qName } from './names.js'

/** What a {@link Tokenizer} itself limits. */
export interface TokenLimits {
  readonly attributes: number
  readonly tokenLength: number
}

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
  /** `<?xml …?>`, at the start of the document only. */
  declaration(version: string, encoding: string | undefined): void
  /** Ends the stream because of a limit. */
  exceeded(limit: keyof TokenLimits): never
  /** Ends the stream with an error. */
  fail(condition: StreamErrorCondition, text: string): never
}

/** Reads on from `at` until another state takes over or the text ends, and returns how far it came. */
type State = (text: string, at: number) => number

const cdata = '[CDATA['
const declaration = 'xml '
const declarationRest =
  /^[ \t\n]*version[ \t\n]*=[ \t\n]*(["'])([^"']*)\1([ \t\n]+encoding[ \t\n]*=[ \t\n]*(["'])([^"']*)\4)?([ \t\n]+standalone[ \t\n]*=[ \t\n]*(["'])(yes|no)\7)?[ \t\n]*\?>$/
/** What is no Char (XML 1.0 §2.2, production 2). With the flag `u`, a surrogate pair is one character. */
const notChar = /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/u
const references = /&([^;]*)(;?)/g
const entities = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
])

/**
 * Splits text into XML tokens: namespace-well-formed XML 1.0 without what RFC 6120 §11.1 forbids; anything else is an
 * error. It expects legal characters only, and line ends already normalised.
 *
 * A tag that is whole in the text is read where it is. One that the text cuts is kept and followed to its end, then read:
 * whatever the network's cuts, each character is looked at a fixed number of times.
 */
export class Tokenizer {
  readonly #sink: TokenSink
  readonly #limits: TokenLimits
  /** How many open elements no end tag may close: the root of a framed stream. */
  readonly #floor: number
  /** The names of the open elements. */
  readonly #open: string[] = []
  readonly #lessThan = new Cursor('<')
  readonly #ampersand = new Cursor('&')
  readonly #tab = new Cursor('\t')
  readonly #lineFeed = new Cursor('\n')
  readonly #double = new Cursor('"')
  readonly #single = new Cursor("'")
  /** Attributes of the tag; beyond `#count` they are old. */
  readonly #names: QName[] = []
  readonly #values: string[] = []
  #count = 0
  #state: State = this.#start
  /** The first part of what the end of the text cut. */
  #held = ''
  /** Whether nothing was read yet, so that an XML declaration may follow (XML 1.0 §2.8). */
  #first = false
  /** What has to follow, and how much of it has. */
  #expected = ''
  #matched = 0
  /** Where the text begins that is being read, seen from the one being written: a cut tag began earlier. */
  #offset = 0
  /** Of a cut tag: the quote that ends the value, or 0. */
  #quote = 0
  /** Of a cut tag: the last unit that is not white space. */
  #last = 0
  /** Of a cut tag: the length of the value or name so far. */
  #run = 0

  /** @param framed whether the root is there already, and the text is its content */
  constructor(sink: TokenSink, limits: TokenLimits, framed: boolean) {
    this.#sink = sink
    this.#limits = limits
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
  }

  #resetCursors(): void {
    this.#lessThan.reset()
    this.#ampersand.reset()
    this.#tab.reset()
    this.#lineFeed.reset()
    this.#double.reset()
    this.#single.reset()
  }

  /** The first character: a byte order mark is tolerated only here. */
  #start(text: string, at: number): number {
    this.#first = true
    this.#state = this.#content
    return text.charCodeAt(at) === 0xfeff ? at + 1 : at
  }

  #content(text: string, at: number): number {
    const end = this.#lessThan.next(text, at)
    if (end > at || this.#held !== '') {
      const run = this.#held + text.slice(at, end)
      this.#held = ''
      this.#first = false
      this.#text(end < text.length ? run : this.#cut(run), this.#ampersand.next(text, at) < end)
    }
    if (end === text.length) return end
    this.#sink.markup(end)
    this.#state = this.#markup
    return end + 1
  }

  /** Keeps of character data what the end of the text may have cut: a reference, or the beginning of `]]>`. */
  #cut(run: string): string {
    const reference = run.lastIndexOf('&')
    let end = run.length
    if (reference > run.lastIndexOf(';')) {
      end = reference
      this.#state = this.#reference
    } else if (run.endsWith(']')) end -= run.endsWith(']]') ? 2 : 1
    this.#held = run.slice(end)
    return run.slice(0, end)
  }

  #text(text: string, references: boolean): void {
    if (text.includes(']]>')) this.#malformed()
    if (text !== '') this.#sink.text(references ? this.#resolve(text) : text, references)
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
    if (unit === 0x21 /* ! */ || unit === 0x3f /* ? */) {
      this.#expected = unit === 0x21 ? cdata : declaration
      if (unit === 0x3f && !this.#first) this.#restricted()
      this.#state = this.#expect
      return at + 1
    }
    this.#first = false
    this.#state = this.#content
    const end = this.#tag(text, at)
    if (end > 0) return end
    this.#last = 0
    this.#run = 0
    this.#state = this.#cutTag
    return this.#cutTag(text, at)
  }

  /** What begins like one of the two things that may follow `<!` or `<?` and is not it, is forbidden. */
  #expect(text: string, at: number): number {
    const found = spaceEnd(text, at) > at ? ' ' : text[at]
    if (found !== this.#expected[this.#matched]) this.#restricted()
    if (++this.#matched === this.#expected.length) {
      this.#matched = 0
      this.#state = this.#expected === cdata ? this.#cdata : this.#declaration
      if (this.#expected === cdata && this.#open.length === 0) this.#malformed()
    }
    return at + 1
  }

  #declaration(text: string, at: number): number {
    const end = text.indexOf('>', at) + 1 || text.length
    this.#hold(text.slice(at, end))
    if (text.charCodeAt(end - 1) !== 0x3e /* > */) return end
    const match = declarationRest.exec(this.#held) ?? this.#malformed()
    this.#sink.declaration(match[2] as string, match[5])
    this.#held = ''
    this.#first = false
    this.#state = this.#content
    return end
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

  /** Follows a tag that the text cuts, from one quote to the next, and reads it when it is whole. */
  #cutTag(text: string, at: number): number {
    let end = at
    while (end < text.length && !this.#endsTag(text.charCodeAt(end))) end++
    if (end === text.length) {
      this.#held += text.slice(at)
      return end
    }
    const tag = this.#held + text.slice(at, ++end)
    this.#held = ''
    this.#state = this.#content
    this.#offset = end - tag.length
    this.#resetCursors()
    this.#tag(tag, 0)
    this.#resetCursors()
    this.#offset = 0
    return end
  }

  #endsTag(unit: number): boolean {
    if (unit === 0x3c /* < */) this.#malformed()
    if (++this.#run > 2 * this.#limits.tokenLength + 2) this.#sink.exceeded('tokenLength')
    if (this.#quote !== 0) {
      if (unit !== this.#quote) return false
      this.#quote = 0
    } else if (unit === 0x22 /* " */ || unit === 0x27 /* ' */) {
      if (this.#last !== 0x3d /* = */) this.#malformed()
      this.#quote = unit
    } else if (unit > 0x20) {
      this.#last = unit
      return unit === 0x3e /* > */
    }
    // A quote, or white space between parts.
    if (unit > 0x20) this.#last = unit
    this.#run = 0
    return false
  }

  /** Reads a tag after its `<`; returns where it ends, or 0 if the text ends first. */
  #tag(text: string, at: number): number {
    return text.charCodeAt(at) === 0x2f /* / */ ? this.#endTag(text, at + 1) : this.#startTag(text, at)
  }

  #startTag(text: string, at: number): number {
    let end = nameEnd(text, at)
    if (end === text.length) return 0
    const name = this.#name(text, at, end)
    this.#count = 0
    for (;;) {
      const next = spaceEnd(text, end)
      const unit = unitAt(text, next)
      if (unit === 0x3e /* > */ || unit === 0x2f /* / */) {
        const empty = unit === 0x2f
        if (empty && unitAt(text, next + 1) !== 0x3e) return this.#unexpected(text, next + 1)
        this.#open.push(name.raw)
        this.#sink.open(name, this.#names, this.#values, this.#count)
        return empty ? this.#close(next + 2) : next + 1
      }
      if (next === end) return this.#unexpected(text, next)
      end = this.#attribute(text, next)
      if (end === 0) return 0
    }
  }

  /** Reads an attribute; returns where it ends, or 0 if the text ends first. */
  #attribute(text: string, start: number): number {
    const { tokenLength, attributes } = this.#limits
    const nameStop = nameEnd(text, start)
    let at = spaceEnd(text, nameStop)
    if (unitAt(text, at) !== 0x3d /* = */) return this.#unexpected(text, at)
    at = spaceEnd(text, at + 1)
    const unit = unitAt(text, at++)
    if (unit !== 0x22 /* " */ && unit !== 0x27 /* ' */) return this.#unexpected(text, at - 1)
    const end = (unit === 0x22 ? this.#double : this.#single).next(text, at)
    if (this.#lessThan.next(text, at) < end) this.#malformed()
    if (end === text.length) return 0
    let value = text.slice(at, end)
    if (this.#tab.next(text, at) < end || this.#lineFeed.next(text, at) < end) value = value.replace(/[\t\n]/g, ' ')
    if (this.#ampersand.next(text, at) < end) value = this.#resolve(value)
    if (value.length > tokenLength || end - start >= 2 * tokenLength) this.#sink.exceeded('tokenLength')
    this.#names[this.#count] = this.#name(text, start, nameStop)
    this.#values[this.#count] = value
    if (++this.#count > attributes) this.#sink.exceeded('attributes')
    return end + 1
  }

  /** Reads an end tag after its slash; returns where it ends, or 0 if the text ends first. */
  #endTag(text: string, at: number): number {
    if (this.#open.length === this.#floor) this.#malformed()
    const expected = this.#open[this.#open.length - 1] as string
    if (text.startsWith(expected, at)) {
      const end = at + expected.length
      if (unitAt(text, end) === 0x3e /* > */) return this.#close(end + 1)
    }
    const end = nameEnd(text, at)
    const next = spaceEnd(text, end)
    if (unitAt(text, next) !== 0x3e) return this.#unexpected(text, next)
    return text.slice(at, end) === expected ? this.#close(next + 1) : this.#malformed()
  }

  #close(at: number): number {
    this.#open.pop()
    this.#sink.close(at + this.#offset)
    if (this.#open.length === 0) this.#state = this.#ended
    return at
  }

  /** After the root nothing is read (RFC 6120 §4.4). */
  #ended(text: string): number {
    return text.length
  }

  #name(text: string, at: number, end: number): QName {
    if (end - at > this.#limits.tokenLength) this.#sink.exceeded('tokenLength')
    return qName(text.slice(at, end)) ?? this.#malformed()
  }

  #hold(part: string): void {
    this.#held += part
    if (this.#held.length > this.#limits.tokenLength) this.#sink.exceeded('tokenLength')
  }

  #resolve(text: string): string {
    return text.replace(references, (_, name: string, end: string) => (end ? this.#character(name) : this.#malformed()))
  }

  /** Only what XML itself defines (RFC 6120 §11.1), and only legal characters (XML 1.0 §4.1). */
  #character(name: string): string {
    const predefined = entities.get(name)
    if (predefined !== undefined) return predefined
    if (ncName.test(name)) this.#restricted()
    if (!/^#(\d+|x[\da-fA-F]+)$/.test(name)) this.#malformed()
    const code = Number(name.replace(/^#x?/, name[1] === 'x' ? '0x' : ''))
    const character = code > 0x10ffff ? '\0' : String.fromCodePoint(code)
    return notChar.test(character) ? this.#malformed() : character
  }

  /** What is not as it has to be is malformed, unless it has not come yet. */
  #unexpected(text: string, at: number): number {
    return at < text.length ? this.#malformed() : 0
  }

  #restricted(): never {
    this.#sink.fail('restricted-xml', 'comment, processing instruction, document type or entity')
  }

  #malformed(): never {
    this.#sink.fail('not-well-formed', 'not well-formed')
  }
}

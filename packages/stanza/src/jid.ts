import { XmppError } from './error.js'
import { enforceDomain, enforceOpaque, enforceUsername } from './precis.js'

/** A JID without a resource: an account, a room, a server. */
export type BareJid = Jid & { readonly resource: undefined }
/** A JID with a resource: one client of an account, one occupant of a room. */
export type FullJid = Jid & { readonly resource: string }
/** The part of a JID an error is about; `'jid'` when it is the whole. */
export type JidPart = 'local' | 'domain' | 'resource' | 'jid'

/** Thrown when text is not a JID (RFC 7622). */
export class InvalidJidError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'InvalidJidError'
  readonly code = 'invalid-jid'
  /** `'user'`: whoever typed it can correct it; `'no'` for input so long that nobody typed it. */
  readonly retry: 'no' | 'user'
  /** What was given, cut to 100 characters, with invisible ones escaped so that it can be logged. */
  readonly input: string
  /** The part that is wrong. */
  readonly part: JidPart

  /** @param problem what is wrong with the part, to complete the sentence "the resource is …" */
  constructor(input: string, part: JidPart, problem: string) {
    const shown = printable(input)
    super(
      `Invalid JID "${shown}": the ${part === 'local' ? 'local part' : part === 'jid' ? 'JID' : part} is ${problem}`,
    )
    this.input = shown
    this.part = part
    this.retry = part === 'jid' ? 'no' : 'user'
  }
}

/** The parts of a JID for {@link Jid.of}, not yet enforced. */
export interface JidParts {
  /** Before the `@`: an account or a room. */
  readonly local?: string | undefined
  /** A domain name, an IPv4 address or an IPv6 address in brackets. */
  readonly domain: string
  /** After the `/`: a client or a nickname. */
  readonly resource?: string | undefined
}

/** Why parts are not a JID: the arguments of the error, without the cost of creating one. */
type Problem<Part> = readonly [part: Part, problem: string]

// RFC 7622 §3.1: three parts of 1023 bytes and two separators; one more for the root's dot, one for good measure.
const MAX_INPUT = 3073
const MAX_PART_BYTES = 1023

// Nearly every JID of a stream is plain ASCII in its enforced form already. No alternative overlaps its neighbour, so
// the time is linear, and no domain reaches the 63 bytes of a label, ends in a number or holds an A-label.
const PLAIN =
  /^(?:([!#-%(-.0-9;=?[-~]{1,1023})@)?((?=[a-z\d.-]{1,63}(?:\/|$))(?:[a-z\d]+(?:-[a-z\d]+)*\.)*[a-z][a-z\d]*(?:-[a-z\d]+)*)(?:\/([ -~]{1,1023}))?$/

const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * An XMPP address (RFC 7622), immutable and always in its enforced form, so two of them are the same address exactly if
 * their strings are equal. As a key use `jid.toString()` in a `Map`.
 */
export class Jid {
  /** The account or room (PRECIS UsernameCaseMapped, RFC 7622 §3.3). */
  readonly local: string | undefined
  /** The domain in Unicode, lower case and without a trailing dot, or an IP address (RFC 7622 §3.2). */
  readonly domain: string
  /** The client or nickname (PRECIS OpaqueString, RFC 7622 §3.4). */
  readonly resource: string | undefined
  readonly #text: string
  #bare: BareJid | undefined

  private constructor(local: string | undefined, domain: string, resource: string | undefined, text?: string) {
    this.local = local
    this.domain = domain
    this.resource = resource
    this.#text =
      text ?? (local === undefined ? '' : `${local}@`) + domain + (resource === undefined ? '' : `/${resource}`)
    Object.freeze(this)
  }

  /** Parses and enforces; throws {@link InvalidJidError}, and `TypeError` for anything but a string. */
  static parse(input: string): Jid {
    const result = Jid.#read(input)
    if (result instanceof Jid) return result
    throw new InvalidJidError(input, ...result)
  }

  /** Like {@link Jid.parse}, but `undefined` for text that is no JID. */
  static tryParse(input: string): Jid | undefined {
    const result = Jid.#read(input)
    return result instanceof Jid ? result : undefined
  }

  /** Builds a JID from parts, each enforced by itself; throws {@link InvalidJidError}. */
  static of(parts: JidParts): Jid {
    const result = Jid.#enforce(parts.local, parts.domain, parts.resource)
    if (result instanceof Jid) return result
    throw new InvalidJidError(parts[result[0]] ?? '', ...result)
  }

  // RFC 7622 §3.1: cut first, map afterwards. A separator that only appears by mapping (U+FF20, U+FF0F) separates
  // nothing; it makes its part invalid.
  static #read(input: string): Jid | Problem<JidPart> {
    if (typeof input !== 'string') throw new TypeError('a JID is parsed from a string')
    if (input.length > MAX_INPUT) return ['jid', 'too long']
    const plain = PLAIN.exec(input)
    if (plain) return new Jid(plain[1], plain[2]!, plain[3], input)
    const slash = input.indexOf('/')
    const bare = slash < 0 ? input : input.slice(0, slash)
    const at = bare.indexOf('@')
    return Jid.#enforce(
      at < 0 ? undefined : bare.slice(0, at),
      bare.slice(at + 1),
      slash < 0 ? undefined : input.slice(slash + 1),
    )
  }

  static #enforce(
    local: string | undefined,
    domain: string,
    resource: string | undefined,
  ): Jid | Problem<keyof JidParts> {
    const before = local === undefined ? local : enforcePart('local', local)
    if (typeof before === 'object') return before
    const host = enforcePart('domain', domain)
    if (typeof host === 'object') return host
    const after = resource === undefined ? resource : enforcePart('resource', resource)
    return typeof after === 'object' ? after : new Jid(before, host, after)
  }

  /** The same address without its resource. */
  get bare(): BareJid {
    if (this.isBare()) return this
    this.#bare ??= new Jid(this.local, this.domain, undefined) as BareJid
    return this.#bare
  }

  /** Whether there is no resource. */
  isBare(): this is BareJid {
    return this.resource === undefined
  }

  /** Whether there is a resource. */
  isFull(): this is FullJid {
    return this.resource !== undefined
  }

  /** The same bare address with another resource; throws {@link InvalidJidError}. */
  withResource(resource: string): FullJid {
    const result = enforcePart('resource', resource)
    if (typeof result === 'object') throw new InvalidJidError(resource, ...result)
    return new Jid(this.local, this.domain, result) as FullJid
  }

  /** Whether both are the same address, resource included; for accounts compare `a.bare` with `b.bare`. */
  equals(other: Jid): boolean {
    // Not `other.#text`: it may come from another copy of this package.
    return this.#text === other.toString()
  }

  /** The enforced form, `local@domain/resource`. */
  toString(): string {
    return this.#text
  }

  /** The same as `toString()`. */
  toJSON(): string {
    return this.#text
  }

  /** @internal */
  [inspect](): string {
    return `Jid(${this.#text})`
  }
}

const profiles: Record<keyof JidParts, (text: string) => string | undefined> = {
  local: enforceUsername,
  domain: enforceDomain,
  resource: enforceOpaque,
}

function enforcePart<Part extends keyof JidParts>(part: Part, text: unknown): string | Problem<Part> {
  if (typeof text !== 'string') throw new TypeError(`the ${part} of a JID is a string`)
  if (text === '') return [part, 'empty']
  if (text.length > MAX_INPUT) return [part, 'too long']
  const result = profiles[part](text)
  // RFC 7622 §3.3.1: characters UsernameCaseMapped has and a local part has not.
  if (result === undefined || (part === 'local' && /["&'/:<>@]/.test(result))) return [part, 'not allowed by RFC 7622']
  return new TextEncoder().encode(result).length > MAX_PART_BYTES ? [part, 'longer than 1023 bytes'] : result
}

/** At most 100 characters, without any that could forge a log line or hide. */
function printable(text: string): string {
  return text
    .slice(0, 100)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
    .slice(0, 100)
}

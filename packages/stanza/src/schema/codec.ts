import { Jid } from '../jid.js'

/**
 * Text on the wire ↔ value. `decode` returns `undefined` for what it does not accept and never throws; surrounding
 * white space is ignored where XML Schema collapses it (everywhere but in strings).
 */
export interface Codec<T> {
  /** What is accepted, in words for an error: `a non-negative integer`. */
  readonly expects: string
  /** Wire text to value; `undefined` if it is not acceptable. */
  decode(text: string): T | undefined
  /** Value to wire text. */
  encode(value: T): string
}

/** XML's white space, which is less than what `String.trim` takes. A regular expression would take quadratic time. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isSpace = (unit: number): boolean => unit === 0x20 || unit === 0xa || unit === 0x9 || unit === 0xd

/** Any text, as it is. */
export const str: Codec<string> = {
  expects: 'text',
  decode: (text) => text,
  encode: (value) => value,
}

/** An integer of at most 2⁵³−1 in either direction, in decimal digits. */
export const int: Codec<number> = {
  expects: 'an integer',
  decode: (text) => decodeInteger(text, /^[+-]?\d{1,16}$/),
  encode: (value) => encodeInteger(value, Number.MIN_SAFE_INTEGER),
}

/** A non-negative integer of at most 2⁵³−1, in decimal digits. */
export const uint: Codec<number> = {
  expects: 'a non-negative integer',
  decode: (text) => decodeInteger(text, /^\+?\d{1,16}$/),
  encode: (value) => encodeInteger(value, 0),
}

function decodeInteger(text: string, form: RegExp): number | undefined {
  const digits = trim(text)
  if (!form.test(digits)) return undefined
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value + 0 : undefined // −0 is 0
}

function encodeInteger(value: number, min: number): string {
  if (!Number.isSafeInteger(value) || value < min) throw new RangeError(`not an integer from ${min} up: ${value}`)
  return String(value)
}

/** `true`, `false`, `1` or `0` (XML Schema boolean); written as words. */
export const bool: Codec<boolean> = {
  expects: 'a boolean',
  decode: (text) => booleans.get(trim(text)),
  encode: (value) => (value ? 'true' : 'false'),
}

const booleans = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

const dateTimeForm =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

/**
 * A DateTime of XEP-0082 §3.2, years 0000 to 9999, to the millisecond: finer fractions are cut off. Written in UTC,
 * with milliseconds only if there are any.
 */
export const dateTime: Codec<Date> = {
  expects: 'a date and time (XEP-0082)',
  decode: decodeDateTime,
  encode: (value) => {
    const text = value.toISOString() // RangeError for an invalid date
    if (!hasFourDigitYear(value)) throw new RangeError('a date outside of the years 0000 to 9999')
    return text.replace('.000Z', 'Z')
  },
}

function decodeDateTime(text: string): Date | undefined {
  const match = dateTimeForm.exec(trim(text))
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  // 30 February would have become a day of March.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined
  const offset = sign === undefined ? 0 : (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1)
  const milliseconds = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'))
  date.setUTCHours(Number(hour), Number(minute) - offset, Number(second), milliseconds)
  return hasFourDigitYear(date) ? date : undefined // the offset can lead out of the range
}

const hasFourDigitYear = (date: Date): boolean => date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9999

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes in base64 (RFC 4648 §4) with padding; white space inside is ignored, as XML Schema asks. */
export const base64: Codec<Uint8Array> = {
  expects: 'base64',
  decode: (text) => {
    const digits = text.replace(/[ \t\r\n]+/g, '')
    if (!base64Form.test(digits)) return undefined
    const binary = atob(digits)
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  },
  encode: (value) => {
    let binary = ''
    // In slices, because every argument of a call takes room on the stack.
    for (let i = 0; i < value.length; i += 8192) binary += String.fromCharCode(...value.subarray(i, i + 8192))
    return btoa(binary)
  },
}

/** An XMPP address (RFC 7622). */
export const jid: Codec<Jid> = {
  expects: 'a JID',
  decode: (text) => Jid.tryParse(text),
  encode: (value) => value.toString(),
}

/**
 * One of a closed set of words.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function oneOf<const W extends string>(...words: readonly W[]): Codec<W> {
  const known = new Map<string, W>(words.map((word) => [word, word]))
  return {
    expects: `one of ${words.join(', ')}`,
    decode: (text) => known.get(trim(text)),
    encode: (value) => value,
  }
}

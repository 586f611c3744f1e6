import { serialize } from '@couplet/stanza'
import { Envelope, isNamespaced, isServerProcessed } from './elements.js'

/** How {@link writeEnvelope} pads. */
export interface PaddingOptions {
  /** Bytes to pad to before the random part; default 512, at most 65,536. Longer content only gets the random part. */
  readonly minimumSize?: number
  /** Random bytes, for tests; otherwise from the platform's generator. */
  readonly random?: (bytes: number) => Uint8Array
}

/** XEP-0420 §4: at most so many characters on top. */
const longestRandomPart = 200
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Writes an envelope with fresh padding, ready to be encrypted (XEP-0420 §7): filled up to a minimum size, then 0 to 200
 * random characters more, each number as likely as the others. JIDs are written bare (§4).
 *
 * @throws TypeError for an element that must stay outside (see `isServerProcessed`), or has no namespace of its own
 * @throws IllegalCharacterError for text that XML cannot carry
 */
export function writeEnvelope(envelope: Omit<Envelope, 'rpad'>, options: PaddingOptions = {}): Uint8Array {
  const { content, from, to, time } = envelope
  for (const element of content) {
    if (isServerProcessed(element)) throw new TypeError(`<${element.name}/> must not be encrypted`)
    if (!isNamespaced(element)) throw new TypeError(`<${element.name}/> needs a namespace of its own`)
  }
  const write = (rpad: string): Uint8Array =>
    new TextEncoder().encode(serialize(Envelope({ content, rpad, time, from: from?.bare, to: to?.bare })))
  const random = options.random ?? ((bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)))
  // With one character in it, so that both tags are counted.
  const size = write('x').length - 1
  return write(randomText(Math.max(0, (options.minimumSize ?? 512) - size) + randomLength(random), random))
}

/** 0 to 200. Bytes from 201 up are thrown away: a remainder would make some numbers likelier. */
function randomLength(random: (bytes: number) => Uint8Array): number {
  for (;;) {
    const length = random(16).find((byte) => byte <= longestRandomPart)
    if (length !== undefined) return length
  }
}

function randomText(length: number, random: (bytes: number) => Uint8Array): string {
  // 64 characters, so six bits of a byte are one of them.
  return length === 0 ? '' : Array.from(random(length), (byte) => alphabet[byte & 63]).join('')
}

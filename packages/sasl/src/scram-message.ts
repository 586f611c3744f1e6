import { fromBase64 } from './encoding.js'
import { refuse, serverError } from './sasl-error.js'

/** Bounds on the server's iteration count, inclusive: below it is no protection, above it is an attack on the client. */
const MIN_ITERATIONS = 4096
const MAX_ITERATIONS = 1_000_000

/** The server-first-message (RFC 5802 §7). */
export interface ServerFirst {
  readonly nonce: string
  readonly salt: Uint8Array
  readonly iterations: number
  /** Attribute `h`: the server's hash over what it advertised (XEP-0474). */
  readonly listHash: string | undefined
}

/**
 * Parses strictly: r, s, i in this order, then optional extensions, each letter at most once.
 * @throws SaslError `malformed`, `nonce`, `iterations`, or `server-error` for `e=`.
 */
export function parseServerFirst(text: string, clientNonce: string, mechanism: string): ServerFirst {
  const [letters, values] = parseAttributes(text, mechanism)
  const [nonce = '', base64 = '', count = ''] = values
  if (!letters.startsWith('rsi')) refuse(mechanism, 'malformed', 'not r, s, i')
  if (!nonce.startsWith(clientNonce) || nonce.length <= clientNonce.length || !/^[!-~]+$/.test(nonce)) {
    refuse(mechanism, 'nonce', 'the nonce does not extend ours')
  }
  const salt = fromBase64(base64)
  if (!salt) refuse(mechanism, 'malformed', 'the salt is no base64')
  const iterations = /^[1-9]\d{0,9}$/.test(count) ? Number(count) : 0
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    refuse(mechanism, 'iterations', `the iteration count is not ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`)
  }
  return { nonce, salt, iterations, listHash: values[letters.indexOf('h')] }
}

/**
 * The server's signature out of its final message (RFC 5802 §7).
 * @throws SaslError `malformed`, or `server-error` for `e=`.
 */
export function parseServerFinal(text: string, mechanism: string): Uint8Array {
  const [letters, values] = parseAttributes(text, mechanism)
  const signature = letters.startsWith('v') && fromBase64(values[0] ?? '')
  return signature || refuse(mechanism, 'malformed', 'no signature')
}

/** The letters as one string, and their values. */
function parseAttributes(text: string, mechanism: string): [letters: string, values: string[]] {
  let letters = ''
  const values: string[] = []
  for (const part of text.split(',')) {
    const letter = part.slice(0, 1)
    // `m` marks an extension we would have to understand; none exists (RFC 5802 §5.1).
    if (!/^[A-Za-z]=[^\0]+$/.test(part) || letter === 'm' || letters.includes(letter)) {
      refuse(mechanism, 'malformed', 'unreadable, repeated or mandatory attribute')
    }
    letters += letter
    values.push(part.slice(2))
  }
  if (letters.startsWith('e')) throw serverError(mechanism, values[0] ?? '')
  return [letters, values]
}

import { flatten } from './flatten.js'

/** What a Name begins with (XML 1.0 §2.3, production 4), without the colon. */
const nameStart =
  'A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef' +
  '\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'

/** An NCName (XML Namespaces §3): a Name of XML 1.0, fifth edition, without a colon. */
export const ncName = new RegExp(`^[${nameStart}][${nameStart}.\\d\\xb7\\u0300-\\u036f\\u203f\\u2040-]*$`, 'u')

/** A qualified name (XML Namespaces §4), split and checked once for all its occurrences. */
export interface QName {
  /** As written, with the prefix. */
  readonly raw: string
  /** Empty if there is none. */
  readonly prefix: string
  readonly local: string
  /** Of an attribute: the prefix that it declares, empty for the default namespace (XML Namespaces §3). */
  readonly declares: string | undefined
}

// The names on a stream are few and come again and again: looking one up is cheaper than splitting and checking it, and
// equal names become one string, without a hold on the chunk they came in. Bounded, because a peer chooses them.
const known = new Map<string, QName>()

/** Splits and checks a name; `undefined` if one of its halves is no NCName. */
export function qName(written: string): QName | undefined {
  const found = known.get(written)
  if (found !== undefined) return found
  const raw = flatten(written)
  const colon = raw.indexOf(':')
  const prefix = colon < 0 ? '' : raw.slice(0, colon)
  const local = raw.slice(colon + 1)
  if (!ncName.test(local) || (colon >= 0 && !ncName.test(prefix))) return undefined
  const declares = raw === 'xmlns' ? '' : prefix === 'xmlns' ? local : undefined
  const name = { raw, prefix, local, declares }
  if (raw.length > 64) return name
  if (known.size >= 1024) known.clear()
  known.set(raw, name)
  return name
}

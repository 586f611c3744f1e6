import { NS_XML } from '../elements.js'
import { XmppError } from '../error.js'
import type { XmlElement } from './element.js'

/** Text that XML cannot carry: a control character, a noncharacter or half a surrogate pair (XML 1.0 §2.2). */
export class IllegalCharacterError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'IllegalCharacterError'
  readonly code = 'illegal-character'
  readonly retry = 'no'
  /** The offending code unit, for example `0` for U+0000. */
  readonly codeUnit: number

  constructor(codeUnit: number) {
    super(`XML cannot carry U+${codeUnit.toString(16).toUpperCase().padStart(4, '0')}`)
    this.codeUnit = codeUnit
  }
}

// One look for whatever needs care. CR and, in attributes, TAB and LF would be normalised away by the reader unless
// they are written as references (XML 1.0 §2.11, §3.3.3).
const careInText = /[&<>\r\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/
const careInAttribute = /[&<>'"\t\n\r\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

function escapeWith(value: string, care: RegExp): string {
  const first = value.search(care)
  if (first < 0) return value
  let out = value.slice(0, first)
  let from = first
  for (let i = first; i < value.length; i++) {
    const char = value[i] as string
    if (!care.test(char)) continue
    const reference = references[char]
    if (reference === undefined) {
      i = expectPair(value, i)
      continue
    }
    out += value.slice(from, i) + reference
    from = i + 1
  }
  return out + value.slice(from)
}

/** Accepts a surrogate pair at `i` and returns the index of its second half; everything else here is illegal. */
function expectPair(value: string, i: number): number {
  const unit = value.charCodeAt(i)
  const next = value.charCodeAt(i + 1)
  if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) return i + 1
  throw new IllegalCharacterError(unit)
}

/** Escapes character data. @throws IllegalCharacterError */
export function escapeText(value: string): string {
  return escapeWith(value, careInText)
}

/** Escapes an attribute value for single or double quotes. @throws IllegalCharacterError */
export function escapeAttribute(value: string): string {
  return escapeWith(value, careInAttribute)
}

/**
 * Writes an element as XML.
 *
 * @param parentNs the default namespace in scope, which is then not declared again
 * @throws IllegalCharacterError
 */
export function serialize(element: XmlElement, parentNs = ''): string {
  const { ns, children } = element
  // The one namespace that cannot be a default namespace (XML Namespaces §3).
  const reserved = ns === NS_XML
  const name = reserved ? `xml:${element.name}` : element.name
  const inner = reserved ? parentNs : ns
  let out = `<${name}`
  if (inner !== parentNs) out += ` xmlns='${escapeAttribute(ns)}'`
  out += attributes(element)
  if (children.length === 0) return `${out}/>`
  out += '>'
  for (const node of children) out += typeof node === 'string' ? escapeText(node) : serialize(node, inner)
  return `${out}</${name}>`
}

function attributes(element: XmlElement): string {
  let out = ''
  let prefixes = 0
  const list = element.attributeList
  for (let i = 0; i < list.length; i += 2) {
    const key = list[i] as string
    if (key.charCodeAt(0) === 0x7b /* { */) {
      // Never taken by XMPP's own vocabulary, so a prefix per attribute is no loss. The last brace, because a peer can
      // put one into the namespace, and what follows it is written as it is.
      const end = key.lastIndexOf('}')
      const prefix = `a${prefixes++}`
      out += ` xmlns:${prefix}='${escapeAttribute(key.slice(1, end))}' ${prefix}:${key.slice(end + 1)}`
    } else {
      out += ` ${key}`
    }
    out += `='${escapeAttribute(list[i + 1] as string)}'`
  }
  return out
}

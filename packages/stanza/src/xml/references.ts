import { ncName } from './names.js'
import { malformed, restricted } from './refuse.js'
import { legalEnd } from './scan.js'

const entities = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
])

/** Replaces references by what they stand for. @throws StreamError */
export function resolveReferences(text: string): string {
  let resolved = ''
  let from = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at)
    if (end < 0) malformed()
    resolved += text.slice(from, at) + resolve(text.slice(at + 1, end))
    from = end + 1
  }
  return resolved + text.slice(from)
}

/** Only the entities of XML itself (RFC 6120 §11.1), and only legal characters (XML 1.0 §4.1). */
function resolve(name: string): string {
  const predefined = entities.get(name)
  if (predefined !== undefined) return predefined
  if (ncName.test(name)) restricted()
  if (!/^#(\d+|x[\da-fA-F]+)$/.test(name)) malformed()
  const code = Number(name.replace(/^#x?/, name[1] === 'x' ? '0x' : ''))
  const character = code > 0x10ffff ? '\0' : String.fromCodePoint(code)
  return legalEnd(character) === 0 ? malformed() : character
}

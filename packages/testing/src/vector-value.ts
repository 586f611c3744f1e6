import {
  IqElement,
  Jid,
  Malformed,
  MessageElement,
  PresenceElement,
  Stanza,
  XmlElement,
  type XmlNode,
} from '@couplet/stanza'
import { parseXml } from './parse-xml.js'

/** What JSON has no word for, by the one key of the object that stands for it. */
const revivers: Readonly<Record<string, (text: string) => unknown>> = {
  $date: (text) => new Date(text),
  $jid: (text) => Jid.parse(text),
  $bytes: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  $xml: parseXml,
  $message: (text) => stanza(MessageElement, text),
  $presence: (text) => stanza(PresenceElement, text),
  $iq: (text) => stanza(IqElement, text),
}

function stanza(
  definition: { matches(element: XmlElement): boolean; parse(element: XmlElement): unknown },
  text: string,
): unknown {
  const element = parseXml(text)
  const value = definition.matches(element) ? definition.parse(element) : undefined
  if (value === undefined || value instanceof Malformed) throw new TypeError(`no such stanza: <${element.name}/>`)
  return value
}

/**
 * Reads the JSON of a vector. An object with one of these keys alone stands for a richer value: `$date`, `$jid`,
 * `$bytes` (base64), `$xml` (an element), `$message`, `$presence`, `$iq` (a stanza).
 *
 * @throws SyntaxError and TypeError for a broken vector
 */
export function parseVectorValue(json: string): unknown {
  return JSON.parse(json, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    const [key, ...more] = Object.keys(value)
    if (key === undefined || more.length > 0 || !Object.hasOwn(revivers, key)) return value
    return revivers[key]?.(String((value as Record<string, unknown>)[key]))
  })
}

/** The path of the first difference, such as `.items[2].jid`; `undefined` if the values are equal. */
export function difference(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (Object.is(actual, expected)) return undefined
  const here = path === '' ? '.' : path
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return here
  const same = compareRich(actual, expected)
  if (same !== undefined) return same ? undefined : here
  if (Array.isArray(actual) !== Array.isArray(expected)) return here
  const keys = new Set([...definedKeys(actual), ...definedKeys(expected)])
  for (const key of keys) {
    const step = Array.isArray(actual) ? `[${key}]` : `.${key}`
    const left = (actual as Record<string, unknown>)[key]
    const found = difference(left, (expected as Record<string, unknown>)[key], path + step)
    if (found !== undefined) return found
  }
  return undefined
}

/** An absent property and one that is `undefined` say the same. */
const definedKeys = (value: object): string[] =>
  Object.keys(value).filter((key) => (value as Record<string, unknown>)[key] !== undefined)

/** Whether two values of one rich class are equal; `undefined` if they are plain. */
function compareRich(actual: object, expected: object): boolean | undefined {
  if (actual instanceof Stanza) return expected instanceof Stanza && sameTree(actual.element, expected.element)
  if (actual instanceof XmlElement) return expected instanceof XmlElement && sameTree(actual, expected)
  if (actual instanceof Jid) return expected instanceof Jid && actual.equals(expected)
  if (actual instanceof Date) return expected instanceof Date && actual.getTime() === expected.getTime()
  if (actual instanceof Uint8Array) return expected instanceof Uint8Array && Buffer.compare(actual, expected) === 0
  return [Stanza, XmlElement, Jid, Date, Uint8Array].some((rich) => expected instanceof rich) ? false : undefined
}

/** Equal trees, apart from the indentation that the examples of the XEPs have. */
export function sameTree(actual: XmlElement, expected: XmlElement): boolean {
  return withoutIndentation(actual).equals(withoutIndentation(expected))
}

function withoutIndentation(element: XmlElement): XmlElement {
  const mixed = element.children.some((node) => typeof node !== 'string')
  const children = element.children.flatMap((node): XmlNode[] => {
    if (typeof node !== 'string') return [withoutIndentation(node)]
    return mixed && /^[ \t\r\n]*$/.test(node) ? [] : [node]
  })
  return new XmlElement(element.ns, element.name, [...element.attributes()].flat(), children, element.lang)
}

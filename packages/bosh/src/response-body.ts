import { ConnectionError } from '@couplet/client'
import { NS_CLIENT, readElement, serialize, XmlElement, type XmlNode } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { NS_BOSH, ResponseHead } from './elements.js'
import { responseLimit } from './response-limit.js'

/** A response, read. */
export interface ResponseBody extends ResponseHead {
  /** What it carries, one element each. */
  readonly payloads: readonly XmlElement[]
}

/** One level deeper and many times longer than a stanza; each payload is measured again where it is read as one. */
const limits = { stanzaBytes: responseLimit, depth: 65, elements: 100_000 }
const stanzas: ReadonlySet<string> = new Set(['message', 'presence', 'iq'])

/**
 * Reads the text of a response (XEP-0124 §6).
 *
 * @throws ConnectionError `unexpected-element`
 */
export function readResponse(text: string): ResponseBody {
  const [event, ...more] = new StreamParser({ framed: true, limits }).write(withoutDeclaration(text))
  if (event?.type === 'error') throw refusal('a response is not XML as streams have it', event.error)
  if (event?.type !== 'element' || more.length > 0) throw refusal('a response is not one element')
  const { element } = event
  if (!ResponseHead.matches(element)) throw refusal('a response is not of BOSH')
  const head = readElement(ResponseHead, element)
  if (!head.ok) throw refusal('a response has an attribute that cannot be read', head.error)
  // White space is tolerated: the examples have it.
  if (element.text.trim() !== '') throw refusal('a response has text between its payloads')
  return { ...head.value, payloads: [...element.elements()].map(complete) }
}

/** An element as a frame. */
export const toFrame = (payload: XmlElement): string => serialize(payload)

/** A response is a document, which may say so; the parser of frames does not know that. */
const withoutDeclaration = (text: string): string => text.trim().replace(/^<\?xml\s[^>?]*\?>\s*/, '')

/** With its own namespace and language. */
function complete(payload: XmlElement): XmlElement {
  const isStray = payload.ns === NS_BOSH && stanzas.has(payload.name)
  const element = isStray ? moved(payload) : payload
  const inherited = element.attr('xml:lang') === undefined && element.lang !== undefined
  return inherited ? element.with({ 'xml:lang': element.lang }) : element
}

/** XEP-0206 §2: some servers leave out the namespace of stanzas. */
function moved({ ns, name, attributeList, children, lang }: XmlElement): XmlElement {
  const move = (node: XmlNode): XmlNode => (typeof node !== 'string' && node.ns === NS_BOSH ? moved(node) : node)
  return new XmlElement(ns === NS_BOSH ? NS_CLIENT : ns, name, attributeList, children.map(move), lang)
}

const refusal = (problem: string, cause?: unknown): ConnectionError =>
  new ConnectionError('stream', 'unexpected-element', problem, cause)

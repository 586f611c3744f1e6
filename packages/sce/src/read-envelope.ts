import { type ParserLimits, readElement, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { Envelope } from './elements.js'
import { EnvelopeError, type EnvelopeErrorCode, type EnvelopeResult } from './envelope-error.js'

/** An envelope comes in a stanza, so it is no larger than one can be; nesting goes on inside the stanza it becomes. */
const defaults: Partial<ParserLimits> = { stanzaBytes: 1_048_576, depth: 48, elements: 10_000 }

/**
 * Reads what was decrypted: strict UTF-8 and one `<envelope/>` as a whole XML document, without a document type, comments,
 * processing instructions or entities (XEP-0420 §10, RFC 6120 §11). An XML declaration may precede it.
 *
 * @param limits what differs from the defaults: 1 MiB, 48 levels, 10,000 elements
 */
export function readEnvelope(bytes: Uint8Array, limits: Partial<ParserLimits> = {}): EnvelopeResult<Envelope> {
  const allowed = { ...defaults, ...limits }
  if (bytes.length > (allowed.stanzaBytes as number)) return refused('too-large')
  const document = readDocument(bytes, allowed)
  if (document === undefined) return refused('not-xml')
  if (!Envelope.matches(document)) return refused('not-an-envelope')
  const read = readElement(Envelope, document)
  return read.ok ? read : refused('malformed', read.error)
}

const refused = (code: EnvelopeErrorCode, cause?: Error): EnvelopeResult<never> => ({
  ok: false,
  error: new EnvelopeError(code, cause && { cause }),
})

const root = new TextEncoder().encode('<r>')
const rootEnd = new TextEncoder().encode('</r>')
const declaration = /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(['"])1\.0\1[^<>&]{0,80}\?>/

/** The one element of a document; `undefined` if it is none. The stream's parser reads it as the child of a root. */
function readDocument(bytes: Uint8Array, limits: Partial<ParserLimits>): XmlElement | undefined {
  const parser = new StreamParser({ limits })
  parser.write(root)
  const events = parser.write(bytes.subarray(declarationLength(bytes)))
  const [event] = events
  // Whoever closes the root himself gets a second event; whoever leaves text behind, an error at the end.
  if (events.length !== 1 || event?.type !== 'element') return undefined
  const [end, ...more] = parser.write(rootEnd)
  return end?.type === 'end' && more.length === 0 ? event.element : undefined
}

/** Some serializers write one, and within the root it would be an error. */
function declarationLength(bytes: Uint8Array): number {
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return 0
  const start = String.fromCharCode(...bytes.subarray(0, 160))
  const found = declaration.exec(start)?.[0] ?? ''
  return /encoding/.test(found) && !/encoding[ \t\r\n]*=[ \t\r\n]*(['"])utf-8\1/i.test(found) ? 0 : found.length
}

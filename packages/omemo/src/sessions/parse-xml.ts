import type { XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

const encoder = new TextEncoder()

/** Written out, a text is up to six times as long as inside of a stanza, and what was inside comes on top of what was not. */
const limits = { stanzaBytes: 8 << 20, tokenLength: 8 << 20, elements: 50_000, attributes: 256, namespaces: 256 }

/** Reads one element that we have written ourselves; `undefined` if it is none. */
export function parseXml(text: string): XmlElement | undefined {
  const parser = new StreamParser({ limits })
  parser.write(encoder.encode('<r>'))
  const [event] = parser.write(encoder.encode(text))
  return event?.type === 'element' ? event.element : undefined
}

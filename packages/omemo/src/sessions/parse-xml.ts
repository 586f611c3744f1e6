import type { XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

const encoder = new TextEncoder()

/** Reads one element that we have written ourselves; `undefined` if it is none. */
export function parseXml(text: string): XmlElement | undefined {
  const parser = new StreamParser({})
  parser.write(encoder.encode('<r>'))
  const [event] = parser.write(encoder.encode(text))
  return event?.type === 'element' ? event.element : undefined
}

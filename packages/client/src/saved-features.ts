import { NS_STREAM, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

/** The stream features that the journal has kept; `undefined` if there are none, or a store has spoilt them. */
export function featuresOf(saved: string | undefined): XmlElement | undefined {
  if (typeof saved !== 'string') return undefined
  const [event] = new StreamParser({ framed: true }).write(saved)
  const { element } = event?.type === 'element' ? event : {}
  return element?.name === 'features' && element.ns === NS_STREAM ? element : undefined
}

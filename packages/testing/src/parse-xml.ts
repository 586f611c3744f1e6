import { NS_CLIENT, NS_STREAM, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

const root = `<stream:stream xmlns='${NS_CLIENT}' xmlns:stream='${NS_STREAM}'>`

/**
 * Parses the XML of exactly one element with the parser of the product. As on a stream, an element without a namespace
 * of its own is in `jabber:client`, and the prefix `stream` is known.
 *
 * @throws StreamError for what the parser refuses
 * @throws TypeError for none, more than one, or an incomplete element
 */
export function parseXml(text: string): XmlElement {
  const parser = new StreamParser()
  parser.write(root)
  const [event, ...more] = [...parser.write(text), ...parser.write('</stream:stream>')]
  const failure = [event, ...more].find((each) => each?.type === 'error')
  if (failure?.type === 'error') throw failure.error
  if (event?.type !== 'element' || more.length !== 1) throw new TypeError('the text is not exactly one XML element')
  return event.element
}

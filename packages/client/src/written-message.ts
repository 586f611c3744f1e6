import { Message, NS_CLIENT } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

/** A message of our own, from the XML it was written as; `undefined` if a store has spoilt it. */
export function writtenMessage(text: string): Message | undefined {
  const framed = text.replace(/^<message/, `$& xmlns='${NS_CLIENT}'`)
  // However large it is: the server took it, or did not.
  const limits = { stanzaBytes: Number.POSITIVE_INFINITY }
  const [event] = new StreamParser({ framed: true, limits }).write(framed)
  return event?.type === 'element' ? new Message(event.element) : undefined
}

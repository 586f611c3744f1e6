import { Delay, NS_DELAY } from '@couplet/delay'
import { NS_CLIENT, serialize } from '@couplet/stanza'
import type { SendTicket } from './send-ticket.js'

/** The XML of a message that is sent again, saying when it was sent first (XEP-0198 §4, XEP-0203), unless it says so. */
export function withDelay(message: string, stamp: Date): string {
  if (message.includes(NS_DELAY)) return message
  const delay = serialize(Delay({ stamp }), NS_CLIENT)
  return message.endsWith('/>')
    ? `${message.slice(0, -2)}>${delay}</message>`
    : message.replace(/<\/message>$/, () => `${delay}</message>`)
}

/** What is written: a message that was written before says when, unless the server would not take so much. */
export function writtenText({ kind, stamp, text }: SendTicket, room: number): string {
  const stamped = kind === 'message' && stamp ? withDelay(text, stamp) : text
  return stamped.length - text.length > room ? text : stamped
}

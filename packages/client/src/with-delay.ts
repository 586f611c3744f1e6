import { Delay, NS_DELAY } from '@couplet/delay'
import { NS_CLIENT, serialize } from '@couplet/stanza'

/** The XML of a message that is sent again, saying when it was sent first (XEP-0198 §4, XEP-0203), unless it says so. */
export function withDelay(message: string, stamp: Date): string {
  if (message.includes(NS_DELAY)) return message
  const delay = serialize(Delay({ stamp }), NS_CLIENT)
  return message.endsWith('/>')
    ? `${message.slice(0, -2)}>${delay}</message>`
    : message.replace(/<\/message>$/, () => `${delay}</message>`)
}

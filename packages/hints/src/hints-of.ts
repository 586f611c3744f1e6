import type { Message } from '@couplet/stanza'
import { ProcessingHint } from './elements.js'

/**
 * The hints of a message; none for an error, which carries those of the message that failed (XEP-0334 §5). They say what
 * the sender would like, and oblige nobody.
 */
export function hintsOf(message: Message): ReadonlySet<ProcessingHint> {
  return new Set(message.type === 'error' ? [] : message.all(ProcessingHint))
}

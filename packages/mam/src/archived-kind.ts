import { hintsOf } from '@couplet/hints'
import type { Message } from '@couplet/stanza'
import { MucUser } from './elements.js'

/**
 * Whether an archive of an account keeps such a message (XEP-0313 §6.1.1, XEP-0334 §4): if it is not there, the server
 * has not handled it. Private messages in rooms are not kept everywhere.
 */
export function isArchivedKind(message: Message): boolean {
  const { type, body } = message
  if ((type !== 'chat' && type !== 'normal') || message.get(MucUser)) return false
  const hints = hintsOf(message)
  if (hints.has('no-store') || hints.has('no-permanent-store')) return false
  return body !== undefined || hints.has('store')
}

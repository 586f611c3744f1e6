import type { CallOptions, Session } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import { type LastActivity, queryLastActivity } from './elements.js'

/**
 * When an entity was last active (XEP-0012). For the bare JID of an account: how long ago it left, 0 if it is here, and
 * with which status. For a full JID: how long its user has been idle. For a server: how long it has been running.
 *
 * @throws StanzaError if it does not tell: `forbidden`, or `subscription-required`, if we may not see its presence
 * @throws MalformedElementError if the answer is no number of seconds
 */
export function getLastActivity(
  session: Pick<Session, 'request'>,
  to: Jid | string,
  { signal }: CallOptions = {},
): Promise<LastActivity> {
  return session.request(queryLastActivity, true, { to, signal })
}

import type { CallOptions, Session } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import { type EntityTime, queryTime } from './elements.js'

/**
 * What the clock of an entity says, and in which time zone it is (XEP-0202); without `to` the own server. Whatever it
 * is, it may be wrong or made up.
 *
 * @throws StanzaError if it does not tell; `service-unavailable` also if it does not exist
 * @throws MalformedElementError if the answer is no time
 */
export function getTime(
  session: Pick<Session, 'account' | 'request'>,
  to?: Jid | string,
  { signal }: CallOptions = {},
): Promise<EntityTime> {
  return session.request(queryTime, true, { to: to ?? session.account.domain, signal })
}

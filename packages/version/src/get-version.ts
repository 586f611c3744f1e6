import type { CallOptions, Session } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import { queryVersion, type SoftwareVersion } from './elements.js'

/**
 * Which software an entity runs (XEP-0092); without `to` the own server.
 *
 * @throws StanzaError if it does not tell; `service-unavailable` also if it does not exist
 * @throws MalformedElementError if the answer lacks its name or its version
 */
export function getVersion(
  session: Pick<Session, 'account' | 'request'>,
  to?: Jid | string,
  { signal }: CallOptions = {},
): Promise<SoftwareVersion> {
  return session.request(queryVersion, true, { to: to ?? session.account.domain, signal })
}

import type { CallOptions, Session } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import { type ExternalService, queryCredentials, queryServices, type ServiceKey } from './elements.js'

/** Options of a question for services or credentials. */
export interface ServiceCallOptions extends CallOptions {
  /** Who is asked; default the own server. */
  readonly from?: Jid | string | undefined
}

/** Options of a question for services. */
export interface GetServicesOptions extends ServiceCallOptions {
  /** Only services of this type, such as `turn`; default all. */
  readonly type?: string | undefined
}

/** What the functions here need. */
export type Asking = Pick<Session, 'account' | 'request'>

/**
 * The services outside of XMPP that a server knows of (XEP-0215 §3.1, §3.2).
 *
 * @throws StanzaError if it knows of none, or does not tell
 */
export async function getExternalServices(
  session: Asking,
  { type, from, signal }: GetServicesOptions = {},
): Promise<readonly ExternalService[]> {
  const { services } = await session.request(queryServices, { type }, { to: from ?? session.account.domain, signal })
  // Not everybody looks at the type.
  return type === undefined ? services : services.filter((service) => service.type === type)
}

/**
 * User name and password for a service (XEP-0215 §3.3); several services if the key does not tell them apart.
 *
 * @throws StanzaError if there are none: `item-not-found`, `not-authorized` and others
 */
export async function getServiceCredentials(
  session: Asking,
  { host, port, type }: ServiceKey,
  { from, signal }: ServiceCallOptions = {},
): Promise<readonly ExternalService[]> {
  const to = from ?? session.account.domain
  const { services } = await session.request(queryCredentials, { service: { host, port, type } }, { to, signal })
  return services.filter((service) => service.host === host && service.type === type)
}

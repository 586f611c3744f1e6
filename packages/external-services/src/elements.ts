import { FormElement } from '@couplet/forms'
import {
  attr,
  bool,
  type Codec,
  child,
  children,
  dateTime,
  element,
  type Field,
  type Infer,
  iqGet,
  iqSet,
  oneOf,
  optional,
  uint,
} from '@couplet/stanza'

/** The namespace of external services (XEP-0215). */
export const NS_EXTERNAL_SERVICES = 'urn:xmpp:extdisco:2'

const knownAction: Codec<'add' | 'delete' | 'modify'> = oneOf('add', 'delete', 'modify')

/** The text of the XEP says `remove` where its schema and its example say `delete`. */
const action: Codec<'add' | 'delete' | 'modify'> = {
  ...knownAction,
  decode: (text) => knownAction.decode(text === 'remove' ? 'delete' : text),
}

const knownPort: Codec<number> = {
  ...uint,
  expects: 'a port',
  decode: (text) => {
    const port = uint.decode(text)
    return port === undefined || port > 65_535 ? undefined : port
  },
}

/** A service outside of XMPP, such as a TURN relay (XEP-0215 §2). */
export const ExternalService = element(NS_EXTERNAL_SERVICES, 'service', {
  /** What has happened to it, in a push; `add` if it does not say. */
  action: optional(attr('action', action)),
  /** Until when user name and password are good. */
  expires: optional(attr('expires', dateTime)),
  /** A domain name or an IP address. */
  host: attr('host'),
  /** For people. */
  name: optional(attr('name')),
  password: optional(attr('password')),
  port: optional(attr('port', knownPort)),
  /** Whether it takes a user name and a password. */
  restricted: optional(attr('restricted', bool)),
  /** Usually `tcp` or `udp`. */
  transport: optional(attr('transport')),
  /** Such as `stun` or `turn`. */
  type: attr('type'),
  username: optional(attr('username')),
  /** Whatever else there is to say about it (§4); `findForm` of `@couplet/forms` reads one of them. */
  forms: children(FormElement),
})
/** The value of the definition of the same name. */
export type ExternalService = Infer<typeof ExternalService>

/** One broken service must not hide all the others. */
const readableServices: Field<readonly ExternalService[]> = {
  ...children(ExternalService),
  parse: (services) => services.all(ExternalService),
}

/** The question which services there are; all of them, or of one type (XEP-0215 §3.1, §3.2). */
export const ExternalServicesQuery = element(NS_EXTERNAL_SERVICES, 'services', { type: optional(attr('type')) })
/** The value of the definition of the same name. */
export type ExternalServicesQuery = Infer<typeof ExternalServicesQuery>

/** The answer, and what is pushed when it changes (XEP-0215 §3.1, §3.2). Malformed services are left out. */
export const ExternalServices = element(NS_EXTERNAL_SERVICES, 'services', {
  type: optional(attr('type')),
  services: readableServices,
})
/** The value of the definition of the same name. */
export type ExternalServices = Infer<typeof ExternalServices>

/** A service as it is called in the question for its credentials (XEP-0215 §3.3). */
export const ServiceKey = element(NS_EXTERNAL_SERVICES, 'service', {
  host: attr('host'),
  /** If there are several. */
  port: optional(attr('port', knownPort)),
  type: attr('type'),
})
/** The value of the definition of the same name. */
export type ServiceKey = Infer<typeof ServiceKey>

/** The question for credentials (XEP-0215 §3.3). */
export const CredentialsQuery = element(NS_EXTERNAL_SERVICES, 'credentials', { service: child(ServiceKey) })
/** The value of the definition of the same name. */
export type CredentialsQuery = Infer<typeof CredentialsQuery>

/** The answer: the services that were meant, with user name and password (XEP-0215 §3.3). */
export const ServiceCredentials = element(NS_EXTERNAL_SERVICES, 'credentials', { services: readableServices })
/** The value of the definition of the same name. */
export type ServiceCredentials = Infer<typeof ServiceCredentials>

/** Asks for services (XEP-0215 §3.1, §3.2). */
export const queryServices = iqGet(ExternalServicesQuery, ExternalServices)
/** Asks for credentials (XEP-0215 §3.3). */
export const queryCredentials = iqGet(CredentialsQuery, ServiceCredentials)
/** Says that services have changed (XEP-0215 §3.2). */
export const pushServices = iqSet(ExternalServices)

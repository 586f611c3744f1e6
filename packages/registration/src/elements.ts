import { DataForm } from '@couplet/forms'
import { OobData } from '@couplet/oob'
import { child, childText, element, flag, type Infer, iqGet, iqSet, marker, optional } from '@couplet/stanza'

/** The namespace of registration, and the feature of those with whom one can register (XEP-0077 §8). */
export const NS_REGISTRATION = 'jabber:iq:register'

/** The namespace of the stream feature (XEP-0077 §8). */
export const NS_REGISTER_FEATURE = 'http://jabber.org/features/iq-register'

/** A server says that one can register before the login (XEP-0077 §8). */
export const RegisterFeature = marker(NS_REGISTER_FEATURE, 'register')
/** The value of the definition of the same name. */
export type RegisterFeature = Infer<typeof RegisterFeature>

/** The fields that are known to all; a service asks for more with a form (XEP-0077 §4). */
const fields = {
  username: optional(childText('username')),
  nick: optional(childText('nick')),
  password: optional(childText('password')),
  name: optional(childText('name')),
  first: optional(childText('first')),
  last: optional(childText('last')),
  email: optional(childText('email')),
  address: optional(childText('address')),
  city: optional(childText('city')),
  state: optional(childText('state')),
  zip: optional(childText('zip')),
  phone: optional(childText('phone')),
  url: optional(childText('url')),
  date: optional(childText('date')),
  misc: optional(childText('misc')),
  text: optional(childText('text')),
  key: optional(childText('key')),
}

/**
 * A registration: what a service wants to know, where a field that is wanted is there and may be empty; or the answer to
 * that; or `remove` (XEP-0077 §14.1).
 */
export const Registration = element(NS_REGISTRATION, 'query', {
  /** This account is registered; the fields say what is on file. */
  registered: flag('registered'),
  /** What to do, for people. */
  instructions: optional(childText('instructions')),
  ...fields,
  /** Ends the registration. */
  remove: flag('remove'),
  /** Stands above the fields for who understands it (XEP-0077 §6). */
  form: optional(child(DataForm)),
  /** Where to register instead; `webUrl` of `@couplet/oob` says whether it is one of the web (XEP-0077 §5). */
  oob: optional(child(OobData)),
})
/** The value of the definition of the same name. */
export type Registration = Infer<typeof Registration>

/** The fields that are known to all. */
export type RegistrationFields = Omit<Registration, 'registered' | 'instructions' | 'remove' | 'form' | 'oob'>

/** Asks what is wanted for a registration, or is on file (XEP-0077 §3.1). */
export const queryRegistration = iqGet(Registration, Registration)
/** Registers, changes what is on file, or ends the registration (XEP-0077 §3). */
export const submitRegistration = iqSet(Registration)

import type { CallOptions, Session } from '@couplet/client'
import { type DataForm, type FormValue, fillForm } from '@couplet/forms'
import { Jid } from '@couplet/stanza'
import { queryRegistration, type Registration, type RegistrationFields, submitRegistration } from './elements.js'

/** What registration needs of a client. */
export type RegistrationSession = Pick<Session, 'account' | 'request'>

/** What is answered: the fields that a service wants, or its form, filled in; never both (XEP-0077 §4). */
export type RegistrationAnswer = RegistrationFields | { readonly form: DataForm }

/**
 * Changes the password of the own account at its server (XEP-0077 §3.3). The next login needs the new one.
 *
 * @throws StanzaError if the server does not allow it, or wants to know more than this
 * @throws TypeError for an empty password, and if there is no account
 */
export async function changePassword(
  session: RegistrationSession,
  password: string,
  { signal }: CallOptions = {},
): Promise<void> {
  const username = session.account.local
  if (username === undefined) throw new TypeError('there is no account whose password could be changed')
  // XEP-0077 §3.3: it would not be taken, so it is a mistake.
  if (password === '') throw new TypeError('the password is empty')
  // Without an addressee: that is the own account, for which nobody but its server can answer.
  await session.request(submitRegistration, { username, password }, { signal })
}

/**
 * Deletes the own account, with all that its server has of it (XEP-0077 §3.2). There is no way back. The server ends the
 * session then, so close the client.
 *
 * @throws StanzaError if the server does not allow it
 */
export async function deleteAccount(session: RegistrationSession, { signal }: CallOptions = {}): Promise<void> {
  if (session.account.local === undefined) throw new TypeError('there is no account that could be deleted')
  await session.request(submitRegistration, { remove: true }, { signal })
}

/**
 * What a service, such as a gateway, wants to know for a registration, or has on file (XEP-0077 §3.1).
 *
 * @throws StanzaError if one cannot register there
 */
export function registrationOf(
  session: RegistrationSession,
  service: Jid | string,
  { signal }: CallOptions = {},
): Promise<Registration> {
  return session.request(queryRegistration, {}, { to: service, signal })
}

/**
 * Registers with a service, or changes what it has on file (XEP-0077 §3.1). Ask it first with {@link registrationOf}, and
 * answer all it wants.
 *
 * @throws StanzaError if the service says no: `conflict` for a name that is taken, `not-acceptable` if something is missing
 * @throws TypeError for an answer with both fields and a form
 */
export async function registerWith(
  session: RegistrationSession,
  service: Jid | string,
  answer: RegistrationAnswer,
  { signal }: CallOptions = {},
): Promise<void> {
  if ('form' in answer && Object.keys(answer).length > 1) throw new TypeError('either fields or a form (XEP-0077 §4)')
  await session.request(submitRegistration, answer, { to: service, signal })
}

/**
 * The answer to what a service wants: its form, filled in, or else the fields (XEP-0077 §6).
 *
 * @throws RangeError for a value that is not wanted, and for one that is wanted and missing
 */
export function answerRegistration(
  wanted: Registration,
  values: Readonly<Record<string, FormValue>>,
): RegistrationAnswer {
  if (wanted.form !== undefined) return { form: fillForm(wanted.form, values) }
  const { registered, instructions, remove, oob, form, ...fields } = wanted
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(fields, name)) throw new RangeError(`there is no field "${name}"`)
  }
  const entries = Object.entries(fields).map(([name, before]): [string, string] => {
    const value = Object.hasOwn(values, name) ? String(values[name]) : before
    if (!value) throw new RangeError(`there is no value for "${name}"`)
    return [name, value]
  })
  return Object.fromEntries(entries)
}

/**
 * Ends the registration with a service (XEP-0077 §3.2).
 *
 * @throws StanzaError if the service says no; `registration-required` if there was none
 * @throws TypeError for the own account or its server, which would delete the account: see {@link deleteAccount}
 */
export async function unregisterFrom(
  session: RegistrationSession,
  service: Jid | string,
  { signal }: CallOptions = {},
): Promise<void> {
  const to = typeof service === 'string' ? Jid.parse(service) : service
  const { account } = session
  if (to.domain === account.domain && (to.local === undefined || to.bare.equals(account))) {
    throw new TypeError('this would delete the account: deleteAccount does that')
  }
  await session.request(submitRegistration, { remove: true }, { to, signal })
}

import type { CallOptions, PreLogin } from '@couplet/client'
import type { FormValue } from '@couplet/forms'
import { webUrl } from '@couplet/oob'
import { queryRegistration, RegisterFeature, type Registration, submitRegistration } from './elements.js'
import { answerRegistration } from './registration.js'
import { RegistrationError } from './registration-error.js'

/** What registering needs of a stream. */
export type RegistrationStream = Pick<PreLogin, 'account' | 'features' | 'request'>

/** Options of {@link registerAccount}. */
export interface RegisterAccountOptions extends CallOptions {
  /** Asks also if the server does not offer it, for those that say so only to who has an invitation; default false. */
  readonly evenIfNotOffered?: boolean | undefined
}

/**
 * Registers an account on a stream without a login (XEP-0077 §3.1): `await registerAccount(await openPreLogin({ … }), {
 * username, password })`. The values answer what the server wants to know, by field name.
 *
 * @param values or a function that makes them of what the server wants, such as by showing its form to the user
 * @throws RegistrationError `not-offered`, or `elsewhere` with the `url` of a page
 * @throws StanzaError `conflict` for a name that is taken, `not-acceptable` for values that the server does not take,
 * `resource-constraint` or `not-allowed` if it wants no more accounts now
 * @throws RangeError for a value that is not wanted, and for one that is wanted and missing; nothing was sent then
 */
export async function registerAccount(
  stream: RegistrationStream,
  values: RegistrationAnswers | ((wanted: Registration) => RegistrationAnswers | Promise<RegistrationAnswers>),
  { signal, evenIfNotOffered = false }: RegisterAccountOptions = {},
): Promise<void> {
  if (!evenIfNotOffered && !stream.features.get(RegisterFeature)) throw new RegistrationError('not-offered')
  const wanted = await stream.request(queryRegistration, {}, { signal })
  if (wanted.oob !== undefined && !asksSomething(wanted)) throw new RegistrationError('elsewhere', webUrl(wanted.oob))
  const answers = typeof values === 'function' ? await values(wanted) : values
  await stream.request(submitRegistration, answerRegistration(wanted, answers), { signal })
}

/** What is answered, by field name. */
export type RegistrationAnswers = Readonly<Record<string, FormValue>>

const notFields: ReadonlySet<string> = new Set(['registered', 'instructions', 'remove', 'oob'])

/** XEP-0077 §5: some name a page, and ask nothing. */
const asksSomething = (wanted: Registration): boolean => Object.keys(wanted).some((name) => !notFields.has(name))

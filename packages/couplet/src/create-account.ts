import { openPreLogin, type PreLoginOptions, type Transport } from '@couplet/client'
import { presentToken } from '@couplet/invites'
import { type RegistrationAnswers, registerAccount } from '@couplet/registration'
import { Jid } from '@couplet/stanza'
import { defaultTransports } from '#transports'

/** What an account is made from. */
export interface AccountOptions extends Omit<PreLoginOptions, 'domain' | 'transports'> {
  /** The account. */
  readonly jid: Jid | string
  /** Its password, which the server is told. */
  readonly password: string
  /** The token of an invitation: see `parseInvitation`. */
  readonly token?: string | undefined
  /** What else the server wants to know, by field name. */
  readonly values?: RegistrationAnswers | undefined
  /** The ways to reach a server, in order of preference; default: TCP and WebSocket in Node, WebSocket elsewhere. */
  readonly transports?: readonly Transport[] | undefined
}

/**
 * Registers an account (XEP-0077), over verified TLS only; then `createClient` logs in to it.
 *
 * @throws RegistrationError `not-offered`, or `elsewhere` with the `url` of a page
 * @throws InviteError if the server does not take the token
 * @throws StanzaError `conflict` for a name that is taken, and whatever else the server has against it
 * @throws RangeError if the server wants to know more, or does not want to know something in `values`
 * @throws ConnectionError if the server cannot be reached
 * @throws TypeError for an address without a name
 */
export async function createAccount(options: AccountOptions): Promise<void> {
  const { jid, password, token, values, transports = defaultTransports(), ...rest } = options
  const { local, domain, resource } = typeof jid === 'string' ? Jid.parse(jid) : jid
  if (local === undefined || resource !== undefined) throw new TypeError('jid: not an account')
  const stream = await openPreLogin({ ...rest, domain, transports })
  try {
    const { signal } = rest
    if (token !== undefined) await presentToken(stream, token, { signal })
    const answers = { ...values, username: local, password }
    await registerAccount(stream, answers, { signal, evenIfNotOffered: token !== undefined })
  } finally {
    await stream.close()
  }
}

import type { FullJid, Jid, XmlElement } from '@couplet/stanza'
import type { Asked } from './bind2.js'
import { Bound, Enabled, Failed, FastToken, NS_SM } from './elements.js'
import { newToken, type StoredToken } from './fast-token.js'
import type { Login } from './login.js'
import type { LoginOptions, Negotiation } from './negotiation.js'
import { readFailed, readResumed } from './resumption-answers.js'
import { required } from './server-offer.js'

/** What `<success/>` says besides success (XEP-0388 §2.6.1). */
export interface Results extends Pick<Login, 'resumed' | 'resumptionFailed' | 'management'> {
  /** The address, if the session is resumed or bound; otherwise a resource is bound on the features that follow. */
  readonly jid: FullJid | undefined
  /** A new token that is of use. */
  readonly token: StoredToken | undefined
}

/**
 * Reads the results of what was asked for. What was not, and what contradicts itself, ends the login (S-057).
 *
 * @param identity the authorization identifier
 * @param tokenFor the mechanism that a token would be for; `undefined` if none can come
 * @throws ConnectionError, MalformedElementError
 */
export function readResults(
  negotiation: Negotiation,
  { account, credentials }: LoginOptions,
  success: XmlElement,
  identity: Jid,
  asked: Asked,
  tokenFor: string | undefined,
): Results {
  const refuse = (message: string): never => negotiation.refuse('sasl', 'unexpected-element', message)
  const [resumed, failed] = [success.child('resumed', NS_SM), success.child('failed', NS_SM)]
  const bound = [...success.elements()].find((node) => Bound.matches(node))
  const token = required(success.read(FastToken))
  if (!(credentials.anonymous ? identity.domain === account.domain : identity.bare.equals(account))) {
    refuse('authenticated as another account')
  }
  if (success.child('enabled', NS_SM) !== undefined) refuse('stream management is on without a session')
  if ((resumed ?? failed) !== undefined && asked.resumption === undefined) refuse('nothing was to be resumed')
  if (resumed !== undefined && (bound ?? failed) !== undefined) refuse('both resumed and not')
  if (bound !== undefined && !asked.bind) refuse('nothing was to be bound')
  // A resumed session may have asked when it was bound, and Prosody answers that again: then it is left alone.
  if (token !== undefined && tokenFor === undefined && resumed === undefined) refuse('a token that was not asked for')
  const isBound = bound !== undefined
  if (resumed === undefined && identity.isFull() !== isBound) refuse('bound without a resource, or not bound with one')
  return {
    jid: resumed !== undefined ? asked.resumption?.jid : isBound ? (identity as FullJid) : undefined,
    resumed: resumed && asked.resumption && readResumed(negotiation, resumed, asked.resumption),
    resumptionFailed: failed && readFailed(failed),
    management: bound && readManagement(bound, asked, refuse),
    token: token && tokenFor !== undefined ? newToken(tokenFor, token, Date.now()) : undefined,
  }
}

/** XEP-0198 §9.1: the answer to `<enable/>`; none, or a refusal, is a session without acknowledgements. */
function readManagement(bound: XmlElement, asked: Asked, refuse: (message: string) => never): Login['management'] {
  const [enabled, failed] = [required(bound.read(Enabled)), required(bound.read(Failed))]
  if ((enabled ?? failed) !== undefined && !asked.management) refuse('stream management was not asked for')
  if (enabled !== undefined && failed !== undefined) refuse('stream management is both on and not')
  return enabled
}

import type { CallOptions, PreLogin } from '@couplet/client'
import { PreauthFeature, submitPreauth } from './elements.js'
import { conditionOf, InviteError } from './invite-error.js'

/**
 * Shows a server the token of an invitation, on a stream without a login, so that it lets us register there
 * (XEP-0445 §4): then comes `registerAccount` of `@couplet/registration`.
 *
 * @throws InviteError `not-offered`, or `token-refused` if it is unknown, used or too old
 * @throws StanzaError if the server refuses for another reason
 */
export async function presentToken(
  stream: Pick<PreLogin, 'features' | 'request'>,
  token: string,
  { signal }: CallOptions = {},
): Promise<void> {
  // A link may say anything; to whom its token is told depends on what the server says (§3).
  if (!stream.features.get(PreauthFeature)) throw new InviteError('not-offered')
  try {
    await stream.request(submitPreauth, { token }, { signal })
  } catch (error) {
    const condition = conditionOf(error)
    if (condition === 'item-not-found' || condition === 'forbidden') throw new InviteError('token-refused', error)
    throw error
  }
}

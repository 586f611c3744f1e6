import type { StanzaError } from '@couplet/stanza'
import { Blocked } from './elements.js'

/** Whether something was not delivered because we have blocked who it was for (XEP-0191 §3.3): of any error. */
export function isBlockedError(error: unknown): error is StanzaError {
  return error instanceof Error && error.name === 'StanzaError' && (error as StanzaError).element.get(Blocked) === true
}

import { XmppError } from '@couplet/stanza'

/**
 * Why something was not published as it should be.
 *
 * `privacy-not-guaranteed`: more people than wanted could have read it, so it was not sent (S-148); `access-not-granted`:
 * fewer than wanted could; `too-few-items`: the node cannot hold several items; `not-stored`: it was sent, but is not there.
 */
export type PepErrorCode = 'access-not-granted' | 'not-stored' | 'privacy-not-guaranteed' | 'too-few-items'

const sentences: Readonly<Record<PepErrorCode, string>> = {
  'access-not-granted': 'the server does not let everybody read the node',
  'not-stored': 'the item was published and is not there',
  'privacy-not-guaranteed': 'the server does not guarantee who can read the node',
  'too-few-items': 'the node cannot hold several items',
}

/** The server of the account cannot keep the node as it has to be kept. */
export class PepError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'PepError'
  readonly code: PepErrorCode
  readonly retry = 'no'

  constructor(code: PepErrorCode, cause?: unknown) {
    super(sentences[code], cause === undefined ? undefined : { cause })
    this.code = code
  }
}

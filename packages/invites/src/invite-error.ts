import { XmppError } from '@couplet/stanza'

/** Why something about an invitation cannot be done. */
export type InviteErrorCode =
  /** The server does not make invitations of this kind, or not for us. */
  | 'not-allowed'
  /** The server takes no tokens for registrations. */
  | 'not-offered'
  /** The server does not know the token, or it has ended or was used. */
  | 'token-refused'

const sentences: Readonly<Record<InviteErrorCode, string>> = {
  'not-allowed': 'the server makes no such invitation for us',
  'not-offered': 'the server takes no invitations for registering',
  'token-refused': 'the server does not take the token of the invitation',
}

/** Something about an invitation cannot be done. */
export class InviteError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'InviteError'
  readonly code: InviteErrorCode
  readonly retry = 'no'

  constructor(code: InviteErrorCode, cause?: unknown) {
    super(sentences[code], cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** The condition of a StanzaError, also of another copy of the package. */
export const conditionOf = (error: unknown): string | undefined =>
  error instanceof Error && error.name === 'StanzaError' ? (error as { condition?: string }).condition : undefined

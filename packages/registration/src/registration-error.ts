import { XmppError } from '@couplet/stanza'

/** Why an account cannot be registered in the stream. */
export type RegistrationErrorCode =
  /** The server does not offer it. */
  | 'not-offered'
  /** It is done at a page of the web: see `url` (XEP-0077 §5). */
  | 'elsewhere'

const sentences: Readonly<Record<RegistrationErrorCode, string>> = {
  'not-offered': 'the server does not let anybody register',
  elsewhere: 'one registers with the server at a page of the web',
}

/** An account cannot be registered in the stream. */
export class RegistrationError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'RegistrationError'
  readonly code: RegistrationErrorCode
  /** `user` if there is a page to go to. */
  readonly retry: 'no' | 'user'
  /** The page, https or http, as the server has written it; `undefined` if it has written something else. */
  readonly url: URL | undefined

  constructor(code: RegistrationErrorCode, url?: URL) {
    super(sentences[code])
    this.code = code
    this.url = url
    this.retry = url === undefined ? 'no' : 'user'
  }
}

/** A secret, or what fetches it when (and only when) it is about to be used. */
export type Secret = string | (() => string | Promise<string>)

/** What the user can prove. Give everything there is: `chooseMechanism` picks. */
export interface Credentials {
  /** The account's name: in XMPP the localpart. */
  readonly username?: string | undefined
  /** For SCRAM and PLAIN. */
  readonly password?: Secret | undefined
  /** Identity to act as; in XMPP a bare JID. Usually left out. */
  readonly authzid?: string | undefined
  /** OAuth 2.0 access token, for OAUTHBEARER. */
  readonly token?: Secret | undefined
  /** The TLS client certificate speaks for the user. */
  readonly external?: boolean | undefined
  /** No account: ask for a temporary identity. */
  readonly anonymous?: boolean | undefined
  /** A FAST token (XEP-0484); bound to the mechanism it was issued for and used with no other. */
  readonly ht?: { readonly mechanism: string; readonly token: Secret } | undefined
}

/** Resolves a secret at the moment of use. */
export async function reveal(secret: Secret): Promise<string> {
  return typeof secret === 'function' ? secret() : secret
}

import type { BareJid } from '@couplet/stanza'
import { formatXmppUri, readUri } from './xmpp-uri.js'

/** What an invitation says. */
export interface InvitationParts {
  readonly kind: InviteLink['kind']
  readonly jid: BareJid
  readonly token?: string | undefined
  readonly name?: string | undefined
  readonly registers?: boolean | undefined
}

/**
 * An invitation: to become somebody's contact (XEP-0379), or to register an account (XEP-0445). Who has its token is let
 * in, so neither `console.log` nor JSON shows it.
 */
export class InviteLink {
  /** To become the contact of {@link jid}, or to register an account. */
  readonly kind: 'contact' | 'account'
  /** Who invites; or the account to be registered, which is the domain alone if its name can be chosen. */
  readonly jid: BareJid
  /**
   * What the inviter is called, as the link says: show it together with {@link jid}, since whoever has written the link has
   * chosen both (XEP-0379 §5.4).
   */
  readonly name: string | undefined
  /** Whether the token registers an account at the domain of {@link jid}, too. */
  readonly registers: boolean
  readonly #token: string | undefined

  /** @internal */
  constructor({ kind, jid, token, name, registers }: InvitationParts) {
    this.kind = kind
    this.jid = jid
    this.name = name
    this.registers = kind === 'account' || (registers ?? false)
    this.#token = token
  }

  /** The token. A secret between the inviter and who is invited. */
  get token(): string | undefined {
    return this.#token
  }

  /** The link, with the token in it. */
  get uri(): string {
    const { kind, jid, token, name, registers } = this
    const parameters = new Map<string, string>()
    if (token !== undefined) parameters.set('preauth', token)
    if (kind === 'contact' && registers) parameters.set('ibr', 'y')
    if (name !== undefined) parameters.set('name', name)
    return formatXmppUri({ jid, action: kind === 'contact' ? 'roster' : 'register', parameters })
  }
}

/**
 * Reads the link of an invitation; `undefined` if it is none. Nothing is done with it: ask the user, then give it to
 * `client.invites.accept`, or register with it.
 */
export function parseInvitation(uri: string): InviteLink | undefined {
  // XEP-0379 §3.2 writes a space in a name as a plus sign.
  const parsed = readUri(uri, 'name')
  const { jid, action, parameters } = parsed ?? {}
  if (jid === undefined || jid.resource !== undefined) return undefined
  const token = parameters?.get('preauth') || undefined
  const name = parameters?.get('name') || undefined
  if (action === 'register') return new InviteLink({ kind: 'account', jid: jid.bare, token, name })
  if (action !== 'roster' || jid.local === undefined) return undefined
  const registers = token !== undefined && parameters?.get('ibr') === 'y'
  return new InviteLink({ kind: 'contact', jid: jid.bare, token, name, registers })
}

/** An invitation that was made. */
export class IssuedInvitation extends InviteLink {
  /** Whose token it is: the server's, which knows what to do with it, or that of this client, which has to be online then. */
  readonly issuer: 'server' | 'client'
  /** When it ends; `undefined` if it does not. */
  readonly expires: Date | undefined
  readonly #landingUrl: URL | undefined

  /** @internal */
  constructor(
    parts: InvitationParts,
    { issuer, expires, landingUrl }: Pick<IssuedInvitation, 'issuer' | 'expires' | 'landingUrl'>,
  ) {
    super(parts)
    this.issuer = issuer
    this.expires = expires
    this.#landingUrl = landingUrl
  }

  /** A page of the server that says the same, and helps those who have no client yet; https, with the token in it. */
  get landingUrl(): URL | undefined {
    return this.#landingUrl
  }
}

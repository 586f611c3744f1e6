import type { Adhoc } from '@couplet/adhoc'
import type { CallOptions, Handled, Plugin, PluginContext, Subscription } from '@couplet/client'
import { Jid, type Presence } from '@couplet/stanza'
import { InviteError } from './invite-error.js'
import { type InviteLink, IssuedInvitation, parseInvitation } from './invite-link.js'
import { serverInvitation } from './server-invitation.js'
import { type Redemption, Subscriptions } from './subscriptions.js'

const week = 7 * 24 * 60 * 60 * 1000

/** Options of {@link Invites.contact}. */
export interface ContactInviteOptions extends CallOptions {
  /**
   * Who issues the token: the `server`, or this client, which has to be online then; default the server if it does that, and
   * else this client (XEP-0401 §6.1).
   */
  readonly issuer?: 'server' | 'client' | undefined
  /** What we are called in the link. */
  readonly name?: string | undefined
  /** Milliseconds for which it is good, if this client issues it; default a week. */
  readonly validity?: number | undefined
  /** Who alone may use it, if that is known; such tokens are issued by this client. */
  readonly only?: Jid | string | undefined
}

/** Options of {@link Invites.account}. */
export interface AccountInviteOptions extends CallOptions {
  /** The name of the account; default whoever is invited chooses. */
  readonly username?: string | undefined
  /** Whether it and our own account are contacts from the beginning; default what the server does. */
  readonly subscribe?: boolean | undefined
}

/** What `client.invites` offers. */
export interface Invites {
  /**
   * Makes an invitation to become our contact: whoever brings it is let in without being asked about, once, and asked back
   * (XEP-0401 §5.1, XEP-0379). Give it to one person only.
   *
   * @throws InviteError `not-allowed` if only the server is to issue it, and does not
   * @throws RangeError for a validity that is none
   */
  contact(options?: ContactInviteOptions): Promise<IssuedInvitation>
  /**
   * Has the server make an invitation to register an account there (XEP-0401 §5.4); usually only for administrators.
   *
   * @throws InviteError `not-allowed`, also if the server does not let us choose the name
   * @throws RangeError if it does not let us choose the rest
   */
  account(options?: AccountInviteOptions): Promise<IssuedInvitation>
  /**
   * Accepts an invitation to become a contact, after the user was asked: asks with its token to see their presence, and lets
   * them see ours when they ask: in the next week, or whenever they do if the server takes approvals in advance (RFC 6121
   * §3.4), until `presence.deny`. Resolves when the server has that; they may still have to decide.
   *
   * @throws TypeError if it is another link, or our own
   */
  accept(invitation: InviteLink | string, options?: CallOptions): Promise<void>
  /** Ends an invitation that this client has issued; false if it was used, has ended, or is not its own. */
  revoke(invitation: InviteLink | string): Promise<boolean>
  /**
   * Whether a request to see our presence was granted because of an invitation, so that nobody has to be asked about it:
   * `presence.onRequest(async ({ presence }) => { if (!(await invites.isRedeemed(presence))) … })`.
   */
  isRedeemed(presence: Presence): Promise<boolean>
  /** Calls the handler when this client has let somebody in because of an invitation. */
  onRedeemed(handler: (redemption: Redemption) => Handled): Subscription
}

/** The plugin: invitations to become a contact or to register an account (XEP-0401, XEP-0379). */
export function invites(): Plugin<'invites', Invites, { adhoc: Adhoc }> {
  return {
    name: 'invites',
    needs: { adhoc: true },
    setup(context) {
      const subscriptions = new Subscriptions(context)
      return {
        contact: (options) => contactInvitation(context, subscriptions, options),
        account: (options) => accountInvitation(context, options),
        async accept(invitation, options = {}) {
          const read = readContact(invitation)
          if (read.jid.equals(context.account)) throw new TypeError('this is an invitation of the own account')
          await subscriptions.accept(read, new Date(Date.now() + week), options)
        },
        async revoke(invitation) {
          const { token } = readContact(invitation)
          return token !== undefined && subscriptions.tokens.revoke(token)
        },
        isRedeemed: (received) => subscriptions.isRedeemed(received),
        onRedeemed: (handler) => subscriptions.onRedeemed(handler),
      }
    },
  }
}

async function contactInvitation(
  context: PluginContext & { readonly adhoc: Adhoc },
  { tokens }: Subscriptions,
  { issuer, name, validity = week, only, signal }: ContactInviteOptions = {},
): Promise<IssuedInvitation> {
  if (!(validity > 0 && validity <= 100 * 365 * 24 * 60 * 60 * 1000)) throw new RangeError('validity is milliseconds')
  const person = typeof only === 'string' ? Jid.parse(only) : only
  if (issuer === 'server' && person !== undefined) throw new TypeError('a server lets in whoever brings its token')
  if (issuer !== 'client' && person === undefined) {
    try {
      return await serverInvitation(context, 'contact', {}, { name, signal })
    } catch (error) {
      if (issuer === 'server' || (error as Partial<Error>).name !== 'InviteError') throw error
    }
  }
  signal?.throwIfAborted()
  const expires = new Date(Date.now() + validity)
  const token = await tokens.issue(expires, person?.bare)
  const parts = { kind: 'contact', jid: context.account, token, name } as const
  return new IssuedInvitation(parts, { issuer: 'client', expires, landingUrl: undefined })
}

async function accountInvitation(
  context: PluginContext & { readonly adhoc: Adhoc },
  { username, subscribe, signal }: AccountInviteOptions = {},
): Promise<IssuedInvitation> {
  const fields = {
    ...(username !== undefined && { username }),
    ...(subscribe !== undefined && { 'roster-subscription': subscribe }),
  }
  const wanted = username === undefined ? undefined : Jid.of({ local: username, domain: context.account.domain })
  const made = await serverInvitation(context, 'account', fields, { signal })
  // A server that has not asked has not heard it.
  if (wanted !== undefined && !made.jid.equals(wanted)) throw new InviteError('not-allowed')
  return made
}

function readContact(invitation: InviteLink | string): InviteLink {
  const read = typeof invitation === 'string' ? parseInvitation(invitation) : invitation
  if (read?.kind !== 'contact') throw new TypeError('not an invitation to become a contact')
  return read
}

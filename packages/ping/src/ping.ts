import type { CallOptions, Plugin, PluginContext } from '@couplet/client'
import type { Roster } from '@couplet/roster'
import { type BareJid, Jid, StanzaError } from '@couplet/stanza'
import { NS_PING, sendPing } from './elements.js'

/** Options of {@link ping}. */
export interface PingOptions {
  /**
   * Who else than the own account and its server gets an answer; the others cannot tell that we are online. Default:
   * nobody.
   */
  readonly answer?: (from: Jid) => boolean
}

/** Options of {@link ping} that take the answer from the roster. */
export interface PingRosterOptions {
  /** The contacts who may see our presence get an answer, too. */
  readonly answer: 'contacts'
}

/** What `client.ping` offers. */
export interface Ping {
  /**
   * Resolves when the entity has shown that it is alive. Without `to` that is the own server.
   *
   * Not knowing pings is a sign of life, too: `feature-not-implemented` from anyone, `service-unavailable` from a server.
   * From a client, `service-unavailable` is as well what its server says when it is gone (XEP-0199 §8), so that rejects.
   *
   * @throws StanzaError if it cannot be reached, or does not want to tell
   */
  send(to?: Jid | string, options?: CallOptions): Promise<void>
}

/** The plugin {@link ping}, which also answers the contacts who may see our presence. */
export function ping(options: PingRosterOptions): Plugin<'ping', Ping, { roster: Roster }>
/** The plugin: pings others, and answers the pings of those who may know that we are online (XEP-0199). */
export function ping(options?: PingOptions): Plugin<'ping', Ping>
export function ping({ answer }: PingOptions | PingRosterOptions = {}): Plugin<'ping', Ping, { roster: Roster }> {
  return {
    name: 'ping',
    features: [NS_PING],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      context.handle(sendPing, (_ping, { from }) => {
        // The same answer as from a server whose user has no such resource (XEP-0199 §8).
        if (!isOwn(context, from) && mayKnow?.(from) !== true)
          throw new StanzaError({ condition: 'service-unavailable' })
      })
      return { send: (to, options) => send(context, to, options) }
    },
  }
}

/** The other clients of the account, and its server, know anyway. A service of the same server is somebody else. */
function isOwn({ account }: PluginContext, from: Jid): boolean {
  return from.bare.equals(account) || from.toString() === account.domain
}

function seesUs(roster: Roster, from: Jid): boolean {
  const subscription = roster.get(from)?.subscription
  return subscription === 'from' || subscription === 'both'
}

async function send(context: PluginContext, to: Jid | string | undefined, options?: CallOptions): Promise<void> {
  const target = typeof to === 'string' ? Jid.parse(to) : to
  try {
    await context.request(sendPing, true, { ...options, to: target })
  } catch (error) {
    if (!isSignOfLife(error, target, context.account)) throw error
  }
}

function isSignOfLife(error: unknown, target: Jid | undefined, account: BareJid): boolean {
  if (!(error instanceof Error) || error.name !== 'StanzaError') return false
  const { condition } = error as StanzaError
  const isServer = target === undefined || target.equals(account) || target.toString() === target.domain
  return condition === 'feature-not-implemented' || (condition === 'service-unavailable' && isServer)
}

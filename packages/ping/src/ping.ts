import type { CallOptions, Plugin, PluginContext } from '@couplet/client'
import { type BareJid, Jid, StanzaError } from '@couplet/stanza'
import { NS_PING, sendPing } from './elements.js'

/** Options of {@link ping}. */
export interface PingOptions {
  /** Who gets an answer; the others cannot tell that we are online. Default: everyone who knows our full JID. */
  readonly answer?: (from: Jid) => boolean
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

/** The plugin: pings others, and answers their pings (XEP-0199). */
export function ping({ answer }: PingOptions = {}): Plugin<'ping', Ping> {
  return {
    name: 'ping',
    features: [NS_PING],
    needs: {},
    setup(context) {
      context.handle(sendPing, (_ping, { from }) => {
        // The same answer as from a server whose user has no such resource (XEP-0199 §8).
        if (answer?.(from) === false) throw new StanzaError({ condition: 'service-unavailable' })
      })
      return { send: (to, options) => send(context, to, options) }
    },
  }
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

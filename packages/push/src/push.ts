import type { CallOptions, Plugin, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { Jid } from '@couplet/stanza'
import { disablePush, enablePush, NS_PUSH, optionsForm, type PushEnable, type PushOptions } from './elements.js'
import { PushError } from './push-error.js'

/** Options of {@link Push.enable}. */
export interface EnableOptions extends CallOptions {
  /** What the app server wants to be told with each notification, such as `{ secret: '…' }`. */
  readonly options?: PushOptions
}

/** Options of {@link Push.disable}. */
export interface DisableOptions extends CallOptions {
  /** Only this node; default: all nodes of the app server. */
  readonly node?: string
}

/** What `client.push` offers. */
export interface Push {
  /**
   * Whether the server sends push notifications for this account (XEP-0357 §4.1).
   *
   * @throws StanzaError if it could not be asked
   */
  supported(options?: CallOptions): Promise<boolean>
  /**
   * Has the server notify an app server of what happens while this client is away (XEP-0357 §5), and says so again in each
   * new session until `disable`. A node that is enabled already gets the new options.
   *
   * @param appServer the push service of the app
   * @param node what the app server has given out for this device
   * @throws PushError if the server sends none
   * @throws StanzaError if it refuses
   * @throws RangeError for an empty node, and for an option called FORM_TYPE
   */
  enable(appServer: Jid | string, node: string, options?: EnableOptions): Promise<void>
  /**
   * Ends the notifications of an app server, or of one of its nodes (XEP-0357 §6), also those that another client has
   * enabled.
   *
   * @throws StanzaError if the server refuses; then it is not asked for them in the next session all the same
   */
  disable(appServer: Jid | string, options?: DisableOptions): Promise<void>
}

/** The plugin: push notifications for those who are away (XEP-0357). */
export function push(): Plugin<'push', Push, { disco: Disco }> {
  return {
    name: 'push',
    needs: { disco: true },
    setup(context) {
      /** By app server and node. With secrets, so only in memory: an app gets its node anew when it starts. */
      const enabled = new Map<string, PushEnable>()
      // Some servers forget it with the session, and it was for a session that is lost (XEP-0357 §5 leaves it open).
      context.onSession(() => repeat(context, enabled), 'state')
      const supported = ({ signal }: CallOptions = {}): Promise<boolean> =>
        context.disco.supports(context.account, NS_PUSH, { signal })
      return {
        supported,
        async enable(appServer, node, { options, signal } = {}) {
          if (node === '') throw new RangeError('the node is empty')
          const jid = parse(appServer)
          const value = { jid, node, options: options && optionsForm(options) }
          if (!(await supported({ signal }))) throw new PushError('not-supported')
          await enable(context, enabled, value, { signal })
        },
        async disable(appServer, { node, signal } = {}) {
          const jid = parse(appServer)
          for (const [key, each] of enabled) {
            if (each.jid.equals(jid) && (node === undefined || each.node === node)) enabled.delete(key)
          }
          await context.request(disablePush, { jid, node }, { signal })
        },
      }
    },
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

async function enable(
  context: PluginContext,
  enabled: Map<string, PushEnable>,
  value: PushEnable,
  options: CallOptions,
): Promise<void> {
  const key = `${value.jid}\n${value.node}`
  const before = enabled.get(key)
  // Now, so that what is disabled meanwhile stays so.
  enabled.set(key, value)
  try {
    // XEP-0357 §5: to the own account, for which nobody but its server can answer.
    await context.request(enablePush, value, options)
  } catch (error) {
    if (enabled.get(key) === value) {
      if (before === undefined) enabled.delete(key)
      else enabled.set(key, before)
    }
    throw error
  }
}

async function repeat(context: PluginContext, enabled: ReadonlyMap<string, PushEnable>): Promise<void> {
  const outcomes = await Promise.allSettled([...enabled.values()].map((value) => context.request(enablePush, value)))
  for (const outcome of outcomes) {
    // A lost connection is the client's to report, and the next session asks again.
    if (outcome.status === 'rejected' && outcome.reason?.name !== 'ConnectionError') context.reportError(outcome.reason)
  }
}

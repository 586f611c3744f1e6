import type { CallOptions, Plugin, Subscription } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { Jid } from '@couplet/stanza'
import { beginExecution, type CommandExecution } from './command-execution.js'
import type { CommandLimits } from './command-sessions.js'
import { NS_COMMANDS } from './elements.js'
import { Responder } from './responder.js'
import type { ServedCommand } from './served-command.js'

/** A command that an entity offers. */
export interface CommandItem {
  /** Who offers it. */
  readonly jid: Jid
  /** Its name for programs. */
  readonly node: string
  /** Its name for people, if it has one. */
  readonly name: string | undefined
}

/** Options of {@link Adhoc.execute}. */
export interface ExecuteOptions extends CallOptions {
  /** The language that the user wants, such as `en`, for this execution (XEP-0050 §3.7). */
  readonly lang?: string | undefined
}

/** What `client.adhoc` offers. */
export interface Adhoc {
  /**
   * The commands that an entity offers us (XEP-0050 §2.2); those that it says somebody else offers are left out (§5).
   *
   * @throws StanzaError if it does not tell; `item-not-found` and `service-unavailable` also if it has none
   */
  list(jid: Jid | string, options?: CallOptions): Promise<readonly CommandItem[]>
  /**
   * Begins to execute a command (XEP-0050 §2.4). A signal that ends this call, or one of those that go on with it, cancels
   * the command as well.
   *
   * @throws CommandError if the responder says why it refuses
   * @throws StanzaError if it just refuses: `forbidden`, `item-not-found`
   */
  execute(jid: Jid | string, node: string, options?: ExecuteOptions): Promise<CommandExecution>
  /**
   * Offers a command until the subscription ends, to those it allows and to nobody else.
   *
   * @throws TypeError if it does not say whom it allows, and for a second one with its node
   */
  add(command: ServedCommand): Subscription
}

/** The plugin: executes commands of others, and offers commands (XEP-0050). */
export function adhoc(options: CommandLimits = {}): Plugin<'adhoc', Adhoc, { disco: Disco }> {
  return {
    name: 'adhoc',
    needs: { disco: true },
    setup(context) {
      const responder = new Responder(context, options)
      let offered = 0
      let advertised: Subscription | undefined
      return {
        async list(jid, { signal } = {}) {
          const responding = parse(jid)
          const { items } = await context.disco.items(responding, { node: NS_COMMANDS, signal })
          return items.flatMap((item) => {
            const { node, name } = item
            return node !== undefined && item.jid.equals(responding) ? [{ jid: responding, node, name }] : []
          })
        },
        execute: async (jid, node, { lang, signal } = {}) =>
          beginExecution(context, { jid: parse(jid), node, lang }, signal),
        add(command) {
          const remove = responder.add(command)
          // Only who has commands supports them in the eyes of others (XEP-0050 §2.1).
          if (offered++ === 0) advertised = context.advertise(NS_COMMANDS)
          return context.subscription(() => {
            remove()
            if (--offered === 0) advertised?.dispose()
          })
        },
      }
    },
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

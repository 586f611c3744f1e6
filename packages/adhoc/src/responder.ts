import type { InboundRequest, PluginContext } from '@couplet/client'
import { type Disco, type DiscoInfo, type DiscoItem, NS_DISCO_INFO, NS_DISCO_ITEMS } from '@couplet/disco'
import { NS_DATA_FORMS } from '@couplet/forms'
import { type Jid, StanzaError } from '@couplet/stanza'
import { CommandConversation } from './command-conversation.js'
import { asRefusal } from './command-error.js'
import type { CommandLimits } from './command-sessions.js'
import { type AnyCommandRequest, answerCommand, type CommandResult, NS_COMMANDS } from './elements.js'
import type { ServedCommand } from './served-command.js'

/** Offers commands: says who may see them, and carries them out. */
export class Responder {
  readonly #context: PluginContext & { readonly disco: Disco }
  readonly #commands = new Map<string, ServedCommand>()
  readonly #conversation: CommandConversation

  constructor(context: PluginContext & { readonly disco: Disco }, limits: CommandLimits) {
    this.#context = context
    this.#conversation = new CommandConversation(limits)
    context.subscription(() => this.#conversation.end())
    context.disco.serveNodes({
      info: (node, { from }) => this.#describe(node, from),
      items: (node, request) => this.#list(node, request),
    })
    // From anyone: each command says who may.
    context.handle(answerCommand, (request, { from, to }) => this.#answer(request, from, to))
  }

  /** See `Adhoc.add`. */
  add(command: ServedCommand): () => void {
    const { node, name, allow, run } = command
    if (!node || !name || typeof run !== 'function') throw new TypeError('a command needs node, name and run')
    // Not a default: who forgets it would open the command to somebody.
    if (allow !== 'anyone' && allow !== 'ownAccount' && typeof allow !== 'function') {
      throw new TypeError(`the command "${node}" does not say whom it allows`)
    }
    if (this.#commands.has(node) || node === NS_COMMANDS) throw new TypeError(`there is a command "${node}" already`)
    this.#commands.set(node, command)
    return () => {
      this.#commands.delete(node)
      this.#conversation.end(node)
    }
  }

  async #answer(request: AnyCommandRequest, from: Jid, to: Jid): Promise<CommandResult> {
    const { node } = request
    const command = node === undefined ? undefined : this.#commands.get(node)
    if (command === undefined || !(await this.#allows(command, from))) throw await this.#refusal(node, command, from)
    // Taken back while its predicate was thinking.
    if (this.#commands.get(command.node) !== command) throw await this.#refusal(node, undefined, from)
    try {
      return await this.#conversation.answer(command, request, from, to)
    } catch (error) {
      throw asRefusal(error)
    }
  }

  async #allows({ allow }: ServedCommand, from: Jid): Promise<boolean> {
    if (allow === 'anyone') return true
    if (allow === 'ownAccount') return from.bare.equals(this.#context.account)
    try {
      return (await allow(from)) === true
    } catch (error) {
      this.#context.reportError(error)
      return false
    }
  }

  /** The commands that are for somebody; `denied` is known not to be. */
  async #allowed(from: Jid, denied?: ServedCommand): Promise<ServedCommand[]> {
    const found: ServedCommand[] = []
    for (const command of [...this.#commands.values()]) {
      if (command !== denied && (await this.#allows(command, from))) found.push(command)
    }
    return found
  }

  /** XEP-0050 §4.4, for those who may know that we are here; the others learn no more than from a missing resource (S-160). */
  async #refusal(node: string | undefined, command: ServedCommand | undefined, from: Jid): Promise<StanzaError> {
    const mayKnow = this.#context.disco.answers(from) || (await this.#allowed(from, command)).length > 0
    if (!mayKnow || this.#commands.size === 0) return new StanzaError({ condition: 'service-unavailable' })
    if (node === undefined) return new StanzaError({ condition: 'bad-request' })
    if (command === undefined) return new StanzaError({ condition: 'item-not-found' })
    return new StanzaError({ condition: 'forbidden', type: 'cancel' })
  }

  async #describe(node: string, from: Jid): Promise<DiscoInfo | undefined> {
    if (node === NS_COMMANDS) {
      if ((await this.#allowed(from)).length === 0) return undefined
      return { identities: [{ category: 'automation', type: 'command-list' }], features: listFeatures, forms: [] }
    }
    const command = this.#commands.get(node)
    if (command === undefined) return undefined
    if (!(await this.#allows(command, from))) throw await this.#refusal(node, command, from)
    const { name, lang } = command
    const identity = { category: 'automation', type: 'command-node', name, lang }
    return { identities: [identity], features: [NS_COMMANDS, NS_DATA_FORMS], forms: [] }
  }

  async #list(node: string, { from, to }: InboundRequest): Promise<readonly DiscoItem[] | undefined> {
    if (node !== NS_COMMANDS) return (await this.#describe(node, from)) && []
    const allowed = await this.#allowed(from)
    if (allowed.length === 0) return undefined
    return allowed.map((command) => ({ jid: to, node: command.node, name: command.name }))
  }
}

const listFeatures: readonly string[] = [NS_DISCO_INFO, NS_DISCO_ITEMS]

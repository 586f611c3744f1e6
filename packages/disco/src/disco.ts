import type { CallOptions, Plugin, PluginContext, Subscription } from '@couplet/client'
import type { Roster } from '@couplet/roster'
import type { ResultSetRequest } from '@couplet/rsm'
import { type Jid, StanzaError } from '@couplet/stanza'
import {
  answerDiscoItems,
  type DiscoIdentity,
  type DiscoInfo,
  type DiscoItems,
  getDiscoInfo,
  getDiscoItems,
  NS_DISCO_INFO,
  NS_DISCO_ITEMS,
} from './elements.js'

/** What this client says about itself. */
export interface DiscoSelf {
  /** What this client is, from the registry of XEP-0030 §10.2.1; default `{ category: 'client', type: 'pc' }`. */
  readonly identity?: Pick<DiscoIdentity, 'category' | 'type'>
  /** The name of the software, for people. */
  readonly name?: string
}

/** Options of {@link disco}. */
export interface DiscoOptions extends DiscoSelf {
  /**
   * Who else than the own account and its server gets an answer; the others cannot tell that we are online. Default:
   * nobody.
   */
  readonly answer?: (from: Jid) => boolean
}

/** Options of {@link disco} that take the answer from the roster. */
export interface DiscoRosterOptions extends DiscoSelf {
  /** The contacts who may see our presence get an answer, too. */
  readonly answer: 'contacts'
}

/** Options of a question about an entity. */
export interface DiscoCallOptions extends CallOptions {
  /** A part of the entity that has no JID of its own (XEP-0030 §3.2, §4.2). */
  readonly node?: string | undefined
}

/** Options of a question about items. */
export interface DiscoItemsOptions extends DiscoCallOptions {
  /** Which page of a long list; default is whatever the entity sends. */
  readonly page?: ResultSetRequest | undefined
}

/** What `client.disco` offers. */
export interface Disco {
  /**
   * What an entity is and can do (XEP-0030 §3).
   *
   * @throws StanzaError if it does not tell; `service-unavailable` also if it does not exist
   */
  info(jid: Jid | string, options?: DiscoCallOptions): Promise<DiscoInfo>
  /**
   * What belongs to an entity: rooms, services, nodes (XEP-0030 §4).
   *
   * @throws StanzaError if it does not tell
   */
  items(jid: Jid | string, options?: DiscoItemsOptions): Promise<DiscoItems>
  /**
   * Whether an entity has a feature. An entity that does not exist or does not speak this protocol has none.
   *
   * @throws StanzaError if the question could not be answered
   */
  supports(jid: Jid | string, feature: string, options?: DiscoCallOptions): Promise<boolean>
  /** What this client says about itself, at this moment, to those who may know that it is online. */
  readonly self: DiscoInfo
  /**
   * Answers questions about nodes of this client, for those who may know that it is online: the first that returns
   * something is the answer.
   */
  describeNodes(describe: NodeDescriber): Subscription
}

/** What a node of this client is; `undefined` if there is no such node. */
export type NodeDescriber = (node: string) => DiscoInfo | undefined

/** The plugin {@link disco}, which also answers the contacts who may see our presence. */
export function disco(options: DiscoRosterOptions): Plugin<'disco', Disco, { roster: Roster }>
/**
 * The plugin: asks others, and answers for this client, with the features of all plugins, those who may know that it is
 * online (XEP-0030).
 */
export function disco(options?: DiscoOptions): Plugin<'disco', Disco>
export function disco(options: DiscoOptions | DiscoRosterOptions = {}): Plugin<'disco', Disco, { roster: Roster }> {
  const { answer } = options
  return {
    name: 'disco',
    features: [NS_DISCO_INFO, NS_DISCO_ITEMS],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const own = describe(context, options)
      answerQuestions(context, own, answer === 'contacts' ? (from) => seesUs(context.roster, from) : answer)
      return askQuestions(context, own)
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

/** What this client is, and its nodes. */
interface OwnDescription extends Pick<Disco, 'self' | 'describeNodes'> {
  node(node: string): DiscoInfo | undefined
}

function describe(context: PluginContext, { identity, name }: DiscoSelf): OwnDescription {
  const self: DiscoIdentity = { category: 'client', type: 'pc', ...identity, name }
  const describers = new Set<NodeDescriber>()
  return {
    get self() {
      return { identities: [self], features: context.features, forms: [] }
    },
    node(node) {
      for (const each of describers) {
        const found = each(node)
        if (found !== undefined) return { ...found, node }
      }
      return undefined
    },
    describeNodes(describer) {
      const own: NodeDescriber = (node) => describer(node) // the same function may be given twice
      describers.add(own)
      return context.subscription(() => describers.delete(own))
    },
  }
}

function askQuestions(context: PluginContext, own: OwnDescription): Disco {
  const api: Disco = {
    get self() {
      return own.self
    },
    describeNodes: own.describeNodes,
    info: (jid, { node, signal } = {}) => context.request(getDiscoInfo, { node }, { to: jid, signal }),
    items: (jid, { node, page, signal } = {}) => context.request(getDiscoItems, { node, page }, { to: jid, signal }),
    async supports(jid, feature, callOptions) {
      try {
        const { features } = await api.info(jid, callOptions)
        // XEP-0030 §3.1: who answers speaks this protocol, also without saying so.
        return feature === NS_DISCO_INFO || features.includes(feature)
      } catch (error) {
        if (hasNothing(error)) return false
        throw error
      }
    },
  }
  return api
}

const nothing: ReadonlySet<string> = new Set(['feature-not-implemented', 'item-not-found', 'service-unavailable'])

/** XEP-0030 §7: these answers say that there is nothing to discover. */
function hasNothing(error: unknown): boolean {
  return error instanceof Error && error.name === 'StanzaError' && nothing.has((error as StanzaError).condition)
}

function answerQuestions(
  context: PluginContext,
  own: OwnDescription,
  mayKnow: ((from: Jid) => boolean) | undefined,
): void {
  const describeTo = (from: Jid, node: string | undefined): DiscoInfo => {
    // The same answer as from a server whose user has no such resource (RFC 6121 §8.5.3.2.3).
    if (!isOwn(context, from) && !mayKnow?.(from)) throw new StanzaError({ condition: 'service-unavailable' })
    const found = node === undefined ? own.self : own.node(node)
    if (found === undefined) throw new StanzaError({ condition: 'item-not-found' })
    return found
  }
  context.handle(getDiscoInfo, ({ node }, { from }) => describeTo(from, node))
  context.handle(answerDiscoItems, ({ node }, { from }) => {
    describeTo(from, node)
    return { node, items: [] }
  })
}

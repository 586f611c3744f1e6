import type { CallOptions, InboundRequest, Plugin, PluginContext, Subscription } from '@couplet/client'
import type { Contact, Roster } from '@couplet/roster'
import type { ResultSetRequest } from '@couplet/rsm'
import { type Jid, StanzaError, type XmlElement } from '@couplet/stanza'
import {
  answerDiscoItems,
  type DiscoIdentity,
  type DiscoInfo,
  type DiscoItem,
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
  /** What it is besides, such as the same in another language. */
  readonly identities?: readonly DiscoIdentity[]
  /** What the application can do by itself; the features of plugins are there anyway. */
  readonly features?: readonly string[]
  /** More about it, such as which version it is (XEP-0128). */
  readonly forms?: readonly XmlElement[]
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
  /** The contacts who may see our presence get an answer, too, and so do their servers. */
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
  /** Has questions about nodes of this client answered by a plugin that decides itself who may know of them. */
  serveNodes(nodes: ServedNodes): Subscription
  /** Whether an entity gets answers about this client, so that it may know that it is online. */
  answers(from: Jid): boolean
}

/** What a node of this client is; `undefined` if there is no such node. */
export type NodeDescriber = (node: string) => DiscoInfo | undefined

/** What a plugin answers about a node of its own; `undefined` if there is no such node for whoever asks. */
export type Answered<T> = T | undefined | Promise<T | undefined>

/**
 * Nodes with rules of their own about who may know of them. `undefined` says that there is no such node for this one: then
 * it gets the answer that it would get without them. A `StanzaError` that is thrown is the answer.
 */
export interface ServedNodes {
  /** What the node is (XEP-0030 §3.2). */
  info(node: string, request: InboundRequest): Answered<DiscoInfo>
  /** What belongs to the node (XEP-0030 §4.2). */
  items(node: string, request: InboundRequest): Answered<readonly DiscoItem[]>
}

/** The plugin {@link disco}, which also answers the contacts who may see our presence. */
export function disco(options: DiscoRosterOptions): Plugin<'disco', Disco, { roster: Roster }>
/**
 * The plugin: asks others, and answers for this client, with the features of all plugins, those who may know that it is
 * online (XEP-0030).
 */
export function disco(options?: DiscoOptions): Plugin<'disco', Disco>
export function disco(options: DiscoOptions | DiscoRosterOptions = {}): Plugin<'disco', Disco, { roster: Roster }> {
  const { answer, features = [] } = options
  return {
    name: 'disco',
    features: [NS_DISCO_INFO, NS_DISCO_ITEMS, ...features],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      const own = describe(context, options, (from) => isOwn(context, from) || mayKnow?.(from) === true)
      answerQuestions(context, own)
      return askQuestions(context, own)
    },
  }
}

/** The other clients of the account, and its server, know anyway. A service of the same server is somebody else. */
function isOwn({ account }: PluginContext, from: Jid): boolean {
  return from.bare.equals(account) || from.toString() === account.domain
}

/** A contact, or the server of one: it has our presence to pass on, and asks what events to send (XEP-0163 §4.3). */
function seesUs(roster: Roster, from: Jid): boolean {
  if (isToldPresence(roster.get(from))) return true
  if (from.toString() !== from.domain) return false
  return [...roster.contacts.values()].some((contact) => contact.jid.domain === from.domain && isToldPresence(contact))
}

const isToldPresence = (contact: Contact | undefined): boolean =>
  contact?.subscription === 'from' || contact?.subscription === 'both'

/** What this client is, its nodes, and who may know. */
interface OwnDescription extends Pick<Disco, 'self' | 'describeNodes' | 'serveNodes' | 'answers'> {
  readonly served: ReadonlySet<ServedNodes>
  node(node: string): DiscoInfo | undefined
}

function describe(
  context: PluginContext,
  { identity, name, identities = [], forms = [] }: DiscoSelf,
  answers: (from: Jid) => boolean,
): OwnDescription {
  const self: DiscoIdentity = { category: 'client', type: 'pc', ...identity, name }
  const describers = new Set<NodeDescriber>()
  const served = new Set<ServedNodes>()
  return {
    served,
    answers,
    get self() {
      return { identities: [self, ...identities], features: context.features, forms }
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
    serveNodes(nodes) {
      const own: ServedNodes = { info: nodes.info.bind(nodes), items: nodes.items.bind(nodes) }
      served.add(own)
      return context.subscription(() => served.delete(own))
    },
  }
}

function askQuestions(context: PluginContext, own: OwnDescription): Disco {
  const api: Disco = {
    get self() {
      return own.self
    },
    describeNodes: own.describeNodes,
    serveNodes: own.serveNodes,
    answers: own.answers,
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

function answerQuestions(context: PluginContext, own: OwnDescription): void {
  const describeTo = (from: Jid, node: string | undefined): DiscoInfo => {
    // The same answer as from a server whose user has no such resource (RFC 6121 §8.5.3.2.3).
    if (!own.answers(from)) throw new StanzaError({ condition: 'service-unavailable' })
    const found = node === undefined ? own.self : own.node(node)
    if (found === undefined) throw new StanzaError({ condition: 'item-not-found' })
    return found
  }
  const fromServed = async <T>(ask: (nodes: ServedNodes) => Answered<T>): Promise<T | undefined> => {
    for (const nodes of [...own.served]) {
      const found = await ask(nodes)
      if (found !== undefined) return found
    }
    return undefined
  }
  context.handle(getDiscoInfo, async ({ node }, request) => {
    const found = node === undefined ? undefined : await fromServed((nodes) => nodes.info(node, request))
    return found === undefined ? describeTo(request.from, node) : { ...found, node }
  })
  context.handle(answerDiscoItems, async ({ node }, request) => {
    const items = node === undefined ? undefined : await fromServed((nodes) => nodes.items(node, request))
    if (items === undefined) describeTo(request.from, node)
    return { node, items: items ?? [] }
  })
}

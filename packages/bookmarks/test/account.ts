import type { Disco } from '@couplet/disco'
import { pep } from '@couplet/pep'
import { loadPrivateData } from '@couplet/private-storage'
import {
  createNode,
  getItems,
  getNodeConfig,
  type NodeConfig,
  NS_PUBLISH_OPTIONS,
  NS_PUBSUB_CONFIG_NODE_MAX,
  NS_PUBSUB_EVENT,
  publishItems,
  pubsub,
  retractItems,
  setNodeConfig,
} from '@couplet/pubsub'
import { StanzaError, type XmlElement } from '@couplet/stanza'
import { type FakeSession, type FakeSessionOptions, fakeSession, parseXml } from '@couplet/testing'
import { type Bookmarks, bookmarks } from '../src/bookmarks.js'
import { NS_BOOKMARKS } from '../src/elements.js'

/** What the server of an account is like. */
export interface AccountServer extends FakeSessionOptions {
  /** What it says of the account beside what it needs for publishing. */
  readonly features?: readonly string[]
  /** Whether it looks at publish-options, and says so; default true. */
  readonly options?: boolean
  /** Whether it takes `max`; default true. */
  readonly knowsMax?: boolean
  /** What is in private storage. */
  readonly privateXml?: string
  /** What is in the node of XEP-0048. */
  readonly oldItem?: string
}

/** An account with a node of bookmarks, at the other end of a fake session. */
export class Account {
  readonly session: FakeSession
  readonly api: Bookmarks
  /** The items by id; absent without the node. */
  items: Map<string, XmlElement> | undefined
  /** How the node was set up, or was to be, in order. */
  readonly configs: (NodeConfig | undefined)[] = []
  /** What is asked before an item is published: `() => error`, or something that happens meanwhile. */
  onPublish: (id: string) => StanzaError | undefined = () => undefined

  constructor(server: AccountServer = {}) {
    const { features = [], options = true, knowsMax = true, privateXml, oldItem, ...rest } = server
    this.session = fakeSession(rest)
    const all = [
      ...features,
      ...(options ? [NS_PUBLISH_OPTIONS] : []),
      ...(knowsMax ? [NS_PUBSUB_CONFIG_NODE_MAX] : []),
    ]
    const disco: Partial<Disco> = { info: async () => ({ identities: [], features: all, forms: [] }) }
    const { session } = this
    const needs = { pep: session.install(pep(), { pubsub: session.install(pubsub()), disco, caps: {} }), disco }
    this.api = session.install(bookmarks(), needs)
    this.#answerNode(options, knowsMax)
    session.answer(getItems, ({ items: { node, items } }) => {
      if (node !== NS_BOOKMARKS) {
        if (oldItem === undefined) return new StanzaError({ condition: 'item-not-found' })
        return { items: { node, items: [{ id: 'current', payload: parseXml(oldItem) }] } }
      }
      if (this.items === undefined) return new StanzaError({ condition: 'item-not-found' })
      const asked = new Set(items.map(({ id }) => id))
      const found = [...this.items].filter(([id]) => asked.size === 0 || asked.has(id))
      return { items: { node, items: found.map(([id, payload]) => ({ id, payload })) } }
    })
    session.answer(loadPrivateData, ({ elements }) => {
      if (privateXml === undefined) return new StanzaError({ condition: 'service-unavailable' })
      return { elements: privateXml === '' ? elements : [parseXml(privateXml)] }
    })
  }

  /** Puts bookmarks there, as another client did before. */
  store(...entries: readonly (readonly [id: string, content: string])[]): void {
    this.items ??= new Map()
    for (const [id, content] of entries) this.items.set(id, parseXml(content))
  }

  /** Tells what has happened to the node. */
  tell(content: string, from = 'me@example.org'): void {
    this.session.receive(
      `<message type='headline' from='${from}'><event xmlns='${NS_PUBSUB_EVENT}'>${content}</event></message>`,
    )
  }

  /** The same, for items. */
  tellItems(content: string, from?: string): void {
    this.tell(`<items node='${NS_BOOKMARKS}'>${content}</items>`, from)
  }

  #answerNode(options: boolean, knowsMax: boolean): void {
    const { session } = this
    const refuse = (config: NodeConfig | undefined): StanzaError | undefined => {
      this.configs.push(config)
      return config?.maxItems === 'max' && !knowsMax ? new StanzaError({ condition: 'not-acceptable' }) : undefined
    }
    session.answer(publishItems, ({ publish, options: given }) => {
      const [{ id = '', payload } = {}] = publish.items
      const error = (options ? refuse(given) : undefined) ?? this.onPublish(id)
      if (error !== undefined) return error
      this.items ??= new Map()
      if (payload !== undefined) this.items.set(id, payload)
      return { publish: { node: publish.node, items: [{ id }] } }
    })
    session.answer(retractItems, ({ ids }) => {
      const [id = ''] = ids
      return this.items?.delete(id) ? undefined : new StanzaError({ condition: 'item-not-found' })
    })
    session.answer(getNodeConfig, () => new StanzaError({ condition: 'feature-not-implemented' }))
    session.answer(setNodeConfig, () => new StanzaError({ condition: 'feature-not-implemented' }))
    session.answer(createNode, ({ config }) => refuse(config))
  }
}

/** A bookmark as XML. */
export const conference = (attributes = '', content = ''): string =>
  `<conference xmlns='${NS_BOOKMARKS}' ${attributes}>${content}</conference>`

import { type DataForm, DataForm as Form } from '@couplet/forms'
import {
  createNode,
  getItems,
  getNodeConfig,
  NodeConfig,
  NS_PUBLISH_OPTIONS,
  NS_PUBSUB_CONFIG_NODE_MAX,
  NS_PUBSUB_ERRORS,
  type PublishOptions,
  type PubsubItem,
  publishItems,
  pubsub,
  setNodeConfig,
} from '@couplet/pubsub'
import { readElement, StanzaError, type StanzaErrorCondition, type XmlElement, xml } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { type Pep, pep } from '../src/pep.js'

/** What a server of accounts is like. */
export interface AccountServer {
  /** Whether it looks at publish-options, and says so; default true. */
  readonly options?: boolean
  /** Whether it says that it knows `max`; default true. */
  readonly knowsMax?: boolean
  /** The most items it takes as a number; default 256. */
  readonly limit?: number
  /** Whether nodes can be configured and created; default true. */
  readonly configurable?: boolean
  /** Fields its configuration form does not have. */
  readonly lacks?: readonly string[]
  /** What every configuration ends up with, whatever was asked for. */
  readonly forced?: NodeConfig
  /** Whether it finds that no list of groups is like another. */
  readonly cannotCompare?: boolean
  /** Says that it publishes, and forgets. */
  readonly forgets?: boolean
  /** The node there is; default none. */
  readonly config?: NodeConfig
  /** How often it does not make the node that something is published to. */
  readonly failsToCreate?: number
}

const defaults: NodeConfig = {
  persistItems: true,
  maxItems: 1,
  accessModel: 'presence',
  sendLastPublishedItem: 'on_sub_and_presence',
}

const refusal = (condition: StanzaErrorCondition, application?: string): StanzaError =>
  new StanzaError({ condition, ...(application && { application: xml(NS_PUBSUB_ERRORS, application) }) })

/** The one node of an account, at the other end of a fake session. */
export class AccountNode {
  readonly session: FakeSession = fakeSession()
  readonly pep: Pep
  readonly items: { id: string; payload: XmlElement; accessModel: string | undefined }[] = []
  /** What was asked for, in order. */
  readonly log: string[] = []
  config: NodeConfig | undefined
  /** How it was set up, in order. */
  readonly configs: NodeConfig[] = []
  readonly #server: AccountServer
  #failures = 0

  constructor(server: AccountServer = {}) {
    this.#server = server
    this.config = server.config && { ...defaults, ...server.config }
    const { options = true, knowsMax = true } = server
    const features = [...(options ? [NS_PUBLISH_OPTIONS] : []), ...(knowsMax ? [NS_PUBSUB_CONFIG_NODE_MAX] : [])]
    const info = async (jid: unknown) => {
      this.log.push(`disco ${jid}`)
      return { identities: [], features: String(jid).includes('@') ? features : [], forms: [] }
    }
    this.pep = this.session.install(pep(), { pubsub: this.session.install(pubsub()), disco: { info }, caps: {} })
    this.#answer()
  }

  #answer(): void {
    const { session } = this
    session.answer(publishItems, ({ publish, options }) => this.#publish(publish.items[0], options))
    session.answer(getItems, ({ items }) => {
      this.log.push('items')
      const asked = new Set(items.items.map(({ id }) => id))
      const found = this.items.filter(({ id }) => asked.size === 0 || asked.has(id))
      return { items: { node: items.node, items: items.maxItems === 1 ? found.slice(-1) : found } }
    })
    session.answer(getNodeConfig, ({ node }) => {
      this.log.push('form')
      if (this.#server.configurable === false) return refusal('feature-not-implemented', 'unsupported')
      return this.config === undefined ? refusal('item-not-found') : { node, form: this.#form(this.config) }
    })
    session.answer(setNodeConfig, ({ form }) => {
      const read = form && readElement(NodeConfig, Form(form))
      return this.#configure('configure', read?.ok ? read.value : {})
    })
    session.answer(createNode, ({ config = {} }) => this.#configure('create', config))
  }

  #publish(item: PubsubItem | undefined, options: PublishOptions | undefined) {
    const looks = this.#server.options !== false
    this.log.push(`publish${options ? ` ${JSON.stringify(options)}` : ''}`)
    if (this.config === undefined && this.#failures++ < (this.#server.failsToCreate ?? 0))
      return refusal('item-not-found')
    if (options && looks) {
      if (this.#isTooMuch(options)) return refusal('bad-request')
      if (this.config !== undefined && !this.#fits(options, this.config))
        return refusal('conflict', 'precondition-not-met')
    }
    this.config ??= { ...defaults, ...(looks && options), ...this.#server.forced }
    const id = item?.id ?? `id${this.items.length}`
    if (item?.payload !== undefined && !this.#server.forgets) {
      this.items.push({ id, payload: item.payload, accessModel: this.config.accessModel })
    }
    return { publish: { node: 'n', items: [{ id }] } }
  }

  #configure(what: string, config: NodeConfig): StanzaError | undefined {
    this.log.push(`${what} ${JSON.stringify(config)}`)
    if (this.#isTooMuch(config)) return refusal('not-acceptable')
    if (what === 'create' && this.#server.configurable === false)
      return refusal('feature-not-implemented', 'unsupported')
    this.config = { ...defaults, ...this.config, ...config, ...this.#server.forced }
    this.configs.push(this.config)
    return undefined
  }

  #isTooMuch({ maxItems }: NodeConfig): boolean {
    const { knowsMax = true, limit = 256 } = this.#server
    return maxItems === 'max' ? !knowsMax : (maxItems ?? 0) > limit
  }

  #fits(options: PublishOptions, config: NodeConfig): boolean {
    if (this.#server.cannotCompare && options.rosterGroupsAllowed) return false
    return Object.entries(options).every(([name, value]) => String(config[name as keyof NodeConfig]) === String(value))
  }

  #form(config: NodeConfig): DataForm {
    const read = readElement(Form, NodeConfig(config))
    if (!read.ok) throw read.error
    const { lacks = [] } = this.#server
    return { ...read.value, type: 'form', fields: read.value.fields.filter((each) => !lacks.includes(each.var ?? '')) }
  }
}

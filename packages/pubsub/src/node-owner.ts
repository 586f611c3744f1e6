import type { CallOptions } from '@couplet/client'
import { DataForm, type FormValue, fillForm } from '@couplet/forms'
import { Jid, MalformedElementError, readElement } from '@couplet/stanza'
import { createNode } from './elements.js'
import { NodeConfig } from './forms/elements.js'
import { configOf } from './node-change.js'
import type { NodePlace } from './node-items.js'
import {
  deleteNode,
  getNodeAffiliations,
  getNodeConfig,
  getNodeSubscriptions,
  type OwnerAffiliation,
  type OwnerSubscription,
  purgeNode,
  setNodeAffiliations,
  setNodeConfig,
  setNodeSubscriptions,
} from './owner/elements.js'

/** Options of {@link NodeOwner.configure}. */
export interface ConfigureOptions extends CallOptions {
  /** Fields that have no property of their own, by their names on the wire. */
  readonly fields?: Readonly<Record<string, FormValue>> | undefined
  /** Leaves out what the form of this service has no field for; otherwise that is a `RangeError`. */
  readonly offeredOnly?: boolean | undefined
}

/** What the owner of a node may do (XEP-0060 §8). Every method rejects with a `StanzaError` if the service refuses. */
export class NodeOwner {
  readonly #place: NodePlace<unknown>

  /** @internal */
  constructor(place: NodePlace<unknown>) {
    this.#place = place
  }

  /**
   * Creates the node, set up like this (§8.1).
   *
   * @throws StanzaError `conflict` if there is one already
   */
  async create(config?: NodeConfig, { signal }: CallOptions = {}): Promise<void> {
    const { session, service, name } = this.#place
    await session.request(createNode, { create: { node: name }, config }, { to: service, signal })
  }

  /** How the node is set up (§8.2). What the service says in its own way is absent. */
  async config(options: CallOptions = {}): Promise<NodeConfig> {
    const form = await this.#form(options)
    const config = configOf(form)
    if (config === undefined) throw new MalformedElementError('configure/x', 'is no configuration of a node')
    return config
  }

  /**
   * Changes what is given and keeps everything else, also what we know nothing of (§8.2).
   *
   * @throws RangeError for something that the service's form has no field for
   */
  async configure(change: NodeConfig, options: ConfigureOptions = {}): Promise<void> {
    const { fields, offeredOnly, signal } = options
    const { session, service, name } = this.#place
    const form = await this.#form({ signal })
    const offered = new Set(form.fields.map((each) => each.var))
    const values = Object.entries({ ...wireValues(change), ...fields })
    const wanted = offeredOnly ? values.filter(([field]) => offered.has(field)) : values
    const filled = fillForm(form, Object.fromEntries(wanted))
    await session.request(setNodeConfig, { node: name, form: filled }, { to: service, signal })
  }

  /** Deletes the node with all its items (§8.4). @param redirect the URI where subscribers find another one */
  async delete({ redirect, signal }: CallOptions & { readonly redirect?: string | undefined } = {}): Promise<void> {
    const { session, service, name } = this.#place
    const value = { node: name, redirect: redirect === undefined ? undefined : { uri: redirect } }
    await session.request(deleteNode, value, { to: service, signal })
  }

  /** Removes all items (§8.5). */
  async purge({ signal }: CallOptions = {}): Promise<void> {
    const { session, service, name } = this.#place
    await session.request(purgeNode, { node: name }, { to: service, signal })
  }

  /** Who has subscribed (§8.8.1). */
  async subscriptions({ signal }: CallOptions = {}): Promise<readonly OwnerSubscription[]> {
    const { session, service, name } = this.#place
    return (await session.request(getNodeSubscriptions, { node: name }, { to: service, signal })).subscriptions
  }

  /** Subscribes others, approves their wish (`subscribed`) or ends it (`none`) (§8.6, §8.8.2). */
  async setSubscription(
    jid: Jid | string,
    state: OwnerSubscription['state'],
    { subid, signal }: CallOptions & { readonly subid?: string | undefined } = {},
  ): Promise<void> {
    const { session, service, name } = this.#place
    const subscriptions = [{ jid: parseJid(jid), state, subid }]
    await session.request(setNodeSubscriptions, { node: name, subscriptions }, { to: service, signal })
  }

  /** Who may do what (§8.9.1). */
  async affiliations({ signal }: CallOptions = {}): Promise<readonly OwnerAffiliation[]> {
    const { session, service, name } = this.#place
    return (await session.request(getNodeAffiliations, { node: name }, { to: service, signal })).affiliations
  }

  /** Says what somebody may do (§8.9.2). */
  async setAffiliation(
    jid: Jid | string,
    affiliation: OwnerAffiliation['affiliation'],
    { signal }: CallOptions = {},
  ): Promise<void> {
    const { session, service, name } = this.#place
    const affiliations = [{ jid: parseJid(jid), affiliation }]
    await session.request(setNodeAffiliations, { node: name, affiliations }, { to: service, signal })
  }

  async #form({ signal }: CallOptions): Promise<DataForm> {
    const { session, service, name } = this.#place
    const { form } = await session.request(getNodeConfig, { node: name }, { to: service, signal })
    if (form === undefined) throw new MalformedElementError('configure/x', 'is missing')
    return form
  }
}

/** Names and values as they are in a form. */
function wireValues(config: NodeConfig): Record<string, readonly string[]> {
  const read = readElement(DataForm, NodeConfig(config))
  const fields = read.ok ? read.value.fields : []
  return Object.fromEntries(
    fields.flatMap(({ var: name, values }) => (name === undefined || name === 'FORM_TYPE' ? [] : [[name, values]])),
  )
}

const parseJid = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

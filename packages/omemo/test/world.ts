import type { InboundMessage, StateStore, Subscription } from '@couplet/client'
import type { Pep, PepTarget } from '@couplet/pep'
import type { NodeChange } from '@couplet/pubsub'
import { type ElementDef, Jid, type Message, message, readElement, type XmlElement } from '@couplet/stanza'
import { type FakeSession, fakeSession, parseXml } from '@couplet/testing'
import {
  type Omemo,
  type OmemoEvent,
  type OmemoMessage,
  type OmemoOptions,
  type OmemoOutcome,
  omemo,
} from '../src/index.js'

/** Time that passes when it is told to. */
export class TestClock {
  #now = 1_700_000_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { at: this.#now + delay, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get waiting(): number {
    return this.#timers.size
  }

  /** Lets so much time pass, and everything that is due happen. */
  async pass(milliseconds: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      await settle()
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = end
    await settle()
  }
}

interface Kind {
  readonly name: string
  readonly item: ElementDef<unknown>
}

const kindOf = (target: PepTarget<never>): Kind =>
  typeof target === 'function'
    ? { name: (target as Kind['item']).ns, item: target as Kind['item'] }
    : (target as unknown as Kind)

/** What the account's servers keep, and how they can be broken. */
export class Nodes {
  /** `account node` → id → item. */
  readonly items = new Map<string, Map<string, string>>()
  readonly published: { readonly jid: string; readonly node: string; readonly id: string }[] = []
  readonly listeners = new Set<(jid: string, node: string, id: string, xml: string) => void>()
  /** Called before each read; may throw. */
  onGet: (jid: string, node: string, id: string | undefined) => void | Promise<void> = () => {}
  /** Called before each publication; may throw. */
  onPublish: (jid: string, node: string, id: string) => void | Promise<void> = () => {}
  /** Whether only the newest item of a node is kept, whatever was asked for. */
  keepsOne = false

  write(jid: string, node: string, id: string, xml: string): void {
    const key = `${jid} ${node}`
    const items = this.keepsOne ? new Map<string, string>() : (this.items.get(key) ?? new Map<string, string>())
    items.delete(id)
    this.items.set(key, items.set(id, xml))
    for (const listener of [...this.listeners]) listener(jid, node, id, xml)
  }

  remove(jid: string, node: string, id?: string): void {
    if (id === undefined) this.items.delete(`${jid} ${node}`)
    else this.items.get(`${jid} ${node}`)?.delete(id)
  }

  read(jid: string, node: string, id?: string): string | undefined {
    const items = this.items.get(`${jid} ${node}`)
    return id === undefined ? [...(items?.values() ?? [])].at(-1) : items?.get(id)
  }

  /** The `pep` of an account. */
  pep(account: string, keep: (end: () => void) => Subscription): Partial<Pep> {
    const parse = (kind: Kind, xml: string): unknown => {
      const read = readElement(kind.item, parseXml(xml))
      if (!read.ok) throw read.error
      return read.value
    }
    return {
      get: async (target, { from = account, id } = {}) => {
        const kind = kindOf(target as never)
        const jid = String(from)
        await this.onGet(jid, kind.name, id)
        const xml = this.read(jid, kind.name, id)
        return (xml === undefined ? undefined : parse(kind, xml)) as never
      },
      publish: async (target, value, { id = 'current' } = {}) => {
        const kind = kindOf(target as never)
        await this.onPublish(account, kind.name, id)
        this.published.push({ jid: account, node: kind.name, id })
        this.write(account, kind.name, id, String(kind.item.build(value)))
        return id
      },
      node: ((target: never) => {
        const { name } = kindOf(target)
        return {
          retract: async (id: string) => this.remove(account, name, id),
          owner: { delete: async () => this.remove(account, name) },
        }
      }) as never,
      onChange: (target, handler) => {
        const kind = kindOf(target as never)
        const listener = (jid: string, node: string, id: string, xml: string): void => {
          if (node !== kind.name) return
          const value = parse(kind, xml)
          const change = { type: 'published', from: Jid.parse(jid), id, value } as unknown as NodeChange<never>
          void handler(value as never, change)
        }
        this.listeners.add(listener)
        return keep(() => this.listeners.delete(listener))
      },
    }
  }
}

/** A client in the {@link World}. */
export interface Peer {
  readonly session: FakeSession
  readonly omemo: Omemo
  readonly jid: string
  readonly resource: string
  readonly messages: OmemoMessage[]
  readonly bodies: () => readonly (string | undefined)[]
  readonly outcomes: OmemoOutcome[]
  readonly events: OmemoEvent[]
  /** Nothing is put into `messages` any more. */
  readonly unlisten: () => void
  /** Messages on their way out that nobody has passed on yet. */
  readonly outbox: () => readonly Message[]
  /** What was sent, for the world to pass on. */
  taken: number
  /** Whether what is for it waits. */
  isAway: boolean
  readonly waiting: XmlElement[]
}

/** How a client comes. */
export interface JoinOptions extends OmemoOptions {
  /** What it has kept. */
  readonly state?: StateStore
  /** Whether its device is announced at once; default true. */
  readonly isAnnounced?: boolean
}

/** Accounts, their nodes, and messages between them: a network without a network. */
export class World {
  readonly clock = new TestClock()
  readonly nodes = new Nodes()
  readonly peers: Peer[] = []
  readonly #copies: Promise<unknown>[] = []

  /** A client comes. */
  async join(address: string, options: JoinOptions = {}): Promise<Peer> {
    const { state, isAnnounced = true, ...rest } = options
    const session = fakeSession({ jid: address, ...(state && { store: state }) })
    const account = session.account.toString()
    const keep = (end: () => void): Subscription => session.subscription(end)
    const api = session.install(omemo({ clock: this.clock, ...rest }), { pep: this.nodes.pep(account, keep) })
    const [messages, outcomes, events]: [OmemoMessage[], OmemoOutcome[], OmemoEvent[]] = [[], [], []]
    const sent = (): readonly Message[] => session.sent.filter((each) => each.element.name === 'message') as Message[]
    const peer: Peer = {
      session,
      omemo: api,
      jid: account,
      resource: Jid.parse(address).resource ?? '',
      messages,
      bodies: () => messages.map(({ body }) => body),
      outcomes,
      events,
      unlisten: () => listening.dispose(),
      outbox: () => sent().slice(peer.taken),
      taken: 0,
      isAway: false,
      waiting: [],
    }
    const listening = api.onMessage((each) => void messages.push(each))
    api.onOutcome((each) => void outcomes.push(each))
    api.onEvent((each) => void events.push(each))
    if (isAnnounced) await api.enable()
    this.peers.push(peer)
    return peer
  }

  /** A client is gone, as when its process dies. */
  leave(peer: Peer): void {
    this.peers.splice(this.peers.indexOf(peer), 1)
    peer.session.end()
  }

  /** What a client has sent, as it arrives; nothing is delivered. */
  take(from: Peer): readonly XmlElement[] {
    const sent = from.outbox()
    from.taken += sent.length
    return sent.map(({ element }) => element.with({ from: `${from.jid}/${from.resource}` }))
  }

  /** Passes on what everybody has sent, until nobody has anything to say. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      await new Promise((resolve) => setImmediate(resolve))
      let moved = false
      for (const from of [...this.peers]) {
        for (const element of this.take(from)) {
          moved = true
          for (const to of this.#receivers(from, element)) this.deliver(to, element)
        }
      }
      await Promise.all(this.#copies.splice(0))
      await Promise.all(this.peers.map(({ session }) => session.settled()))
      idle = moved ? 0 : idle + 1
    }
  }

  /** Brings a message to a client, or keeps it while it is away. */
  deliver(to: Peer, element: XmlElement): void {
    if (to.isAway) to.waiting.push(element)
    else if (Jid.parse(element.attr('to') ?? to.jid).bare.toString() === to.jid) to.session.receive(element)
    else this.#copies.push(to.omemo.receive(to.session.inbound(element, 'carbon')))
  }

  /** A client is back, and gets what has waited. */
  async back(peer: Peer): Promise<void> {
    peer.isAway = false
    for (const element of peer.waiting.splice(0)) peer.session.receive(element)
    await this.settle()
  }

  /** Lets time pass. */
  pass(milliseconds: number): Promise<void> {
    return this.clock.pass(milliseconds, () => this.settle())
  }

  /** All clients of the recipient, and the other ones of the sender: as with carbons. */
  #receivers(from: Peer, element: XmlElement): readonly Peer[] {
    const to = Jid.parse(element.attr('to') ?? from.jid).bare.toString()
    return this.peers.filter((peer) => peer !== from && (peer.jid === to || peer.jid === from.jid))
  }
}

/** A message with an element of an attacker's. */
export const forged = (from: string, to: string, ...payloads: readonly XmlElement[]): Message =>
  message({ from, to, type: 'chat', body: 'the fallback text' }, ...payloads)

/** The outcome of the message that came last. */
export const lastOutcome = ({ outcomes }: Peer): OmemoOutcome | undefined => outcomes.at(-1)

/** A message as the archive would bring it. */
export const archived = (peer: Peer, element: XmlElement): InboundMessage => peer.session.inbound(element, 'archive')

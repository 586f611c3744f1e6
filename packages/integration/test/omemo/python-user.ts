import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import type { InboundMessage } from '@couplet/client'
import { disco } from '@couplet/disco'
import { EncryptionMark } from '@couplet/eme'
import { ProcessingHint } from '@couplet/hints'
import { muc } from '@couplet/muc'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { type Jid, type Message, type MessageType, message, type XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import type { Account } from '../../src/lab-server.js'
import { newClient } from '../conformance/open-client.js'
import type { Target } from '../conformance/targets.js'
import { bundlePlace, deviceList, encrypted, type Version, versions } from './elements.js'
import { bodyIn, plaintextsOf } from './envelope.js'
import { type Log, logOf } from './log.js'
import { type PythonDriver, PythonError, type PythonPeer } from './python-driver.js'
import type { Entries, Hooks, OpenDevice, PythonDecrypted, PythonEncrypted } from './python-protocol.js'

/** An encrypted message that has arrived. */
export interface Arrival {
  readonly version: Version
  /** Who has sent it, by its bare JID: in rooms that of the occupant. */
  readonly sender: string
  readonly element: XmlElement
  readonly stanza: Message
}

/** What became of an arrival. */
export interface Outcome extends Arrival {
  readonly decrypted?: PythonDecrypted
  readonly body?: string | undefined
  /** The class of the exception. */
  readonly failure?: unknown
}

/** How a user begins. */
export interface PythonUserOptions extends Partial<Omit<OpenDevice, 'jid'>> {
  readonly account?: Account
  /** Whether messages are kept in `arrivals` until `read` is called. */
  readonly holds?: boolean
}

const plugins = () => [carbons(), caps(), disco(), muc(), pubsub(), pep()] as const
const connect = (target: Target, account: Account) => newClient(target, { account, plugins: plugins() })
type Connected = Awaited<ReturnType<typeof connect>>

/** What python-omemo asks of a server, done by a client of ours. */
const hooksOf = (client: Connected): Hooks => ({
  async publish_bundle({ version, device, xml }) {
    const { node, id } = bundlePlace(version, device)
    await client.pep.publish(node, parseXml(xml), { id })
  },
  async fetch_bundle({ version, jid, device }) {
    const { node, id } = bundlePlace(version, device)
    // 0.3 does not say what the item is called: the newest one counts.
    const one = bundlePlace(version, 0).id === id ? {} : { id }
    return (await client.pep.get(node, { from: jid, ...one }))?.toString()
  },
  async delete_bundle({ version, device }) {
    const { node, id } = bundlePlace(version, device)
    await client.pep.node(node).retract(id)
  },
  async publish_list({ version, xml }) {
    await client.pep.publish(deviceList[version], parseXml(xml), { id: 'current' })
  },
  async fetch_list({ version, jid }) {
    return (await client.pep.get(deviceList[version], { from: jid }))?.toString()
  },
  async send({ version, to, xml }) {
    await client.send(wrapped(version, { to, type: 'chat' }, xml)).acked
  },
})

const wrapped = (version: Version, init: { to: string | Jid; type: MessageType }, xml: string): Message =>
  message(init, parseXml(xml), EncryptionMark({ namespace: version, name: 'OMEMO' }), ProcessingHint('store'))

/** Whether nothing is lost: it was for other devices, or has come twice, which happens to what an account sends itself. */
const isNoLoss = (failure: unknown): boolean =>
  failure instanceof PythonError &&
  (failure.kind === 'MessageNotForUs' || failure.causes.some((each) => each.startsWith('DuplicateMessageException')))

/** A user of python-omemo with one device and an account on a real server. */
export class PythonUser {
  readonly client: Connected
  readonly command: PythonPeer
  /** The messages that have come and were not read, if it holds them. */
  readonly arrivals: Log<Arrival> = logOf()
  /** What became of those that were read. */
  readonly outcomes: Log<Outcome> = logOf()
  /** The stanzas it has sent, the encrypted ones without content included. */
  readonly sent: Message[] = []
  /** Its device id. */
  device = 0
  /** Its identity key as fingerprint. */
  fingerprint = ''
  holds: boolean
  /** What it takes for the bundle of everybody else, instead of what they have published. */
  bundles: string | undefined
  readonly #open: OpenDevice

  private constructor(
    client: Connected,
    driver: PythonDriver,
    { account: _, holds = false, ...open }: PythonUserOptions,
  ) {
    const hooks = hooksOf(client)
    this.client = client
    this.holds = holds
    this.#open = { versions: Object.values(versions), ...open, jid: this.jid }
    this.command = driver.peer({
      ...hooks,
      fetch_bundle: async (place) => (place.jid === this.jid ? undefined : this.bundles) ?? hooks.fetch_bundle(place),
      send: ({ version, to, xml }) => this.#write(version, to, 'chat', xml),
    })
    client.onMessage((each) => this.#take(each))
    client.carbons.onMessage((each) => this.#take(each))
  }

  /** Logs in, announces the device, and listens. */
  static async start(target: Target, driver: PythonDriver, options: PythonUserOptions = {}): Promise<PythonUser> {
    const client = await connect(target, options.account ?? (await target.createUser()))
    const user = new PythonUser(client, driver, options)
    await client.online()
    await user.restart(options.entries)
    for (const version of user.#open.versions) {
      client.pep.onChange(deviceList[version], (list, change) => {
        if (change.type !== 'published') return
        // Refused lists are the library's business; what it makes of them is asked with `devices`.
        user.command('list_changed', { version, jid: String(change.from.bare), xml: String(list) }).catch(() => {})
      })
    }
    return user
  }

  /** The account. */
  get jid(): string {
    return String(this.client.account)
  }

  /** Forgets everything that is in memory only; with entries, also what was stored since they were dumped. */
  async restart(entries?: Entries): Promise<void> {
    const own = await this.command('open', { ...this.#open, ...(entries && { entries }) })
    this.device = own.device
    this.fingerprint = own.fingerprint
  }

  /** Fetches the lists of devices of somebody. */
  async meet(jid: string | Jid): Promise<void> {
    for (const version of this.#open.versions) await this.command('refresh', { version, jid: String(jid) })
  }

  /** Encrypts and sends a text to an account, by the version that is preferred or one of `order`. */
  async send(to: string | Jid, body: string, order?: readonly Version[]): Promise<PythonEncrypted> {
    const result = await this.encrypt([String(to)], body, order && { order })
    await this.post(String(to), result)
    return result
  }

  /** Sends what was encrypted before, perhaps edited. */
  async post(to: string, { messages }: PythonEncrypted, edit = (xml: string): string => xml): Promise<void> {
    for (const { version, xml } of messages) await this.#write(version, to, 'chat', edit(xml))
  }

  /** Encrypts and sends a text to a room, for these accounts. */
  async sendToRoom(room: string, members: readonly string[], body: string, order?: readonly Version[]): Promise<void> {
    const { messages } = await this.encrypt(members, body, { to: room, ...(order && { order }) })
    for (const { version, xml } of messages) await this.#write(version, room, 'groupchat', xml)
  }

  /** Encrypts a text, and sends nothing. */
  encrypt(
    members: readonly string[],
    body: string,
    { from, to, order }: { readonly from?: string; readonly to?: string; readonly order?: readonly Version[] } = {},
  ): Promise<PythonEncrypted> {
    const plaintexts = plaintextsOf(body, { from: from ?? this.jid, to: to ?? members[0] })
    return this.command('encrypt', { to: members, plaintexts, ...(order && { order }) })
  }

  /** Reads one message; the outcome is also in `outcomes`. */
  async read(arrival: Arrival): Promise<Outcome> {
    const outcome = await this.#decrypt(arrival)
    this.outcomes.add(outcome)
    return outcome
  }

  /** The texts it has read, in this order. */
  get bodies(): readonly string[] {
    return this.outcomes.all.flatMap(({ body }) => body ?? [])
  }

  /** What could not be read. */
  get failures(): readonly unknown[] {
    return this.outcomes.all.flatMap(({ failure }) => (isNoLoss(failure) ? [] : (failure ?? [])))
  }

  /** Resolves with the message of this body when it is read. */
  async hears(body: string): Promise<Outcome> {
    return this.outcomes.until((outcome) => outcome.body === body)
  }

  async #decrypt(arrival: Arrival): Promise<Outcome> {
    try {
      const { sender, element } = arrival
      const decrypted = await this.command('decrypt', { sender, xml: String(element) })
      const { plaintext, version } = decrypted
      return { ...arrival, decrypted, body: plaintext === null ? undefined : bodyIn(version, plaintext) }
    } catch (failure) {
      return { ...arrival, failure }
    }
  }

  async #write(version: Version, to: string, type: MessageType, xml: string): Promise<void> {
    const stanza = wrapped(version, { to, type }, xml)
    this.sent.push(stanza)
    await this.client.send(stanza).acked
  }

  #take(stanza: InboundMessage): void {
    const sender = stanza.type === 'groupchat' ? this.#occupant(stanza.from) : stanza.from?.bare
    if (stanza.type === 'error' || sender === undefined) return
    for (const version of this.#open.versions) {
      const element = stanza.get(encrypted[version])
      if (element === undefined) continue
      const arrival = { version, sender: String(sender), element, stanza }
      if (this.holds) this.arrivals.add(arrival)
      else void this.read(arrival)
    }
  }

  #occupant(from: Jid | undefined): Jid | undefined {
    const room = from && this.client.muc.rooms.get(String(from.bare))
    return room?.occupants.get(from?.resource ?? '')?.jid?.bare
  }
}

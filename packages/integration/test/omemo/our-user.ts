import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import { memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { muc } from '@couplet/muc'
import { type OmemoEvent, type OmemoOptions, type OmemoOutcome, omemo } from '@couplet/omemo'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import type { Account } from '../../src/lab-server.js'
import { newClient } from '../conformance/open-client.js'
import type { Target } from '../conformance/targets.js'
import { NS_LEGACY, NS_OMEMO_2, type Version } from './elements.js'
import { type Log, logOf } from './log.js'
import { ManualClock } from './manual-clock.js'
import { usedKeys } from './used-keys.js'

/** A message that we have read. */
export interface Heard {
  readonly body: string | undefined
  readonly version: Version
  readonly sender: string
  readonly device: number
  readonly room: string | undefined
  /** The identity key of that device, for people. */
  readonly fingerprint: string
}

/** How a user of ours begins. */
export interface OurUserOptions extends Partial<OmemoOptions> {
  readonly account?: Account
  /** Where keys and sessions are; default in memory, for as long as the user lives. */
  readonly store?: StateStore
}

const plugins = (options: OmemoOptions) =>
  [carbons(), caps(), disco(), mam({ catchUp: true }), muc(), pubsub(), pep(), omemo(options), usedKeys()] as const
const connect = (target: Target, account: Account, store: StateStore, options: OmemoOptions) =>
  newClient(target, { account, store, plugins: plugins(options) })
type Connected = Awaited<ReturnType<typeof connect>>

/** A user of `@couplet/omemo` with one device and an account on a real server. */
export class OurUser {
  /** What was read, in the order in which it was given to us. */
  readonly heard: Log<Heard> = logOf()
  /** What has become of each encrypted message. */
  readonly outcomes: Log<OmemoOutcome> = logOf()
  /** Everything else that has happened. */
  readonly events: Log<OmemoEvent> = logOf()
  /** Time as the plugin sees it. */
  readonly clock = new ManualClock()
  client!: Connected
  device = 0
  fingerprint: string | undefined
  readonly #target: Target
  readonly #account: Account
  readonly #options: OmemoOptions
  /** What the client itself remembers, such as how far it has read the archive. */
  readonly #state = memoryStore()

  private constructor(target: Target, account: Account, options: OmemoOptions) {
    this.#target = target
    this.#account = account
    this.#options = { ...options, clock: this.clock }
  }

  /** Logs in; resolves when others can write to the device. */
  static async start(
    target: Target,
    { account: given, store = memoryStore(), ...rest }: OurUserOptions = {},
  ): Promise<OurUser> {
    const account = given ?? (await target.createUser())
    const user = new OurUser(target, account, { ...rest, store })
    await user.#begin()
    return user
  }

  /** The account. */
  get jid(): string {
    return this.#account.jid
  }

  /** The texts that were read. */
  get bodies(): readonly (string | undefined)[] {
    return this.heard.all.map(({ body }) => body)
  }

  /** What could not be read. */
  get failures(): readonly OmemoOutcome[] {
    return this.outcomes.all.filter(({ status }) => status === 'failed')
  }

  /** Resolves with the message of this body when it is read. */
  hears(body: string): Promise<Heard> {
    return this.heard.until((each) => each.body === body)
  }

  /** Ends the client, and begins another one with what is in the store. */
  async restart(): Promise<void> {
    await this.leave()
    await this.comeBack()
  }

  /** Ends the client. */
  leave(): Promise<void> {
    return this.client.close()
  }

  /** Begins another one with what is in the store. */
  comeBack(): Promise<void> {
    return this.#begin()
  }

  /** Encrypts and sends a text; resolves when the server has it. */
  async send(to: string, body: string) {
    const sent = await this.client.omemo.send({ to, body })
    await sent.acked
    return sent
  }

  /** Encrypts and sends a text to a room. */
  async sendToRoom(room: string, body: string): Promise<void> {
    await this.send(room, body)
  }

  /** Another signed prekey, published. */
  rotate(): Promise<void> {
    return this.client.omemo.rotate()
  }

  /** What comes meanwhile was sent while nobody was here. */
  async catchUp(work: () => Promise<void>): Promise<void> {
    this.client.omemo.catchUp.begin()
    await work()
    await this.client.omemo.catchUp.end()
  }

  async #begin(): Promise<void> {
    const client = await connect(this.#target, this.#account, this.#state, this.#options)
    this.client = client
    client.omemo.onMessage(({ body, device, room, identityKey }) => {
      const version = device.version === 'legacy' ? NS_LEGACY : NS_OMEMO_2
      const fingerprint = Buffer.from(identityKey).toString('hex').match(/.{8}/g)?.join(' ') ?? ''
      this.heard.add({ body, version, sender: device.jid, device: device.deviceId, room, fingerprint })
    })
    client.omemo.onOutcome((outcome) => this.outcomes.add(outcome))
    client.omemo.onEvent((event) => this.events.add(event))
    client.omemo.follow(client)
    await client.online()
    await client.omemo.enable()
    const self = await client.omemo.self()
    this.device = self.deviceId
    this.fingerprint = self.fingerprint
  }
}

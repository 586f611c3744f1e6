import type { PluginContext, Provenance } from '@couplet/client'
import { EncryptionMark } from '@couplet/eme'
import { ProcessingHint } from '@couplet/hints'
import type { Pep } from '@couplet/pep'
import { Jid, message, type XmlElement } from '@couplet/stanza'
import { defaultBackend } from '#backend'
import { Announcer } from './devices/announcer.js'
import { BundleFetcher } from './devices/bundle-fetcher.js'
import { systemClock } from './devices/clock.js'
import { DeviceDirectory } from './devices/device-directory.js'
import { OwnAccount } from './devices/own-account.js'
import { OwnPresence } from './devices/own-presence.js'
import { legacyVersion } from './legacy/version.js'
import type { OmemoEvent } from './omemo-event.js'
import type { OmemoOptions } from './omemo-options.js'
import { omemo2Version } from './omemo2/version.js'
import { OmemoRooms } from './rooms.js'
import { AudienceFinder } from './sessions/audience.js'
import { EmptyMessages } from './sessions/empty-messages.js'
import { Inbox } from './sessions/inbox.js'
import { Journal } from './sessions/journal.js'
import { MessageEncryptor } from './sessions/message-encryptor.js'
import { MessageReceiver } from './sessions/message-receiver.js'
import { parseXml } from './sessions/parse-xml.js'
import type { MessageOrigin, Received } from './sessions/receive-task.js'
import { RecipientFinder } from './sessions/recipient.js'
import { TrustLedger } from './sessions/trust-ledger.js'
import { OmemoStore } from './store/omemo-store.js'
import { btbv } from './trust/trust-policy.js'
import type { Version } from './wire/version.js'

/** What the plugin runs in. */
export type OmemoContext = PluginContext & { readonly pep: Pep }

/** What says that a session is not the same on both sides: who has restored a backup uses keys twice (OMEMO F4). */
const broken: readonly string[] = ['bad-mac', 'no-prekey', 'no-session', 'replayed']

const all: readonly Version[] = [omemo2Version, legacyVersion]

/** All parts, put together. */
export class OmemoCore {
  readonly context: OmemoContext
  readonly options: OmemoOptions
  readonly backend
  readonly clock
  readonly versions: readonly Version[]
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly directory: DeviceDirectory
  readonly presence: OwnPresence
  readonly trust: TrustLedger
  readonly audience: AudienceFinder
  readonly encryptor: MessageEncryptor
  readonly empties: EmptyMessages
  readonly inbox: Inbox
  readonly events
  readonly rooms: OmemoRooms
  isCatchingUp = false
  readonly #finder: RecipientFinder

  constructor(context: OmemoContext, options: OmemoOptions) {
    const {
      store = context.store,
      locks,
      crypto = defaultBackend,
      clock = systemClock,
      versions,
      policy = {},
    } = options
    this.context = context
    this.options = options
    this.backend = crypto
    this.clock = clock
    this.versions = versions?.flatMap((name) => all.find((version) => version.name === name) ?? []) ?? all
    this.store = locks === undefined ? new OmemoStore(store) : new OmemoStore(store, locks)
    this.events = context.event<[OmemoEvent]>()
    const emit = (event: OmemoEvent): void => this.events.emit(event)
    const account = (): string => context.account.toString()
    const shared = { store: this.store, backend: crypto, versions: this.versions, clock, emit, pep: context.pep }
    this.rooms = new OmemoRooms(() => context.account)
    this.own = new OwnAccount(this.store, crypto, clock)
    const ownKey = async (): Promise<Uint8Array> => (await this.own.get()).identity.publicKey
    this.trust = new TrustLedger({
      ...shared,
      policy: options.trust ?? btbv(),
      account,
      ownKey,
      now: () => clock.now(),
    })
    this.directory = new DeviceDirectory({ ...shared, mostDevices: policy.mostDevices ?? 50 })
    this.#finder = new RecipientFinder({
      ...shared,
      bundles: new BundleFetcher(context.pep, crypto),
      allowsDowngrade: policy.downgrade === 'allow',
      staleAfter: policy.staleAfter ?? 106,
    })
    const parts = { ...shared, own: this.own, directory: this.directory, trust: this.trust, finder: this.#finder }
    this.audience = new AudienceFinder(parts)
    this.encryptor = new MessageEncryptor({ ...parts, account: () => context.account })
    this.empties = this.#empties()
    this.inbox = this.#inbox(new Journal(this.store))
    const announcers = this.versions.map((version) => new Announcer(version, parts))
    const { reportError: report } = context
    this.presence = new OwnPresence({
      ...parts,
      announcers,
      otherIds: () => this.#otherIds(),
      report,
      label: options.label,
    })
  }

  /** Sends elements as they go with every encrypted message. */
  sendEncrypted(jid: string, elements: readonly XmlElement[]): void {
    const { context } = this
    context.send(message({ to: jid, type: 'chat' }, ...elements, this.mark(elements), ProcessingHint('store')))
  }

  /** Says how a message is encrypted, to those who cannot read it (XEP-0380). */
  mark(elements: readonly XmlElement[]): XmlElement {
    const namespace = elements[0]?.ns ?? omemo2Version.namespace
    return EncryptionMark({ namespace, name: 'OMEMO' })
  }

  async #otherIds(): Promise<readonly number[]> {
    const others = all.filter((version) => !this.versions.includes(version))
    const lists = await Promise.all(others.map(({ devices }) => this.context.pep.get(devices)))
    return lists.flatMap((list) => list?.devices.map(({ id }) => id) ?? [])
  }

  #empties(): EmptyMessages {
    const { backend, versions, clock, store, directory, encryptor } = this
    return new EmptyMessages({
      store,
      backend,
      directory,
      finder: this.#finder,
      encryptor,
      versions,
      clock,
      emit: (event) => this.events.emit(event),
      send: (jid, elements) => this.sendEncrypted(jid, elements),
      mayKnow: (jid) => this.#mayKnow(jid),
    })
  }

  #inbox(journal: Journal): Inbox {
    const { context, store, own, backend, versions, trust } = this
    const inbound = (element: XmlElement, provenance: Provenance) => context.inbound(element, provenance)
    const receiver = new MessageReceiver({
      store,
      own,
      backend,
      versions,
      trust,
      journal,
      emit: (event) => this.events.emit(event),
      account: () => context.account,
      inbound: (element, { provenance }) => inbound(element, provenance),
    })
    return new Inbox({
      store,
      receiver,
      journal,
      trust,
      account: () => context.account,
      after: (received, origin) => this.#after(received, origin),
      inbound,
      parse: parseXml,
      report: context.reportError,
    })
  }

  /** What a message leads to apart from its content. */
  async #after({ outcome, owed, preKeysLeft }: Received, { room }: MessageOrigin): Promise<void> {
    const { device } = outcome
    if (preKeysLeft !== undefined) this.presence.noticeUsedPreKey(preKeysLeft)
    if (device === undefined) return
    try {
      if (owed !== undefined) await this.empties.owe(device, room !== undefined)
      if (outcome.status === 'opt-out') this.events.emit({ type: 'opt-out', jid: device.jid, reason: outcome.reason })
      if (outcome.status === 'failed') await this.#broken(outcome.reason, device)
      else if (outcome.status === 'decrypted') await this.#checkListed(device)
    } catch (error) {
      // The message is there; what follows from it can wait for the next one.
      if ((error as { readonly name?: string }).name !== 'ConnectionError') this.context.reportError(error)
    }
  }

  async #broken(reason: string, device: NonNullable<Received['outcome']['device']>): Promise<void> {
    if (!broken.includes(reason)) return
    this.events.emit({ type: 'session-broken', ...device })
    const mayHeal = (this.options.policy?.heal ?? 'once') === 'once'
    // XEP-0384 §6: without any session one is begun; a broken one of omemo:2 is for the user to replace (§8).
    const isAllowed = device.version === 'legacy' || reason === 'no-session'
    if (mayHeal && isAllowed) await this.empties.heal(device)
  }

  /** XEP-0384 §6: a device that is not on the list we know may be on the one there is. It is asked for once in a session. */
  async #checkListed({ jid, deviceId }: { readonly jid: string; readonly deviceId: number }): Promise<void> {
    if (this.isCatchingUp) return
    const { lists } = await this.directory.of(jid)
    if (Object.values(lists).some((list) => list.ids.includes(deviceId))) return
    await this.directory.lookFor(jid, deviceId)
  }

  async #mayKnow(jid: string): Promise<boolean> {
    const completion = this.options.policy?.completion ?? 'contacts'
    if (completion !== 'contacts') return completion === 'always'
    if (jid === this.context.account.toString() || this.options.isContact?.(jid)) return true
    return (await this.inbox.chat(Jid.parse(jid).bare.toString())).isWritten
  }
}

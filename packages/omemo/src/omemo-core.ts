import type { PluginContext, Provenance } from '@couplet/client'
import { EncryptionMark } from '@couplet/eme'
import { ProcessingHint } from '@couplet/hints'
import type { Pep } from '@couplet/pep'
import { message, type XmlElement } from '@couplet/stanza'
import { defaultBackend } from '#backend'
import { Aftermath, reportUnlessOffline } from './aftermath.js'
import { Announcer } from './devices/announcer.js'
import { BundleFetcher } from './devices/bundle-fetcher.js'
import { systemClock } from './devices/clock.js'
import { DeviceDirectory } from './devices/device-directory.js'
import { OwnAccount } from './devices/own-account.js'
import { OwnPresence } from './devices/own-presence.js'
import { IdentityConflicts } from './identity-conflicts.js'
import { legacyVersion } from './legacy/version.js'
import type { EmitOmemoEvent, OmemoEvent } from './omemo-event.js'
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
import { RecipientFinder } from './sessions/recipient.js'
import { TrustLedger } from './sessions/trust-ledger.js'
import { accountStore } from './store/account-store.js'
import { OmemoStore } from './store/omemo-store.js'
import type { OutgoingTrustMessage } from './trust/trust-event.js'
import { btbv } from './trust/trust-policy.js'
import type { Version } from './wire/version.js'

/** What the plugin runs in. */
export type OmemoContext = PluginContext & { readonly pep: Pep }

/** All versions, in use or not. */
export const allVersions: readonly Version[] = [omemo2Version, legacyVersion]

/** All parts, put together. */
export class OmemoCore {
  readonly context: OmemoContext
  readonly options: OmemoOptions
  readonly backend
  readonly clock
  readonly versions: readonly Version[]
  /** The versions that are not in use. */
  readonly unused: readonly Version[]
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
  /** Trust messages that are to be sent (XEP-0450). */
  readonly trustMessages
  readonly rooms: OmemoRooms
  readonly conflicts = new IdentityConflicts(this)
  isCatchingUp = false
  readonly #finder: RecipientFinder
  readonly #aftermath = new Aftermath(this)

  constructor(context: OmemoContext, options: OmemoOptions) {
    const { store: given, locks, crypto = defaultBackend, clock = systemClock, versions } = options
    const policy = options.policy ?? {}
    this.context = context
    this.options = options
    this.backend = crypto
    this.clock = clock
    this.versions = versions?.flatMap((name) => allVersions.find((each) => each.name === name) ?? []) ?? allVersions
    this.unused = allVersions.filter((version) => !this.versions.includes(version))
    const store = given === undefined ? context.store : accountStore(given, context.account.toString())
    this.store = locks === undefined ? new OmemoStore(store) : new OmemoStore(store, locks)
    this.events = context.event<[OmemoEvent]>()
    this.trustMessages = context.event<[readonly OutgoingTrustMessage[]]>()
    const emit: EmitOmemoEvent = (event) => this.events.emit(event)
    const shared = { store: this.store, backend: crypto, versions: this.versions, clock, emit, pep: context.pep }
    this.rooms = new OmemoRooms(() => context.account)
    this.own = new OwnAccount(this.store, crypto, clock)
    this.trust = this.#ledger()
    this.directory = new DeviceDirectory({
      ...shared,
      isOnline: () => context.serverFeatures !== undefined,
      mostDevices: policy.mostDevices ?? 50,
    })
    this.#finder = new RecipientFinder({
      ...shared,
      own: this.own,
      bundles: new BundleFetcher(context.pep, crypto),
      allowsDowngrade: policy.downgrade === 'allow',
      staleAfter: policy.staleAfter ?? 106,
    })
    const parts = { ...shared, own: this.own, directory: this.directory, trust: this.trust, finder: this.#finder }
    this.audience = new AudienceFinder(parts)
    this.encryptor = new MessageEncryptor({ ...parts, account: () => context.account })
    this.empties = this.#empties()
    this.inbox = this.#inbox(new Journal(this.store))
    this.presence = this.#ownPresence(this.versions.map((version) => new Announcer(version, parts)))
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
    const lists = await Promise.all(this.unused.map(({ devices }) => this.context.pep.get(devices)))
    return lists.flatMap((list) => list?.devices.map(({ id }) => id) ?? [])
  }

  #ledger(): TrustLedger {
    const { store, own, clock, options, context } = this
    return new TrustLedger({
      store,
      policy: options.trust ?? btbv(),
      account: () => context.account.toString(),
      ownKey: async (transaction) => (await own.get(transaction)).identity.publicKey,
      now: () => clock.now(),
      settled: (outcome) => this.#aftermath.trustSettled(outcome),
    })
  }

  #ownPresence(announcers: readonly Announcer[]): OwnPresence {
    const { own, clock, options, context } = this
    return new OwnPresence({
      own,
      announcers,
      clock,
      emit: (event) => this.events.emit(event),
      otherIds: () => this.#otherIds(),
      report: context.reportError,
      label: options.label,
    })
  }

  #empties(): EmptyMessages {
    const { backend, versions, clock, store, directory, encryptor, own, trust, context } = this
    return new EmptyMessages({
      store,
      own,
      backend,
      directory,
      finder: this.#finder,
      encryptor,
      versions,
      clock,
      emit: (event) => this.events.emit(event),
      send: (jid, elements) => this.sendEncrypted(jid, elements),
      mayKnow: (jid) => this.#aftermath.mayKnow(jid),
      trust,
      report: (error) => reportUnlessOffline(context, error),
    })
  }

  #inbox(journal: Journal): Inbox {
    const { context, store, own, backend, versions, unused, trust } = this
    const inbound = (element: XmlElement, provenance: Provenance) => context.inbound(element, provenance)
    const receiver = new MessageReceiver({
      store,
      own,
      backend,
      versions,
      unused,
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
      noticeWriter: (jid, deviceId) => this.directory.noticeWriter(jid, deviceId),
      after: (received, origin) => this.#aftermath.after(received, origin),
      inbound,
      parse: parseXml,
      report: context.reportError,
      waitUntil: context.waitUntil,
    })
  }
}

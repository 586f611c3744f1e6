import type { XmlElement } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import type { Clock } from '../devices/clock.js'
import type { DeviceDirectory } from '../devices/device-directory.js'
import type { OwnAccount } from '../devices/own-account.js'
import { OmemoError } from '../omemo-error.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import type { OmemoStore } from '../store/omemo-store.js'
import { mayEncryptFor } from '../trust/trust-record.js'
import type { Version } from '../wire/version.js'
import type { MessageEncryptor } from './message-encryptor.js'
import type { SenderDevice } from './outcome.js'
import { owedDevices } from './owed-devices.js'
import { sealNothing } from './payloads.js'
import type { RecipientFinder } from './recipient.js'
import { deviceScope, noSessions, sessionKey, sessionKind, withoutCurrent } from './session-record.js'
import type { TrustLedger } from './trust-ledger.js'

/** What sending them works with. */
export interface EmptyMessageParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
  readonly directory: DeviceDirectory
  readonly finder: RecipientFinder
  readonly encryptor: MessageEncryptor
  readonly versions: readonly Version[]
  readonly clock: Clock
  readonly emit: EmitOmemoEvent
  /** Sends an element to an account. */
  readonly send: (jid: string, elements: readonly XmlElement[]) => void
  /** Whether an account may learn that we are here: an empty message tells it (OMEMO S19). */
  readonly mayKnow: (jid: string) => Promise<boolean>
  readonly trust: Pick<TrustLedger, 'levelIn'>
  /** Takes errors that nobody waits for. */
  readonly report: (error: unknown) => void
}

/** At most one broken session of a device is replaced in this time, in milliseconds (OMEMO S20). */
const healingPause = 24 * 3600 * 1000

/** Messages that manage sessions and say nothing: completions of key exchanges, heartbeats, replacements (XEP-0384 §6). */
export class EmptyMessages {
  readonly #parts: EmptyMessageParts
  readonly #owed = new Map<string, { readonly device: SenderDevice; readonly isKnown: boolean }>()
  readonly #broken = new Map<string, SenderDevice>()
  #isHeld = false

  constructor(parts: EmptyMessageParts) {
    this.#parts = parts
  }

  /** While catching up, nothing is sent: at its end, one message per session is enough. */
  hold(): void {
    this.#isHeld = true
  }

  /** The catch-up is over. Never rejects: what fails for one device is reported, and the others get theirs. */
  async release(): Promise<void> {
    this.#isHeld = false
    const [owed, broken] = [[...this.#owed.values()], [...this.#broken.values()]]
    this.#owed.clear()
    this.#broken.clear()
    for (const { device, isKnown } of owed) await this.#pay(device, isKnown).catch(this.#parts.report)
    for (const device of broken) await this.#heal(device).catch(this.#parts.report)
  }

  /** A device is owed an empty message. @param isKnown whether it may know of us, as in a room we are both in */
  async owe(device: SenderDevice, isKnown: boolean): Promise<void> {
    const name = nameOf(device)
    if (this.#isHeld) this.#owed.set(name, { device, isKnown: isKnown || this.#owed.get(name)?.isKnown === true })
    else await this.#pay(device, isKnown)
  }

  /** Pays what an earlier process has left: until it is paid, the other device may stop writing. */
  async settle(): Promise<void> {
    const own = await this.#ownId()
    const recordOf = ({ jid, deviceId, version }: SenderDevice) =>
      this.#parts.store.read(sessionKind, sessionKey(own, jid, deviceId, version))
    const isOwed = async (device: SenderDevice): Promise<boolean> => (await recordOf(device))?.owed !== undefined
    for (const device of await owedDevices(this.#parts.store, isOwed)) {
      await this.owe(device, false).catch(this.#parts.report)
    }
  }

  /** A session is broken, and the policy says that it is replaced. */
  async heal(device: SenderDevice): Promise<void> {
    if (this.#isHeld) this.#broken.set(nameOf(device), device)
    else await this.#heal(device)
  }

  /** Whatever the state of the session: the next message to the device begins another one. Whether there was one. */
  async reset({ jid, deviceId, version }: SenderDevice): Promise<boolean> {
    const own = await this.#ownId()
    return this.#parts.store.transaction([deviceScope(jid, deviceId)], async (transaction) => {
      const key = sessionKey(own, jid, deviceId, version)
      const record = await transaction.get(sessionKind, key)
      if (record === undefined) return false
      // Also what a device has not answered is forgotten: who wants another session wants to write.
      transaction.put(sessionKind, key, { ...withoutCurrent(record), unanswered: 0 })
      return true
    })
  }

  /** Sends an empty message, with a key exchange if there is no session. */
  async send({ jid, deviceId, version: name }: SenderDevice): Promise<void> {
    const { directory, finder, encryptor, backend, versions, send } = this.#parts
    const version = versions.find((each) => each.name === name)
    if (version === undefined) return
    const contact = await directory.of(jid)
    const recipient = await finder.find(jid, deviceId, contact, { isEmpty: true, only: version })
    const payloads = new Map([[name, sealNothing(backend, name)]])
    const { elements } = await encryptor.encrypt({ recipients: [recipient], payloads, isContent: false, chats: [] })
    if (elements.length > 0) send(jid, elements)
  }

  async #ownId(): Promise<number> {
    return (await this.#parts.own.get()).account.deviceId
  }

  async #pay(device: SenderDevice, isKnown: boolean): Promise<void> {
    const key = sessionKey(await this.#ownId(), device.jid, device.deviceId, device.version)
    const record = await this.#parts.store.read(sessionKind, key)
    // Something else that was sent since has done as well.
    if (record?.owed === undefined) return
    if (isKnown || (await this.#parts.mayKnow(device.jid))) await this.send(device)
  }

  async #heal(device: SenderDevice): Promise<void> {
    const { store, clock, directory, emit, mayKnow, trust } = this.#parts
    const { jid, deviceId, version } = device
    if (!(await mayKnow(jid))) return
    const known = await directory.of(jid)
    // A backup has keys, but no lists.
    const contact = known.lists[version] === undefined ? (await directory.ensure(jid)).contact : known
    const key = contact.devices.get(deviceId)?.identityKey
    if (key === undefined || !contact.lists[version]?.ids.includes(deviceId)) return
    const now = clock.now()
    const own = await this.#ownId()
    const isDue = await store.transaction([deviceScope(jid, deviceId)], async (transaction) => {
      // Who may be anybody makes us begin nothing (OMEMO S20).
      if (!mayEncryptFor((await trust.levelIn(transaction, jid, key)) ?? 'undecided')) return false
      const name = sessionKey(own, jid, deviceId, version)
      const record = (await transaction.get(sessionKind, name)) ?? noSessions
      if (record.healedAt !== undefined && now - record.healedAt < healingPause) return false
      transaction.put(sessionKind, name, { ...withoutCurrent(record), healedAt: now })
      return true
    })
    if (!isDue) return
    try {
      await this.send(device)
      emit({ type: 'healed', jid, deviceId, version })
    } catch (error) {
      // Without its bundle there is nothing to be done; its next message may bring a session.
      if (!(error instanceof OmemoError)) throw error
    }
  }
}

const nameOf = ({ jid, deviceId, version }: SenderDevice): string => `${jid}/${deviceId}/${version}`

import type { BareJid, XmlElement } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import { encrypt } from '../crypto/ratchet.js'
import type { Session } from '../crypto/session.js'
import { initiate } from '../crypto/x3dh.js'
import { type Contact, contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import { contactScope } from '../devices/device-directory.js'
import type { OwnAccount, OwnDevice } from '../devices/own-account.js'
import { OmemoError } from '../omemo-error.js'
import { Pace } from '../pace.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import { mayEncryptFor } from '../trust/trust-record.js'
import type { DeviceKey, Version, VersionName } from '../wire/version.js'
import { changeChat, chatScope } from './chat-record.js'
import type { SealedPayload } from './payloads.js'
import { curveForm, type DeviceProblem, type Recipient } from './recipient.js'
import {
  currentOf,
  deviceScope,
  noSessions,
  type SessionRecord,
  sessionKey,
  sessionKind,
  wipeReplaced,
  withCurrent,
} from './session-record.js'
import type { TrustLedger } from './trust-ledger.js'

/** What encrypting works with. */
export interface EncryptorParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
  readonly trust: Pick<TrustLedger, 'levelIn'>
  readonly account: () => BareJid
}

/** What was encrypted. */
export interface EncryptedMessage {
  /** One element per version. */
  readonly elements: readonly XmlElement[]
  /** Who can read it. */
  readonly recipients: readonly Recipient[]
  /** Who was to read it, and cannot. */
  readonly errors: readonly DeviceProblem[]
}

/** What is to be encrypted. */
export interface EncryptionTask {
  readonly recipients: readonly Recipient[]
  /** The payloads by version. */
  readonly payloads: ReadonlyMap<VersionName, SealedPayload>
  /** Whether it says something: then devices that do not answer are counted, and the chats are known to be written in. */
  readonly isContent: boolean
  /** The chats it is written in. */
  readonly chats: readonly string[]
  /** Asked at the last moment, for somebody may have been put out of a room since (OMEMO F13). */
  readonly isWanted?: (jid: string) => boolean
}

/** A share of a message, and what has changed for it. */
interface Sealed {
  readonly key: DeviceKey
  readonly before: readonly Session[]
  readonly after: SessionRecord
}

/** Encrypts for devices; what their sessions have become is stored before anybody sees the result (OMEMO F18). */
export class MessageEncryptor {
  readonly #parts: EncryptorParts

  constructor(parts: EncryptorParts) {
    this.#parts = parts
  }

  /** Encrypts a message for these devices, as many as it works for. */
  async encrypt(task: EncryptionTask): Promise<EncryptedMessage> {
    const { store, own } = this.#parts
    const replaced: Omit<Sealed, 'key'>[] = []
    const { recipients, chats } = task
    const scopes = [
      ...recipients.map(({ jid, deviceId }) => deviceScope(jid, deviceId)),
      ...new Set(recipients.map(({ jid }) => contactScope(jid))),
      ...chats.map(chatScope),
    ]
    const encrypted = await store.transaction(scopes, async (transaction) => {
      const device = await own.get(transaction)
      const keys = new Map<Version, DeviceKey[]>()
      const done: Recipient[] = []
      const errors: DeviceProblem[] = []
      const pace = new Pace()
      for (const recipient of recipients) {
        await pace.pause()
        if (task.isWanted?.(recipient.jid) === false) continue
        try {
          const { key, before, after } = await this.#encryptFor(transaction, device, recipient, task)
          replaced.push({ before, after })
          keys.set(recipient.version, [...(keys.get(recipient.version) ?? []), key])
          done.push(recipient)
        } catch (error) {
          if (!(error instanceof OmemoError)) throw error
          errors.push({ jid: recipient.jid, deviceId: recipient.deviceId, error })
        }
      }
      if (task.isContent) for (const chat of chats) await changeChat(transaction, chat, { isWritten: true })
      return { elements: build(keys, task, device), recipients: done, errors }
    })
    for (const { before, after } of replaced) wipeReplaced(before, after)
    return encrypted
  }

  async #encryptFor(
    transaction: Transaction,
    device: OwnDevice,
    recipient: Recipient,
    task: EncryptionTask,
  ): Promise<Sealed> {
    const { backend } = this.#parts
    const { jid, deviceId, version } = recipient
    const name = sessionKey(device.account.deviceId, jid, deviceId, version.name)
    const record = (await transaction.get(sessionKind, name)) ?? noSessions
    const payload = task.payloads.get(version.name)
    if (payload === undefined) throw new OmemoError('no-session')
    const known = currentOf(record)
    const contact = (await transaction.get(contactKind, jid)) ?? unknownContact
    const shown = known && curveForm(backend, version, known.remoteIdentity)
    for (const key of [shown, contact.devices.get(deviceId)?.identityKey]) {
      if (key !== undefined && !equalBytes(key, recipient.identityKey)) throw new OmemoError('identity-conflict')
    }
    if (payload.payload !== undefined) await this.#checkTrust(transaction, recipient, task)
    const current = known ?? this.#begin(transaction, device, recipient, contact)
    const sealed = encrypt(backend, version.profile, current, payload.keyMaterial)
    const after: SessionRecord = {
      ...withCurrent(record, sealed.session, current),
      owed: undefined,
      unanswered: record.unanswered + (task.isContent ? 1 : 0),
    }
    transaction.put(sessionKind, name, after)
    const key = { jid, rid: deviceId, isKeyExchange: sealed.isKeyExchange, bytes: sealed.bytes }
    return { key, before: [current, ...record.sessions], after }
  }

  /** Trust was decided before the bundles were fetched; what was decided since counts (XEP-0384 §8, XEP-0450 §5). */
  async #checkTrust(
    transaction: Transaction,
    { jid, identityKey }: Recipient,
    { isContent }: EncryptionTask,
  ): Promise<void> {
    const level = (await this.#parts.trust.levelIn(transaction, jid, identityKey)) ?? 'undecided'
    // Beside content, only trust messages say something.
    if (isContent ? !mayEncryptFor(level) : level !== 'authenticated') throw new OmemoError('untrusted')
  }

  /** A new session; the device is known by this identity from now on. */
  #begin(transaction: Transaction, device: OwnDevice, recipient: Recipient, contact: Contact) {
    const { backend } = this.#parts
    const { jid, deviceId, version, bundle, identityKey } = recipient
    if (bundle === undefined) throw new OmemoError('no-session')
    const pinned = contact.devices.get(deviceId)
    const best = pinned?.version === 'omemo2' ? 'omemo2' : version.name
    if (pinned?.identityKey === undefined || pinned.version !== best) {
      transaction.put(contactKind, jid, withDevice(contact, deviceId, { identityKey, version: best }))
    }
    const { preKeys } = bundle
    const preKeyId = preKeys[randomIndex(backend, preKeys.length)]?.id as number
    const registrationId = device.account.deviceId
    return initiate(backend, version.profile, { identity: device.identity, bundle, preKeyId, registrationId })
  }
}

function build(
  keys: ReadonlyMap<Version, readonly DeviceKey[]>,
  { payloads }: EncryptionTask,
  { account }: OwnDevice,
): readonly XmlElement[] {
  return [...keys].map(([version, shares]) => {
    const payload = payloads.get(version.name)
    return version.build({ sid: account.deviceId, keys: shares, iv: payload?.iv, payload: payload?.payload })
  })
}

/** Which of so many; two bytes are a thousand times as many as there are, so that none is preferred that counts. */
function randomIndex(backend: CryptoBackend, count: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = backend.randomBytes(4)
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % count
}

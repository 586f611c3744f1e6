import type { BareJid, XmlElement } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import { encrypt } from '../crypto/ratchet.js'
import { initiate } from '../crypto/x3dh.js'
import { contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import { contactScope } from '../devices/device-directory.js'
import type { OwnAccount, OwnDevice } from '../devices/own-account.js'
import { OmemoError } from '../omemo-error.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { DeviceKey, Version, VersionName } from '../wire/version.js'
import { changeChat, chatScope } from './chat-record.js'
import type { SealedPayload } from './payloads.js'
import type { DeviceProblem, Recipient } from './recipient.js'
import {
  currentOf,
  deviceScope,
  noSessions,
  type SessionRecord,
  sessionKey,
  sessionKind,
  withCurrent,
} from './session-record.js'

/** What encrypting works with. */
export interface EncryptorParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
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

/** After so many devices the event loop gets its turn: a browser must not stand still. */
const batchSize = 20

/** Encrypts for devices; what their sessions have become is stored before anybody sees the result (OMEMO F18). */
export class MessageEncryptor {
  readonly #parts: EncryptorParts

  constructor(parts: EncryptorParts) {
    this.#parts = parts
  }

  /** Encrypts a message for these devices, as many as it works for. */
  async encrypt(task: EncryptionTask): Promise<EncryptedMessage> {
    const { store, own } = this.#parts
    const device = await own.get()
    const { recipients, chats } = task
    const scopes = [
      ...recipients.map(({ jid, deviceId }) => deviceScope(jid, deviceId)),
      ...new Set(recipients.map(({ jid }) => contactScope(jid))),
      ...chats.map(chatScope),
    ]
    return store.transaction(scopes, async (transaction) => {
      const keys = new Map<Version, DeviceKey[]>()
      const done: Recipient[] = []
      const errors: DeviceProblem[] = []
      for (const [index, recipient] of recipients.entries()) {
        if (index > 0 && index % batchSize === 0) await new Promise((resolve) => setTimeout(resolve, 0))
        if (task.isWanted?.(recipient.jid) === false) continue
        try {
          const key = await this.#encryptFor(transaction, device, recipient, task)
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
  }

  async #encryptFor(
    transaction: Transaction,
    device: OwnDevice,
    recipient: Recipient,
    { payloads, isContent }: EncryptionTask,
  ): Promise<DeviceKey> {
    const { backend } = this.#parts
    const { jid, deviceId, version } = recipient
    const name = sessionKey(device.account.deviceId, jid, deviceId, version.name)
    const record = (await transaction.get(sessionKind, name)) ?? noSessions
    const payload = payloads.get(version.name)
    if (payload === undefined) throw new OmemoError('no-session')
    const current = currentOf(record) ?? (await this.#begin(transaction, device, recipient))
    const sealed = encrypt(backend, version.profile, current, payload.keyMaterial)
    const next: SessionRecord = {
      ...withCurrent(record, sealed.session, current),
      owed: undefined,
      unanswered: record.unanswered + (isContent ? 1 : 0),
    }
    transaction.put(sessionKind, name, next)
    return { jid, rid: deviceId, isKeyExchange: sealed.isKeyExchange, bytes: sealed.bytes }
  }

  /** A new session; the device is known by this identity from now on. */
  async #begin(transaction: Transaction, device: OwnDevice, recipient: Recipient) {
    const { backend } = this.#parts
    const { jid, deviceId, version, bundle, identityKey } = recipient
    if (bundle === undefined) throw new OmemoError('no-session')
    const contact = (await transaction.get(contactKind, jid)) ?? unknownContact
    const pinned = contact.devices.get(deviceId)
    if (pinned?.identityKey !== undefined && !equalBytes(pinned.identityKey, identityKey)) {
      throw new OmemoError('identity-conflict')
    }
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

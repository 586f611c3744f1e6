import type { InboundMessage } from '@couplet/client'
import { type BareJid, base64, readElement, type XmlElement } from '@couplet/stanza'
import { TrustMessage } from '@couplet/trust-messages'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import { ownKeysKind } from '../devices/account-record.js'
import { contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import { contactScope } from '../devices/device-directory.js'
import { accountScope, type OwnAccount } from '../devices/own-account.js'
import { usedPreKey } from '../devices/own-keys.js'
import { OmemoError } from '../omemo-error.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import { OptOut } from '../omemo2/elements.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { TrustOutcome } from '../trust/trust-event.js'
import { keyName, type TrustLevel } from '../trust/trust-record.js'
import { limits } from '../wire/limits.js'
import type { Version } from '../wire/version.js'
import { changeChat, chatScope } from './chat-record.js'
import { bodyOf, type OpenedContent, plainMessage } from './content.js'
import { type Journal, receiveScope } from './journal.js'
import type { OmemoOutcome, SenderDevice } from './outcome.js'
import { readShares, type Share, sharesFor } from './read-share.js'
import {
  entryOf,
  failed,
  type MessageOrigin,
  openPayload,
  type Received,
  type ReceiveTask,
  reasonOf,
} from './receive-task.js'
import { isSeen, markOf, see } from './seen.js'
import { deviceScope, noSessions, sessionKey, sessionKind } from './session-record.js'
import { type TrustLedger, trustScope } from './trust-ledger.js'
import { type Opened, openMessage } from './try-sessions.js'

/** What receives works with. */
export interface ReceiverParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
  readonly versions: readonly Version[]
  readonly trust: TrustLedger
  readonly journal: Journal
  readonly emit: EmitOmemoEvent
  readonly account: () => BareJid
  /** Makes a message of one that was inside. */
  readonly inbound: (element: XmlElement, message: InboundMessage) => InboundMessage
}

/** What a share has come to, before anything is written. */
interface Attempt {
  readonly opened: Opened
  readonly mark: string
  readonly identityKey: Uint8Array
  readonly content: OpenedContent | undefined
}

/** Decrypts messages. All that a message changes is written at once with its plaintext, or nothing is. */
export class MessageReceiver {
  readonly #parts: ReceiverParts
  /** The X25519 forms of identity keys: the conversion costs more than a message. */
  readonly #curveKeys = new Map<string, Uint8Array>()

  constructor(parts: ReceiverParts) {
    this.#parts = parts
  }

  /** What has become of a message; `undefined` if it is not encrypted. */
  async receive(message: InboundMessage, origin: MessageOrigin): Promise<Received | undefined> {
    const { versions, own } = this.#parts
    const found = versions.flatMap((version) => {
      const read = version.read(message.element)
      return read === undefined ? [] : [{ version, read }]
    })
    if (found.length === 0) return undefined
    const readable = found.flatMap(({ version, read }) => (read.ok ? [{ version, parts: read.value }] : []))
    const [first] = readable
    if (first === undefined) return failed('malformed', undefined)
    if (origin.from === undefined) return failed('unknown-sender', undefined)
    const device = await own.find()
    const from = origin.from.bare
    const senderOf = ({ version, parts }: (typeof readable)[number]): SenderDevice => ({
      jid: from.toString(),
      deviceId: parts.sid,
      version: version.name,
    })
    if (device === undefined) return { outcome: { status: 'not-for-this-device', device: senderOf(first) } }
    const account = this.#parts.account().toString()
    if (from.toString() === account && first.parts.sid === device.account.deviceId) {
      return { outcome: { status: 'own-echo', device: senderOf(first), id: message.id } }
    }
    const mine = readable.find(({ parts }) => sharesFor(parts, account, device.account.deviceId).length > 0)
    if (mine === undefined) return { outcome: { status: 'not-for-this-device', device: senderOf(first) } }
    return this.#attempt({ ...mine, device: senderOf(mine), from, origin, message, own: device })
  }

  async #attempt(task: ReceiveTask): Promise<Received> {
    try {
      return await this.#decrypt(task)
    } catch (error) {
      if (error instanceof SeenBefore) return { outcome: { status: 'duplicate', device: task.device } }
      return failed(reasonOf(error), task.device)
    }
  }

  async #decrypt(task: ReceiveTask): Promise<Received> {
    const { store, account } = this.#parts
    const { version, parts, device, own } = task
    const shares = readShares(version, sharesFor(parts, account().toString(), own.account.deviceId), limits.key)
    const scopes = [
      receiveScope,
      deviceScope(device.jid, device.deviceId),
      contactScope(device.jid),
      chatScope(device.jid),
      trustScope,
      ...(shares.some(({ parsed }) => parsed.kind === 'key-exchange') ? [accountScope] : []),
    ]
    return store.transaction(scopes, async (transaction) => {
      const attempt = await this.#open(transaction, task, shares)
      const seen = await this.#see(transaction, task, attempt)
      const received = await this.#write(transaction, task, attempt, seen.level)
      return { ...received, trust: received.trust ?? seen.trust }
    })
  }

  /** @throws OmemoError for what no session can decrypt */
  async #open(transaction: Transaction, task: ReceiveTask, shares: readonly Share[]): Promise<Attempt> {
    const { version, device, own } = task
    const record = (await transaction.get(sessionKind, keyOf(task))) ?? noSessions
    const keys = await transaction.get(ownKeysKind)
    if (keys === undefined) throw new OmemoError('no-devices')
    const receiver = { backend: this.#parts.backend, profile: version.profile, identity: own.identity, keys }
    let reason: unknown
    for (const { bytes, parsed } of shares) {
      const mark = markOf(`${device.jid}/${device.deviceId}`, bytes)
      if (await isSeen(transaction, mark)) throw new SeenBefore()
      try {
        const opened = openMessage(receiver, record, parsed)
        const identityKey = await this.#checkIdentity(transaction, task, opened)
        return { opened, mark, identityKey, content: openPayload(this.#parts.backend, task, opened.plaintext) }
      } catch (error) {
        reason ??= error
      }
    }
    throw reason
  }

  /** A device keeps its identity: who shows another one is another one (OMEMO S7, S10). */
  async #checkIdentity(
    transaction: Transaction,
    { version, device }: ReceiveTask,
    opened: Opened,
  ): Promise<Uint8Array> {
    const name = base64.encode(opened.remoteIdentity)
    const { backend, emit } = this.#parts
    const identityKey =
      this.#curveKeys.get(name) ?? version.profile.decodeIdentity(backend, opened.remoteIdentity).curve25519
    const contact = (await transaction.get(contactKind, device.jid)) ?? unknownContact
    const pinned = contact.devices.get(device.deviceId)
    if (pinned?.identityKey !== undefined && !equalBytes(pinned.identityKey, identityKey)) {
      emit({ type: 'identity-conflict', jid: device.jid, deviceId: device.deviceId, identityKey })
      throw new OmemoError('identity-conflict')
    }
    if (this.#curveKeys.size > 1000) this.#curveKeys.clear()
    this.#curveKeys.set(name, identityKey)
    const best = pinned?.version === 'omemo2' ? 'omemo2' : version.name
    if (pinned?.identityKey === undefined || pinned.version !== best) {
      transaction.put(contactKind, device.jid, withDevice(contact, device.deviceId, { identityKey, version: best }))
    }
    return identityKey
  }

  /** Only a new session can show a key that nobody has seen. */
  async #see(
    transaction: Transaction,
    { device, version }: ReceiveTask,
    { identityKey: key, opened }: Attempt,
  ): Promise<{ readonly level: TrustLevel; readonly trust?: TrustOutcome }> {
    const { trust } = this.#parts
    const known = await trust.levelIn(transaction, device.jid, key)
    if (known !== undefined || opened.usedPreKeyId === undefined) return { level: known ?? 'undecided' }
    const ed25519 = version.name === 'omemo2' ? opened.remoteIdentity : undefined
    const outcome = await trust.see(transaction, device.jid, [{ key, ed25519 }])
    return { level: (await trust.levelIn(transaction, device.jid, key)) ?? 'undecided', trust: outcome }
  }

  async #write(transaction: Transaction, task: ReceiveTask, attempt: Attempt, level: TrustLevel): Promise<Received> {
    const { opened, mark } = attempt
    const { device } = task
    transaction.put(sessionKind, keyOf(task), opened.record)
    await see(transaction, mark)
    const preKeysLeft = await this.#useUp(transaction, opened.usedPreKeyId)
    const owed = level === 'distrusted' ? undefined : opened.record.owed
    const decided = level === 'distrusted' ? undefined : await this.#takeTrust(transaction, task, attempt)
    if (decided !== undefined)
      return { outcome: { status: 'trust-message', device }, owed, preKeysLeft, trust: decided }
    return { outcome: await this.#outcome(transaction, task, attempt, level), owed, preKeysLeft }
  }

  /** XEP-0434 §5.2.1: only what names its sender and its time can be acted upon. */
  async #takeTrust(
    transaction: Transaction,
    { device }: ReceiveTask,
    { content, identityKey }: Attempt,
  ): Promise<TrustOutcome | undefined> {
    const element = content?.content.find((each) => TrustMessage.matches(each))
    if (content === undefined || element === undefined || !content.boundFrom) return undefined
    const read = readElement(TrustMessage, element)
    if (!read.ok) return undefined
    const sender = { jid: device.jid, key: keyName(identityKey) }
    return this.#parts.trust.take(transaction, { message: read.value, sender, time: content.time })
  }

  async #outcome(
    transaction: Transaction,
    task: ReceiveTask,
    { opened, identityKey, content }: Attempt,
    trust: TrustLevel,
  ): Promise<OmemoOutcome> {
    const { device, message } = task
    if (content === undefined) return { status: 'empty', device, keyMaterial: opened.plaintext }
    if (trust === 'distrusted') return { status: 'distrusted', device }
    const optOut = content.content.find((element) => OptOut.matches(element))
    if (optOut !== undefined) {
      await changeChat(transaction, device.jid, { isOptedOut: true })
      const read = readElement(OptOut, optOut)
      return { status: 'opt-out', device, reason: read.ok ? read.value.reason : undefined }
    }
    const entry = entryOf(task, content, identityKey)
    const journalId = await this.#parts.journal.add(transaction, entry)
    const decrypted = this.#parts.inbound(plainMessage(message, content.content), message)
    return {
      status: 'decrypted',
      journalId,
      message: decrypted,
      content: content.content,
      body: bodyOf(content.content),
      device,
      identityKey,
      trust,
      boundFrom: content.boundFrom,
      boundTo: content.boundTo,
      time: content.time,
      payloadHash: base64.decode(entry.payloadHash) as Uint8Array,
      room: task.origin.room,
    }
  }

  /** The number of prekeys that are left, if one was used. */
  async #useUp(transaction: Transaction, id: number | undefined): Promise<number | undefined> {
    const keys = id === undefined ? undefined : await transaction.get(ownKeysKind)
    if (id === undefined || keys === undefined) return undefined
    const left = usedPreKey(keys, id)
    if (left !== keys) transaction.put(ownKeysKind, '', left)
    return left.preKeys.length
  }
}

/** The very same share was decrypted before. One that only uses the same key again is something else: a failure. */
class SeenBefore extends Error {}

const keyOf = ({ own, device }: ReceiveTask): string =>
  sessionKey(own.account.deviceId, device.jid, device.deviceId, device.version)

import type { InboundMessage } from '@couplet/client'
import { base64 } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import { ownKeysKind } from '../devices/account-record.js'
import { type Contact, contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import { contactScope } from '../devices/device-directory.js'
import { accountScope, type OwnAccount } from '../devices/own-account.js'
import { usedPreKey } from '../devices/own-keys.js'
import { OmemoError } from '../omemo-error.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { TrustOutcome } from '../trust/trust-event.js'
import type { TrustLevel } from '../trust/trust-record.js'
import { limits } from '../wire/limits.js'
import type { Version } from '../wire/version.js'
import { chatScope } from './chat-record.js'
import type { OpenedContent } from './content.js'
import { receiveScope } from './journal.js'
import type { SenderDevice } from './outcome.js'
import { noteOwed } from './owed-devices.js'
import { readShares, type Share, sharesFor } from './read-share.js'
import {
  failed,
  type MessageOrigin,
  openPayload,
  type Received,
  type ReceiveTask,
  reasonOf,
  TooManyDevices,
} from './receive-task.js'
import { isSeen, markOf, see } from './seen.js'
import { deviceScope, noSessions, type SessionRecord, sessionKey, sessionKind, wipeReplaced } from './session-record.js'
import { chatOfMessage, type TakeContentParts, takeContent } from './take-content.js'
import { trustScope } from './trust-ledger.js'
import { type Opened, openMessage } from './try-sessions.js'

/** What receives works with. */
export interface ReceiverParts extends TakeContentParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
  readonly versions: readonly Version[]
  /** Those that are not in use: nothing in them is left without a word (OMEMO F6). */
  readonly unused: readonly Version[]
  readonly emit: EmitOmemoEvent
}

/** What a share has come to, before anything is written. */
interface Attempt {
  readonly opened: Opened
  readonly mark: string
  readonly identityKey: Uint8Array
  readonly content: OpenedContent | undefined
}

/** How many devices of an account are remembered that it has not announced: ids can be made up for ever. */
const mostUnlisted = 1000

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
    const found = readAs(versions, message)
    if (found.length === 0) return this.#unsupported(message, origin)
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
    const mine = readable.filter(({ parts }) => sharesFor(parts, account, device.account.deviceId).length > 0)
    const tasks = mine.map((each) => ({ ...each, device: senderOf(each), from, origin, message, own: device }))
    let failure: Received | undefined
    for (const task of tasks) {
      const received = await this.#attempt(task)
      if (received.outcome.status !== 'failed') return received
      failure ??= received
    }
    return failure ?? { outcome: { status: 'not-for-this-device', device: senderOf(first) } }
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
    const shares = readShares(version, sharesFor(parts, account().toString(), own.account.deviceId))
    const scopes = [
      receiveScope,
      deviceScope(device.jid, device.deviceId),
      contactScope(device.jid),
      chatScope(chatOfMessage(task, account())),
      trustScope,
      ...(shares.some(({ parsed }) => parsed.kind === 'key-exchange') ? [accountScope] : []),
    ]
    const { received, before, after } = await store.transaction(scopes, async (transaction) => {
      const { before, ...attempt } = await this.#open(transaction, task, shares)
      const seen = await this.#see(transaction, task, attempt)
      const received = await this.#write(transaction, task, attempt, seen.level)
      return { received: { ...received, trust: received.trust ?? seen.trust }, before, after: attempt.opened.record }
    })
    wipeReplaced(before.sessions, after)
    return received
  }

  /** What has become of a message in a version that is not in use. */
  async #unsupported(message: InboundMessage, { from }: MessageOrigin): Promise<Received | undefined> {
    const { own, account, unused } = this.#parts
    const [found] = readAs(unused, message)
    if (found === undefined) return undefined
    const { version, read } = found
    const id = (await own.find())?.account.deviceId
    // Somebody may have sent what we can read in a message of its own.
    const isForOthers = read.ok && id !== undefined && sharesFor(read.value, account().toString(), id).length === 0
    if (from === undefined || !isForOthers) return failed('unsupported', undefined)
    const device = { jid: from.bare.toString(), deviceId: read.value.sid, version: version.name }
    return { outcome: { status: 'not-for-this-device', device } }
  }

  /** @throws OmemoError for what no session can decrypt */
  async #open(
    transaction: Transaction,
    task: ReceiveTask,
    shares: readonly Share[],
  ): Promise<Attempt & { readonly before: SessionRecord }> {
    const { version, device, own } = task
    const before = (await transaction.get(sessionKind, keyOf(task))) ?? noSessions
    const keys = await transaction.get(ownKeysKind)
    if (keys === undefined) throw new OmemoError('no-devices')
    const { backend } = this.#parts
    const receiver = { backend, profile: version.profile, identity: own.identity, keys, steps: limits.steps }
    let reason: unknown
    for (const { bytes, parsed } of shares) {
      const mark = markOf(`${device.jid}/${device.deviceId}`, bytes)
      if (await isSeen(transaction, mark)) throw new SeenBefore()
      try {
        const opened = openMessage(receiver, before, parsed)
        const identityKey = await this.#checkIdentity(transaction, task, opened)
        const content = openPayload(backend, task, opened.plaintext)
        return { opened, mark, identityKey, content, before }
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
    if (pinned?.identityKey === undefined && isCrowded(contact, device.deviceId)) throw new TooManyDevices()
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
    const level = await trust.levelIn(transaction, device.jid, key)
    return { level: level ?? 'undecided', trust: outcome }
  }

  async #write(transaction: Transaction, task: ReceiveTask, attempt: Attempt, level: TrustLevel): Promise<Received> {
    const { opened, mark, content, identityKey } = attempt
    const { device } = task
    transaction.put(sessionKind, keyOf(task), opened.record)
    await see(transaction, mark)
    const preKeysLeft = await this.#useUp(transaction, opened.usedPreKeyId)
    if (level === 'distrusted') {
      const status = content === undefined ? 'empty' : 'distrusted'
      return { outcome: { status, device }, preKeysLeft }
    }
    const { owed } = opened.record
    if (owed !== undefined) await noteOwed(transaction, device)
    if (content === undefined) return { outcome: { status: 'empty', device }, owed, preKeysLeft }
    return {
      ...(await takeContent(this.#parts, transaction, { task, content, identityKey, level })),
      owed,
      preKeysLeft,
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

const readAs = (versions: readonly Version[], { element }: InboundMessage) =>
  versions.flatMap((version) => {
    const read = version.read(element)
    return read === undefined ? [] : [{ version, read }]
  })

function isCrowded({ lists, devices }: Contact, deviceId: number): boolean {
  if (devices.size < mostUnlisted || Object.values(lists).some(({ ids }) => ids.includes(deviceId))) return false
  return [...devices.values()].filter(({ identityKey }) => identityKey !== undefined).length >= mostUnlisted
}

const keyOf = ({ own, device }: ReceiveTask): string =>
  sessionKey(own.account.deviceId, device.jid, device.deviceId, device.version)

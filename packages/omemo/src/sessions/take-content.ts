import type { InboundMessage } from '@couplet/client'
import { type BareJid, base64, readElement, type XmlElement } from '@couplet/stanza'
import { TrustMessage } from '@couplet/trust-messages'
import { OptOut } from '../omemo2/elements.js'
import type { Transaction } from '../store/omemo-store.js'
import type { TrustOutcome } from '../trust/trust-event.js'
import { keyName, mayEncryptFor, type TrustLevel } from '../trust/trust-record.js'
import { changeChat } from './chat-record.js'
import { bodyOf, type OpenedContent, plainMessage } from './content.js'
import type { Journal } from './journal.js'
import type { OmemoOutcome } from './outcome.js'
import { entryOf, type Received, type ReceiveTask } from './receive-task.js'
import type { TrustLedger } from './trust-ledger.js'

/** What taking content works with. */
export interface TakeContentParts {
  readonly trust: TrustLedger
  readonly journal: Journal
  readonly account: () => BareJid
  /** Makes a message of one that was inside. */
  readonly inbound: (element: XmlElement, message: InboundMessage) => InboundMessage
}

/** What a message says, and who says it. */
export interface Said {
  readonly task: ReceiveTask
  readonly content: OpenedContent
  readonly identityKey: Uint8Array
  readonly level: TrustLevel
}

/** The chat that a message belongs to: that of a copy of our own is with whom it was sent to. */
export function chatOfMessage({ from, origin }: ReceiveTask, account: BareJid): string {
  const isOwn = from.toString() === account.toString()
  return origin.room ?? (isOwn ? origin.to.bare : from).toString()
}

/** Acts upon what is for us, and keeps what is left for the application. */
export async function takeContent(parts: TakeContentParts, transaction: Transaction, said: Said): Promise<Received> {
  const { task, content: opened } = said
  const { device } = task
  const trust = await takeTrust(parts, transaction, said)
  const element = opened.content.find((each) => OptOut.matches(each))
  const isWish = element !== undefined && isOfContact(said, parts.account())
  const optOut = isWish ? await takeOptOut(transaction, task.from.toString(), element) : undefined
  const content = opened.content.filter((each) => each !== element && each !== trust?.element)
  const both = { trust: trust?.outcome, optOut }
  if (content.length === 0 && optOut) return { outcome: { status: 'opt-out', device, reason: optOut.reason }, ...both }
  if (content.length === 0 && element) return { outcome: { status: 'empty', device }, ...both }
  if (content.length === 0 && trust) return { outcome: { status: 'trust-message', device }, ...both }
  // Whom another device of ours has written to knows of us, too.
  if (task.from.equals(parts.account()) && mayEncryptFor(said.level)) {
    await changeChat(transaction, chatOfMessage(task, parts.account()), { isWritten: true })
  }
  return { outcome: await keep(parts, transaction, { ...said, content: { ...opened, content } }), ...both }
}

/** XEP-0434 §5.2.1: only what names its sender and its time can be acted upon. */
async function takeTrust(
  { trust }: TakeContentParts,
  transaction: Transaction,
  { task, content: { content, boundFrom, time }, identityKey }: Said,
): Promise<{ readonly outcome: TrustOutcome; readonly element: XmlElement } | undefined> {
  const element = content.find((each) => TrustMessage.matches(each))
  if (element === undefined || !boundFrom) return undefined
  const read = readElement(TrustMessage, element)
  if (!read.ok) return undefined
  const sender = { jid: task.device.jid, key: keyName(identityKey) }
  return { element, outcome: await trust.take(transaction, { message: read.value, sender, time }) }
}

/** Not of whoever has put a device on the contact's list, of somebody in a room, or of ourselves to somebody else. */
const isOfContact = ({ task: { from, origin }, level }: Said, account: BareJid): boolean =>
  origin.room === undefined && !from.equals(account) && mayEncryptFor(level)

async function takeOptOut(transaction: Transaction, jid: string, element: XmlElement) {
  await changeChat(transaction, jid, { isOptedOut: true })
  const read = readElement(OptOut, element)
  return { jid, reason: read.ok ? read.value.reason : undefined }
}

/** Keeps it until the application has it. */
async function keep(
  { journal, inbound }: TakeContentParts,
  transaction: Transaction,
  { task, content: opened, identityKey, level }: Said,
): Promise<OmemoOutcome> {
  const { device, message, origin } = task
  const { content, boundFrom, boundTo, time } = opened
  const entry = entryOf(task, opened, identityKey)
  return {
    status: 'decrypted',
    journalId: await journal.add(transaction, entry),
    message: inbound(plainMessage(message, content), message),
    content,
    body: bodyOf(content),
    device,
    identityKey,
    trust: level,
    boundFrom,
    boundTo,
    time,
    payloadHash: base64.decode(entry.payloadHash) as Uint8Array,
    room: origin.room,
  }
}

import type { InboundMessage } from '@couplet/client'
import { base64, type Jid } from '@couplet/stanza'
import { sha256 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import type { OwnDevice } from '../devices/own-account.js'
import { decryptLegacyPayload } from '../legacy/payload.js'
import { OmemoError } from '../omemo-error.js'
import { decryptOmemo2Payload, emptyOmemo2KeyMaterial } from '../omemo2/payload.js'
import type { TrustOutcome } from '../trust/trust-event.js'
import type { EncryptedParts, Version } from '../wire/version.js'
import { type OpenedContent, openEnvelope, openText, plainMessage, RefusedEnvelope } from './content.js'
import type { JournalEntry } from './journal.js'
import type { FailureReason, OmemoOutcome, SenderDevice } from './outcome.js'
import type { Owed } from './session-record.js'

/** Where a message comes from, found out without asking the message where that cannot be relied on. */
export interface MessageOrigin {
  /** The bare JID of the account that has sent it; in a room the real one, `undefined` if nobody knows it. */
  readonly from: Jid | undefined
  /** For whom it is: an account, or a room. */
  readonly to: Jid
  /** The room it was said in. */
  readonly room: string | undefined
}

/** What has become of a message, and what is to be done about it. */
export interface Received {
  readonly outcome: OmemoOutcome
  /** An empty message that the sender's device should get. */
  readonly owed?: Owed | undefined
  /** How many prekeys are left, if one was used. */
  readonly preKeysLeft?: number | undefined
  /** What was learned of keys. */
  readonly trust?: TrustOutcome | undefined
  /** The chat that is to be in plain text, with or without something else in the message (XEP-0384 §5.7). */
  readonly optOut?: { readonly jid: string; readonly reason: string | undefined } | undefined
}

/** One message on its way through. */
export interface ReceiveTask {
  readonly version: Version
  readonly parts: EncryptedParts
  readonly device: SenderDevice
  readonly from: Jid
  readonly origin: MessageOrigin
  readonly message: InboundMessage
  readonly own: OwnDevice
}

/** Opens the payload with what the ratchet has decrypted; `undefined` for an empty message. @throws OmemoError */
export function openPayload(
  backend: CryptoBackend,
  { version, parts, from, origin }: ReceiveTask,
  keyMaterial: Uint8Array,
): OpenedContent | undefined {
  const { payload, iv } = parts
  if (payload === undefined) {
    if (!isEmptyKeyMaterial(version, keyMaterial)) throw new OmemoError('malformed')
    return undefined
  }
  if (version.name === 'omemo2') {
    const plaintext = decryptOmemo2Payload(backend, { payload, keyMaterial })
    return openEnvelope(plaintext, { from, to: origin.to, isRoom: origin.room !== undefined })
  }
  if (iv === undefined) throw new OmemoError('malformed')
  return openText(decryptLegacyPayload(backend, { payload, iv, keyMaterial }))
}

/** XEP-0384 §5.5: who takes the payload off a message makes no empty one of it. In 0.3 nothing tells the two apart for sure. */
function isEmptyKeyMaterial({ name }: Version, bytes: Uint8Array): boolean {
  if (name === 'legacy') return bytes.length === 16 || bytes.length === 32
  return equalBytes(bytes, emptyOmemo2KeyMaterial())
}

/** What is kept until the application has taken it. */
export function entryOf(task: ReceiveTask, opened: OpenedContent, identityKey: Uint8Array): JournalEntry {
  const { version, parts, device, message, origin } = task
  return {
    xml: plainMessage(message, opened.content).toString(),
    provenance: message.provenance,
    version: version.name,
    from: device.jid,
    deviceId: device.deviceId,
    identityKey: base64.encode(identityKey),
    boundFrom: opened.boundFrom,
    boundTo: opened.boundTo,
    time: opened.time?.getTime(),
    payloadHash: base64.encode(sha256(parts.payload ?? new Uint8Array(0))),
    room: origin.room,
  }
}

/** The account has shown more devices than are remembered. */
export class TooManyDevices extends Error {}

/** Why it did not work. What is not of ours is for whoever called. */
export function reasonOf(error: unknown): FailureReason {
  if (error instanceof RefusedEnvelope) return 'envelope'
  if (error instanceof TooManyDevices) return 'too-many-devices'
  if (error instanceof OmemoError && error.code !== 'corrupt-record' && error.code !== 'newer-record') return error.code
  throw error
}

/** What another copy of the same message could not change. */
const final: readonly FailureReason[] = [
  'envelope',
  'expired',
  'identity-conflict',
  'no-prekey',
  'obsolete-payload',
  'replayed',
]

/** It could not be decrypted. */
export function failed(reason: FailureReason, device: SenderDevice | undefined): Received {
  return { outcome: { status: 'failed', reason, device, recoverable: !final.includes(reason) } }
}

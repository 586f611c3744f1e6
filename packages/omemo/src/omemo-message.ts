import type { InboundMessage, Provenance } from '@couplet/client'
import { Jid, type XmlElement } from '@couplet/stanza'
import type { OmemoSent, SendRequest } from './outgoing.js'
import type { DecryptedContent, SenderDevice } from './sessions/outcome.js'
import type { TrustLevel } from './trust/trust-record.js'

/** What is said in an answer. */
export type ReplyContent = string | Pick<SendRequest, 'body' | 'content' | 'id' | 'signal'>

/** A message that was decrypted. */
export class OmemoMessage {
  /** As if it had never been encrypted: what was inside, and what only servers say; nothing else of the outside. */
  readonly message: InboundMessage
  /** The elements that were encrypted. */
  readonly content: readonly XmlElement[]
  /** The text. */
  readonly body: string | undefined
  /** The device that has encrypted it. */
  readonly device: SenderDevice
  /** The identity key of that device in the X25519 form. */
  readonly identityKey: Uint8Array
  /** How far that key is trusted. What is `undecided` could be from anybody. */
  readonly trust: TrustLevel
  /** Whether the sender is named inside; never in 0.3 (OMEMO S5). */
  readonly boundFrom: boolean
  /** Whether the recipient is named inside; never in 0.3 (OMEMO S5, S6). */
  readonly boundTo: boolean
  /** When it was encrypted, according to its sender. */
  readonly time: Date | undefined
  /** SHA-256 of the payload, which is the same for all who got it in the same version (OMEMO S4). */
  readonly payloadHash: Uint8Array
  /** The room it was said in. */
  readonly room: string | undefined
  readonly #send: (request: SendRequest) => Promise<OmemoSent>

  /** @internal */
  constructor(content: DecryptedContent, send: (request: SendRequest) => Promise<OmemoSent>) {
    this.message = content.message
    this.content = content.content
    this.body = content.body
    this.device = content.device
    this.identityKey = content.identityKey
    this.trust = content.trust
    this.boundFrom = content.boundFrom
    this.boundTo = content.boundTo
    this.time = content.time
    this.payloadHash = content.payloadHash
    this.room = content.room
    this.#send = send
  }

  /** Who has said it: the bare JID of the account, also in a room. */
  get from(): Jid {
    return Jid.parse(this.device.jid)
  }

  /** How it came. */
  get provenance(): Provenance {
    return this.message.provenance
  }

  /** Answers, encrypted: to the sender, to all in the room, or to the occupant who has said it to us alone. */
  reply(content: ReplyContent): Promise<OmemoSent> {
    const request = typeof content === 'string' ? { body: content } : content
    const { from } = this.message
    const isOccupant = from !== undefined && from.bare.toString() !== this.device.jid
    return this.#send({ ...request, to: this.room ?? (isOccupant ? from : this.device.jid) })
  }

  /** Nothing of what it says. */
  toJSON(): string {
    return `OmemoMessage from ${this.device.jid}/${this.device.deviceId} (${this.device.version})`
  }

  /** Nothing of what it says. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON()
  }
}

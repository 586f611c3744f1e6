import type { CallOptions, Handled, InboundMessage, Subscription } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import type { Backup } from './backup/backup.js'
import type { ChatRules } from './chat-rules.js'
import type { DeviceInfo } from './device-list.js'
import type { Followed } from './follow.js'
import type { OmemoEvent } from './omemo-event.js'
import type { OmemoMessage } from './omemo-message.js'
import type { EncryptRequest, EncryptResult, OmemoSent, SendRequest } from './outgoing.js'
import type { OmemoOutcome } from './sessions/outcome.js'
import type { UserDecision } from './trust/key-identifier.js'

/** Where a message comes from, for {@link Omemo.receive}. */
export interface ReceiveOptions {
  /** The room it was said in, and who has said it according to the room; without a real address nobody can decrypt it. */
  readonly room?: { readonly jid: Jid | string; readonly from: Jid | undefined } | undefined
}

/** What `client.omemo` offers. */
export interface Omemo {
  /**
   * Encrypts a message for all devices of a contact, of the members of a room, or of somebody in a room (`room@…/nick`, as a
   * private message), and for our other ones, and sends it. What cannot read it is in the result: nobody is left out silently.
   *
   * @throws TypeError if the room does not tell whose account an occupant has
   * @throws OmemoError `untrusted`, `no-devices`, `opted-out`: then nothing was sent, and `cause` has the devices
   * @throws ConnectionError `stopped` if the client was closed
   */
  send(request: SendRequest): Promise<OmemoSent>
  /** The same without sending: the elements are for one message to this recipient, and are sent once or not at all. */
  encrypt(request: EncryptRequest): Promise<EncryptResult>
  /**
   * Calls the handler with each message that was decrypted. What it returns is awaited: until then the text is kept in the
   * store, and comes again after a crash.
   */
  onMessage(handler: (message: OmemoMessage) => Handled): Subscription
  /** Calls the handler with what has become of each encrypted message, whatever it is. */
  onOutcome(handler: (outcome: OmemoOutcome, message: InboundMessage) => Handled): Subscription
  /** Calls the handler with everything else that happens. */
  onEvent(handler: (event: OmemoEvent) => Handled): Subscription
  /**
   * Decrypts a message that did not come to the client itself, such as one of an archive; `undefined` if it is not
   * encrypted. See {@link follow} for what does that by itself.
   */
  receive(message: InboundMessage, options?: ReceiveOptions): Promise<OmemoOutcome | undefined>
  /** Takes copies, missed messages and rooms from the plugins of this client: `client.omemo.follow(client)`. */
  follow(sources: Followed): Subscription
  /** Makes this device if there is none, and announces it; resolves when others can write to it. */
  enable(): Promise<void>
  /** Takes this device out of the lists, and its bundles away (XEP-0384 §6). Keys and sessions stay. */
  disable(): Promise<void>
  /** This device. @throws OmemoError `no-devices` before {@link enable} */
  self(): Promise<DeviceInfo>
  /** This device as a URI, for a code that others scan (XEP-0384 §8). */
  uri(): Promise<string>
  /** The devices of an account, as far as they are known; asks for them if that was not done in this session. */
  devices(jid: Jid | string, options?: CallOptions): Promise<readonly DeviceInfo[]>
  /**
   * The user has decided about keys. Nothing else makes a key `trusted` or `authenticated` but trust messages (XEP-0450). Such a
   * key also takes the place of another one that a device was known by, if that was never trusted on purpose (`identity-conflict`).
   */
  decide(decisions: readonly UserDecision[]): Promise<void>
  /** Makes the next message to the devices of an account, or to one, begin another session (XEP-0384 §6). */
  resetSession(jid: Jid | string, deviceId?: number): Promise<void>
  /** Another signed prekey, now. */
  rotate(): Promise<void>
  /** What was sent while nobody was here comes now, in any order: until the end used prekeys are kept, and nothing is answered. */
  readonly catchUp: { begin(): void; end(): Promise<void> }
  /** Whether a chat is for encrypted messages only. */
  readonly chats: ChatRules
  /** Backups of who we are, without sessions and prekeys. */
  readonly backup: Backup
  /** Becomes another device with the same identity: when somebody else has our id, or all sessions are broken. */
  resetDevice(): Promise<void>
  /** Takes this device off the lists and forgets its identity for good; `enable()` makes another one. */
  destroyIdentity(): Promise<void>
}

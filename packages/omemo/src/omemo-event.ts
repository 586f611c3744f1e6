import type { TrustLevel } from './trust/trust-record.js'
import type { VersionName } from './wire/version.js'

/** A device of somebody. */
export interface DeviceAddress {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id. */
  readonly deviceId: number
}

/** What an application may want to know apart from messages. */
export type OmemoEvent =
  /** A device is announced that was not; nothing is sent to it before its key is trusted. */
  | (DeviceAddress & { readonly type: 'device-added' })
  /** A device is not announced any more. */
  | (DeviceAddress & { readonly type: 'device-inactive' })
  /** More devices were announced than are used of one account. */
  | { readonly type: 'too-many-devices'; readonly jid: string; readonly count: number }
  /** Nothing is decided about the key of a device, so it was left out. */
  | (DeviceAddress & { readonly type: 'trust-needed'; readonly identityKey: Uint8Array })
  /** A device has shown another identity key than before, which was refused. */
  | (DeviceAddress & { readonly type: 'identity-conflict'; readonly identityKey: Uint8Array })
  /** Something else is thought of a key than before; `by` says who has decided. */
  | {
      readonly type: 'trust-changed'
      readonly jid: string
      readonly identityKey: Uint8Array
      readonly level: TrustLevel
      readonly by: 'policy' | 'user' | 'trust-message'
    }
  /** A device with this key could not be told what the user has decided (XEP-0450 §5); it is when the user decides once more. */
  | { readonly type: 'trust-untold'; readonly jid: string; readonly identityKey: Uint8Array; readonly error: unknown }
  /** Two accounts have shown the same identity key; what one of them says may be the other's words. */
  | { readonly type: 'identity-shared'; readonly jid: string; readonly with: string }
  /** A device that spoke omemo:2, or was announced for it, is announced for 0.3 only (OMEMO S9). */
  | (DeviceAddress & { readonly type: 'downgrade'; readonly used: VersionName | undefined })
  /** A message could not be decrypted with any session, or there was none. */
  | (DeviceAddress & { readonly type: 'session-broken'; readonly version: VersionName })
  /** A new session took the place of a broken one. */
  | (DeviceAddress & { readonly type: 'healed'; readonly version: VersionName })
  /** A device has not answered for so long that nothing is sent to it any more. */
  | (DeviceAddress & { readonly type: 'device-stale'; readonly unanswered: number })
  /** Less prekeys are left than a bundle should have; others follow at once. */
  | { readonly type: 'prekeys-low'; readonly left: number }
  /** The server cannot keep what this version needs; it is not announced. */
  | { readonly type: 'server-unsuitable'; readonly version: VersionName; readonly error: unknown }
  /** This device is announced, and others can write to it. */
  | { readonly type: 'announced'; readonly version: VersionName }
  /** A message came without encryption in a chat that is for encrypted ones only, or went out so from another client (OMEMO S2). */
  | { readonly type: 'plaintext-received'; readonly jid: string; readonly id: string | undefined }
  /** A contact wants plain text from now on, by a device whose key may be used; nothing is sent to them until the user agrees (XEP-0384 §5.7). */
  | { readonly type: 'opt-out'; readonly jid: string; readonly reason: string | undefined }

/** Where events go. */
export type EmitOmemoEvent = (event: OmemoEvent) => void

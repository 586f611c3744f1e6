import type { PepNode } from '@couplet/pep'
import type { ElementDef, ReadResult, XmlElement } from '@couplet/stanza'
import type { Profile } from '../crypto/profile.js'

/** The two versions of the protocol: 0.3, and omemo:2 (XEP-0384 0.8 to 0.9.1). */
export type VersionName = 'legacy' | 'omemo2'

/** A device in a list, as somebody has published it. */
export interface ListedDevice {
  /** Its id. */
  readonly id: number
  /** What its user calls it; omemo:2 only, and nothing without a valid signature. */
  readonly label?: string | undefined
  /** The signature of the label. */
  readonly labelSignature?: Uint8Array | undefined
}

/** A published list. */
export interface DeviceListValue {
  /** Its entries, in order. */
  readonly devices: readonly ListedDevice[]
}

/** A public key with its id, as on the wire. */
export interface WireKey {
  /** What a key exchange names it by. */
  readonly id: number
  /** In the form of its version. */
  readonly publicKey: Uint8Array
}

/** A bundle as it is published, keys in the form of its version. */
export interface BundleValue {
  /** The signed prekey. */
  readonly signedPreKey: WireKey
  /** Its signature. */
  readonly signature: Uint8Array
  /** The identity key of the device. */
  readonly identityKey: Uint8Array
  /** The prekeys. */
  readonly preKeys: { readonly keys: readonly WireKey[] }
}

/** One device's share of a message. */
export interface DeviceKey {
  /** Whose device; a header of 0.3 does not say. */
  readonly jid: string | undefined
  /** Which device. */
  readonly rid: number
  /** Whether it holds a key exchange; of a received one the bytes say so. */
  readonly isKeyExchange: boolean
  /** A message of the ratchet. */
  readonly bytes: Uint8Array
}

/** An encrypted element of either version. */
export interface EncryptedParts {
  /** The device of the sender. */
  readonly sid: number
  /** The shares of the devices. */
  readonly keys: readonly DeviceKey[]
  /** The IV of the payload; 0.3 only. */
  readonly iv: Uint8Array | undefined
  /** The encrypted content; absent in an empty message. */
  readonly payload: Uint8Array | undefined
}

/** What is different between the versions outside of the ratchet: nodes and elements. */
export interface Version {
  /** Short name. */
  readonly name: VersionName
  /** The namespace of its elements. */
  readonly namespace: string
  /** Its ratchet. */
  readonly profile: Profile
  /** The node of device lists. */
  readonly devices: PepNode<DeviceListValue>
  /** Where the bundle of a device is. */
  bundle(deviceId: number): { readonly node: PepNode<BundleValue>; readonly itemId: string }
  /** Whether an item of the node of bundles is one of several, so that the node must hold them all. */
  readonly sharesBundleNode: boolean
  /** Its `<encrypted/>`, whatever it holds. */
  readonly encrypted: ElementDef<true>
  /** Writes an encrypted element. */
  build(parts: EncryptedParts): XmlElement
  /** Reads the encrypted element of a stanza; `undefined` if it has none. */
  read(stanza: XmlElement): ReadResult<EncryptedParts> | undefined
}

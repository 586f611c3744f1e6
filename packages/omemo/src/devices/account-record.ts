import { base64 } from '@couplet/stanza'
import type { KeyPair } from '../crypto/identity.js'
import type { RecordKind } from '../store/record-kind.js'

/** Who we are: the device, and its long-term key. */
export interface Account {
  /** The id of this device, the same in both versions. */
  readonly deviceId: number
  /** The private scalar of the identity. */
  readonly privateKey: Uint8Array
  /** The sign bit of its Ed25519 form; 1 only for imported ones. */
  readonly signBit: 0 | 1
  /** What the user calls this device. */
  readonly label: string | undefined
}

/** A prekey of ours with its private half. */
export interface OwnPreKey extends KeyPair {
  /** What others name it by; never used for another key. */
  readonly id: number
}

/** A signed prekey of ours. */
export interface OwnSignedPreKey extends OwnPreKey {
  /** When it was made, in milliseconds. */
  readonly createdAt: number
}

/** What key exchanges with us begin with. */
export interface OwnKeys {
  /** The current one first, and that of the period before (XEP-0384 §4.2). */
  readonly signedPreKeys: readonly OwnSignedPreKey[]
  /** Those that are offered. */
  readonly preKeys: readonly OwnPreKey[]
  /** Those that were used, and that others may have used as well: while catching up, and until a bundle without them is out. */
  readonly retained: readonly OwnPreKey[]
  /** The id of the next signed prekey. */
  readonly nextSignedPreKeyId: number
  /** The id of the next prekey. */
  readonly nextPreKeyId: number
  /** What was published last, by namespace: whether there is something to publish. */
  readonly published: Readonly<Record<string, number>>
  /** Counts the changes of what is offered. */
  readonly revision: number
}

type KeyJson = readonly [id: number, privateKey: string, publicKey: string]

interface OwnKeysJson extends Omit<OwnKeys, 'signedPreKeys' | 'preKeys' | 'retained'> {
  readonly signed: readonly (readonly [...KeyJson, createdAt: number])[]
  readonly keys: readonly KeyJson[]
  readonly kept: readonly KeyJson[]
}

const bytes = (text: string): Uint8Array => base64.decode(text) ?? new Uint8Array(0)
const keyJson = ({ id, privateKey, publicKey }: OwnPreKey): KeyJson => [
  id,
  base64.encode(privateKey),
  base64.encode(publicKey),
]
const keyOf = ([id, privateKey, publicKey]: KeyJson): OwnPreKey => ({
  id,
  privateKey: bytes(privateKey),
  publicKey: bytes(publicKey),
})

/** The record of who we are. */
export const accountKind: RecordKind<Account> = {
  name: 'account',
  version: 1,
  toJson: ({ privateKey, ...rest }) => ({ ...rest, key: base64.encode(privateKey) }),
  fromJson: ({ key, ...rest }: Omit<Account, 'privateKey'> & { readonly key: string }) => ({
    deviceId: rest.deviceId,
    privateKey: bytes(key),
    signBit: rest.signBit,
    label: rest.label,
  }),
}

/** The record of our prekeys. */
export const ownKeysKind: RecordKind<OwnKeys> = {
  name: 'keys',
  version: 1,
  toJson: ({ signedPreKeys, preKeys, retained, ...rest }): OwnKeysJson => ({
    ...rest,
    signed: signedPreKeys.map((key) => [...keyJson(key), key.createdAt]),
    keys: preKeys.map(keyJson),
    kept: retained.map(keyJson),
  }),
  fromJson: ({ signed, keys, kept, ...rest }: OwnKeysJson) => ({
    ...rest,
    signedPreKeys: signed.map(([id, privateKey, publicKey, createdAt]) => ({
      ...keyOf([id, privateKey, publicKey]),
      createdAt,
    })),
    preKeys: keys.map(keyOf),
    retained: kept.map(keyOf),
  }),
}

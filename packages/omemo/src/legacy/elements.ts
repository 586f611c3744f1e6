import { attr, base64, child, childText, type ElementDef, element, type Infer, optional, text } from '@couplet/stanza'
import { deviceId, keyId } from '../wire/ids.js'
import { hintAttr, readable } from '../wire/lenient.js'
import { limits } from '../wire/limits.js'

/** The namespace of OMEMO 0.3, as in XEP-0384 0.2 and 0.3. */
export const NS_OMEMO_LEGACY = 'eu.siacs.conversations.axolotl'
/** The node of the list of devices. */
export const LEGACY_DEVICES_NODE = `${NS_OMEMO_LEGACY}.devicelist`
/** What the node of a device's bundle begins with; its id follows. */
export const LEGACY_BUNDLES_NODE = `${NS_OMEMO_LEGACY}.bundles:`

/** The devices of an account (XEP-0384 0.3 §4.3). Entries that cannot be read are left out. */
export const LegacyDevices = element(NS_OMEMO_LEGACY, 'list', {
  devices: readable(element(NS_OMEMO_LEGACY, 'device', { id: attr('id', deviceId) }), limits.devices),
})
/** The value of the definition of the same name. */
export type LegacyDevices = Infer<typeof LegacyDevices>

const PreKey = element(NS_OMEMO_LEGACY, 'preKeyPublic', { id: attr('preKeyId', keyId), publicKey: text(base64) })

/** What a session with a device begins with (XEP-0384 0.3 §4.4). Prekeys that cannot be read are left out. */
export const LegacyBundle = element(NS_OMEMO_LEGACY, 'bundle', {
  signedPreKey: child(
    element(NS_OMEMO_LEGACY, 'signedPreKeyPublic', { id: attr('signedPreKeyId', keyId), publicKey: text(base64) }),
  ),
  signature: childText('signedPreKeySignature', base64),
  identityKey: childText('identityKey', base64),
  preKeys: child(element(NS_OMEMO_LEGACY, 'prekeys', { keys: readable(PreKey, limits.preKeys) })),
})
/** The value of the definition of the same name. */
export type LegacyBundle = Infer<typeof LegacyBundle>

/** The share of one device; whose it is does not say. */
const Key = element(NS_OMEMO_LEGACY, 'key', {
  rid: attr('rid', deviceId),
  /** Nothing to rely on: the bytes say what they are. */
  kex: hintAttr('prekey'),
  bytes: text(base64),
})

const Header: ElementDef<{
  readonly sid: number
  readonly keys: readonly Infer<typeof Key>[]
  readonly iv?: Uint8Array | undefined
}> = element(NS_OMEMO_LEGACY, 'header', {
  sid: attr('sid', deviceId),
  keys: readable(Key, limits.keys),
  iv: optional(childText('iv', base64)),
})

/** An encrypted message, or without payload an empty one (XEP-0384 0.3 §4.6). Keys that cannot be read are left out. */
export const LegacyEncrypted = element(NS_OMEMO_LEGACY, 'encrypted', {
  header: child(Header),
  payload: optional(childText('payload', base64)),
})
/** The value of the definition of the same name. */
export type LegacyEncrypted = Infer<typeof LegacyEncrypted>

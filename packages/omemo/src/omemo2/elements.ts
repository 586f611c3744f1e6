import { attr, base64, child, childText, element, type Infer, jid, optional, text } from '@couplet/stanza'
import { deviceId, keyId } from '../wire/ids.js'
import { hintAttr, readable, readableAttr } from '../wire/lenient.js'
import { limits } from '../wire/limits.js'

/** The namespace of OMEMO since XEP-0384 0.8. */
export const NS_OMEMO = 'urn:xmpp:omemo:2'
/** The node of the list of devices. */
export const OMEMO_DEVICES_NODE = `${NS_OMEMO}:devices`
/** The node of the bundles of all devices of an account: their ids are those of the items. */
export const OMEMO_BUNDLES_NODE = `${NS_OMEMO}:bundles`

const Device = element(NS_OMEMO, 'device', {
  id: attr('id', deviceId),
  /** What its user calls it; nothing without a valid signature (XEP-0384 §5.3.1). */
  label: readableAttr('label', { expects: 'text', decode: (value) => value, encode: (value: string) => value }),
  /** The signature of the label's bytes by the identity key of the device. */
  labelSignature: readableAttr('labelsig', base64),
})

/** The devices of an account (XEP-0384 §5.3.1). Entries that cannot be read are left out. */
export const Devices = element(NS_OMEMO, 'devices', { devices: readable(Device, limits.devices) })
/** The value of the definition of the same name. */
export type Devices = Infer<typeof Devices>

const PreKey = element(NS_OMEMO, 'pk', { id: attr('id', keyId), publicKey: text(base64) })

/** What a session with a device begins with (XEP-0384 §5.3.2). Prekeys that cannot be read are left out. */
export const Bundle = element(NS_OMEMO, 'bundle', {
  signedPreKey: child(element(NS_OMEMO, 'spk', { id: attr('id', keyId), publicKey: text(base64) })),
  signature: childText('spks', base64),
  identityKey: childText('ik', base64),
  preKeys: child(element(NS_OMEMO, 'prekeys', { keys: readable(PreKey, limits.preKeys) })),
})
/** The value of the definition of the same name. */
export type Bundle = Infer<typeof Bundle>

/** The share of one device. */
const Key = element(NS_OMEMO, 'key', {
  rid: attr('rid', deviceId),
  /** Nothing to rely on: the bytes say what they are. */
  kex: hintAttr('kex'),
  bytes: text(base64),
})

/** The shares of the devices of an account. */
const Keys = element(NS_OMEMO, 'keys', { jid: attr('jid', jid), keys: readable(Key, limits.keys) })

const Header = element(NS_OMEMO, 'header', {
  sid: attr('sid', deviceId),
  recipients: readable(Keys, limits.recipients),
})

/** An encrypted message, or without payload an empty one (XEP-0384 §5.5). Keys that cannot be read are left out. */
export const Encrypted = element(NS_OMEMO, 'encrypted', {
  header: child(Header),
  payload: optional(childText('payload', base64)),
})
/** The value of the definition of the same name. */
export type Encrypted = Infer<typeof Encrypted>

/** Says inside an envelope that the sender would rather have plain text from now on (XEP-0384 §5.7). */
export const OptOut = element(NS_OMEMO, 'opt-out', { reason: optional(childText('reason')) })
/** The value of the definition of the same name. */
export type OptOut = Infer<typeof OptOut>

import { concatBytes, utf8Bytes } from '../crypto/bytes.js'
import { checkCurveKey, ed25519FromCurve } from '../crypto/identity.js'
import { signWithIdentity } from '../crypto/identity-signature.js'
import type { Profile, RatchetMessage } from '../crypto/profile.js'
import { type ProtobufSchema, ProtobufWriter, readProtobuf } from '../crypto/protobuf.js'
import { verifySignature } from '../crypto/xeddsa.js'
import { OmemoError } from '../omemo-error.js'
import { NS_OMEMO_LEGACY } from './elements.js'

/** Version 3 of the protocol, twice: of this message, and the highest that the sender knows. */
const version = 0x33
const keyType = 0x05
const macLength = 8

const messageFields: ProtobufSchema = { 1: 'bytes', 2: 'uint32', 3: 'uint32', 4: 'bytes' }
const exchangeFields: ProtobufSchema = { 1: 'uint32', 2: 'bytes', 3: 'bytes', 4: 'bytes', 5: 'uint32', 6: 'uint32' }

/** 0x05 and the key: 33 bytes (XEP-0384 0.3.0 §4.2). */
function encodeKey(publicKey: Uint8Array): Uint8Array {
  const wire = new Uint8Array(33)
  wire[0] = keyType
  wire.set(publicKey, 1)
  return wire
}

function decodeKey(wire: Uint8Array): Uint8Array {
  if (wire.length !== 33 || wire[0] !== keyType) throw new OmemoError('malformed')
  return wire.slice(1)
}

function parseRatchetMessage(bytes: Uint8Array): RatchetMessage {
  if (bytes[0] !== version || bytes.length <= macLength) throw new OmemoError('malformed')
  const authenticated = bytes.slice(0, -macLength)
  const fields = readProtobuf(authenticated.subarray(1), messageFields)
  return {
    kind: 'message',
    ratchetKey: decodeKey(fields.bytes(1)),
    n: fields.uint32(2),
    pn: fields.uint32(3),
    ciphertext: fields.bytes(4),
    authenticated,
    mac: bytes.slice(-macLength),
  }
}

/** OMEMO 0.3, on the wire as libsignal's protocol version 3 (XEP-0384 0.3.0). */
export const legacyProfile: Profile = {
  name: 'legacy',
  namespace: NS_OMEMO_LEGACY,
  agreementInfo: utf8Bytes('WhisperText'),
  rootInfo: utf8Bytes('WhisperRatchet'),
  messageInfo: utf8Bytes('WhisperMessageKeys'),
  macLength,
  encodeKey,
  decodeKey,
  encodeIdentity: (identity) => encodeKey(identity.publicKey),
  decodeIdentity: (backend, wire) => {
    const curve25519 = decodeKey(wire)
    checkCurveKey(backend, curve25519)
    return { wire: wire.slice(), curve25519 }
  },
  sign: (backend, identity, message) => {
    const signature = signWithIdentity(backend, identity, message)
    signature[63] = (signature[63] as number) | ((identity.ed25519[31] as number) & 0x80)
    return signature
  },
  verify: (backend, identity, message, signature) => {
    if (signature.length !== 64) return false
    const plain = signature.slice()
    const last = signature[63] as number
    plain[63] = last & 0x7f
    return verifySignature(backend, ed25519FromCurve(identity.curve25519, last > 0x7f ? 1 : 0), message, plain)
  },
  associatedData: (sender, receiver) => concatBytes(sender, receiver),
  encodeMessage: (header, ciphertext) =>
    new ProtobufWriter(33 + ciphertext.length, version)
      .bytes(1, encodeKey(header.ratchetKey))
      .uint32(2, header.n)
      .uint32(3, header.pn)
      .bytes(4, ciphertext)
      .finish(),
  seal: (authenticated, mac) => concatBytes(authenticated, mac),
  encodeExchange: (header, identityKey, sealed) => {
    const writer = new ProtobufWriter(66 + sealed.length, version)
      .uint32(1, header.preKeyId)
      .bytes(2, encodeKey(header.ephemeralKey))
      .bytes(3, identityKey)
      .bytes(4, sealed)
    if (header.registrationId !== undefined) writer.uint32(5, header.registrationId)
    return writer.uint32(6, header.signedPreKeyId).finish()
  },
  parse: (bytes) => {
    if (bytes[0] !== version) throw new OmemoError('malformed')
    if (bytes[1] === 0x0a) return parseRatchetMessage(bytes)
    const fields = readProtobuf(bytes.subarray(1), exchangeFields)
    return {
      kind: 'key-exchange',
      preKeyId: fields.uint32(1),
      ephemeralKey: decodeKey(fields.bytes(2)),
      identityKey: fields.bytes(3).slice(),
      message: parseRatchetMessage(fields.bytes(4)),
      registrationId: fields.has(5) ? fields.uint32(5) : undefined,
      signedPreKeyId: fields.uint32(6),
    }
  },
}

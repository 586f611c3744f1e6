import { concatBytes, empty, utf8Bytes } from '../crypto/bytes.js'
import { checkCurveKey, curveFromEd25519 } from '../crypto/identity.js'
import { signWithIdentity } from '../crypto/identity-signature.js'
import type { Profile, RatchetMessage } from '../crypto/profile.js'
import { type ProtobufSchema, ProtobufWriter, readProtobuf } from '../crypto/protobuf.js'
import { verifySignature } from '../crypto/xeddsa.js'
import { OmemoError } from '../omemo-error.js'
import { NS_OMEMO } from './elements.js'

const macLength = 16

const messageFields: ProtobufSchema = { 1: 'uint32', 2: 'uint32', 3: 'bytes', 4: 'bytes' }
const sealedFields: ProtobufSchema = { 1: 'bytes', 2: 'bytes' }
const exchangeFields: ProtobufSchema = { 1: 'uint32', 2: 'uint32', 3: 'bytes', 4: 'bytes', 5: 'bytes' }

function decodeKey(wire: Uint8Array): Uint8Array {
  if (wire.length !== 32) throw new OmemoError('malformed')
  return wire.slice()
}

/** OMEMOAuthenticatedMessage and the OMEMOMessage in it. */
function parseRatchetMessage(bytes: Uint8Array): RatchetMessage {
  const sealed = readProtobuf(bytes, sealedFields)
  const mac = sealed.bytes(1).slice()
  if (mac.length !== macLength) throw new OmemoError('malformed')
  const authenticated = sealed.bytes(2).slice()
  const fields = readProtobuf(authenticated, messageFields)
  return {
    kind: 'message',
    n: fields.uint32(1),
    pn: fields.uint32(2),
    ratchetKey: decodeKey(fields.bytes(3)),
    ciphertext: fields.optionalBytes(4) ?? empty,
    authenticated,
    mac,
  }
}

/** omemo:2, the same from 0.8 to 0.9.1 (XEP-0384 §4). */
export const omemo2Profile: Profile = {
  name: 'omemo2',
  namespace: NS_OMEMO,
  agreementInfo: utf8Bytes('OMEMO X3DH'),
  rootInfo: utf8Bytes('OMEMO Root Chain'),
  messageInfo: utf8Bytes('OMEMO Message Key Material'),
  macLength,
  encodeKey: (publicKey) => publicKey,
  decodeKey,
  encodeIdentity: (identity) => identity.ed25519,
  decodeIdentity: (backend, wire) => {
    const curve25519 = curveFromEd25519(decodeKey(wire))
    checkCurveKey(backend, curve25519)
    return { wire: wire.slice(), curve25519 }
  },
  sign: signWithIdentity,
  verify: (backend, identity, message, signature) => verifySignature(backend, identity.wire, message, signature),
  associatedData: (sender, receiver, senderIsInitiator) =>
    senderIsInitiator ? concatBytes(sender, receiver) : concatBytes(receiver, sender),
  encodeMessage: (header, ciphertext) =>
    new ProtobufWriter(32 + ciphertext.length)
      .uint32(1, header.n)
      .uint32(2, header.pn)
      .bytes(3, header.ratchetKey)
      .bytes(4, ciphertext)
      .finish(),
  seal: (authenticated, mac) =>
    new ProtobufWriter(mac.length + authenticated.length).bytes(1, mac).bytes(2, authenticated).finish(),
  encodeExchange: (header, identityKey, sealed) =>
    new ProtobufWriter(64 + sealed.length)
      .uint32(1, header.preKeyId)
      .uint32(2, header.signedPreKeyId)
      .bytes(3, identityKey)
      .bytes(4, header.ephemeralKey)
      .bytes(5, sealed)
      .finish(),
  parse: (bytes) => {
    if (bytes[0] === 0x0a) return parseRatchetMessage(bytes)
    if (bytes[0] !== 0x08) throw new OmemoError('malformed')
    const fields = readProtobuf(bytes, exchangeFields)
    return {
      kind: 'key-exchange',
      preKeyId: fields.uint32(1),
      signedPreKeyId: fields.uint32(2),
      identityKey: fields.bytes(3).slice(),
      ephemeralKey: decodeKey(fields.bytes(4)),
      message: parseRatchetMessage(fields.bytes(5)),
    }
  },
}

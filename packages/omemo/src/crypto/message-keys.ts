import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { equalBytes, wipe } from './bytes.js'
import type { MessageHeader, Profile, RatchetMessage } from './profile.js'
import type { Session } from './session.js'

const messageConstant = Uint8Array.of(1)
const chainConstant = Uint8Array.of(2)

/** One step of a message chain: the key of this message, and the chain key of the next one (XEP-0384 §4.3). */
export function chainStep(
  backend: CryptoBackend,
  chainKey: Uint8Array,
): { messageKey: Uint8Array; chainKey: Uint8Array } {
  return {
    messageKey: backend.hmacSha256(chainKey, messageConstant),
    chainKey: backend.hmacSha256(chainKey, chainConstant),
  }
}

/** 32 bytes to encrypt with, 32 for the MAC, 16 of initialisation vector. */
const keyLength = 80

function macOf(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  isOurs: boolean,
  key: Uint8Array,
  authenticated: Uint8Array,
): Uint8Array {
  const { ownIdentity, remoteIdentity, initiator } = session
  const data = isOurs
    ? profile.associatedData(ownIdentity, remoteIdentity, initiator)
    : profile.associatedData(remoteIdentity, ownIdentity, !initiator)
  return backend.hmacSha256(key, data, authenticated).slice(0, profile.macLength)
}

/** Encrypts and authenticates one message with its message key. */
export function sealMessage(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  header: MessageHeader,
  messageKey: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const keys = backend.hkdfSha256(undefined, messageKey, profile.messageInfo, keyLength)
  const ciphertext = backend.aesCbcEncrypt(keys.subarray(0, 32), keys.subarray(64), plaintext)
  const authenticated = profile.encodeMessage(header, ciphertext)
  const mac = macOf(backend, profile, session, true, keys.subarray(32, 64), authenticated)
  wipe(keys)
  return profile.seal(authenticated, mac)
}

/** The plaintext of a message. MAC first; whatever is wrong is the same `bad-mac` (OMEMO S17). */
export function openMessage(
  backend: CryptoBackend,
  profile: Profile,
  session: Session,
  message: RatchetMessage,
  messageKey: Uint8Array,
): Uint8Array {
  const keys = backend.hkdfSha256(undefined, messageKey, profile.messageInfo, keyLength)
  try {
    const mac = macOf(backend, profile, session, false, keys.subarray(32, 64), message.authenticated)
    const plaintext = equalBytes(mac, message.mac)
      ? backend.aesCbcDecrypt(keys.subarray(0, 32), keys.subarray(64), message.ciphertext)
      : undefined
    if (!plaintext) throw new OmemoError('bad-mac')
    return plaintext
  } finally {
    wipe(keys)
  }
}

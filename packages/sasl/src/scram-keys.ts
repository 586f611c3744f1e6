import { type CryptoBackend, loadBackend, type ScramHash } from './crypto-backend.js'
import { utf8 } from './encoding.js'
import { saslprep } from './saslprep.js'

/** What a password becomes (RFC 5802 §3). A server stores `storedKey` and `serverKey`; a client proves `clientKey`. */
export interface ScramKeys {
  /** What the client proves to have. */
  readonly clientKey: Uint8Array
  /** Its hash, by which the server checks the proof. */
  readonly storedKey: Uint8Array
  /** What the server proves to have. */
  readonly serverKey: Uint8Array
}

/** Derives through a given backend; wipes everything between the password and the keys. */
export async function deriveKeys(
  backend: CryptoBackend,
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramKeys> {
  const bytes = utf8(await saslprep(password, 'the password', `SCRAM-${hash}`, true))
  const salted = await backend.pbkdf2(hash, bytes, salt, iterations)
  bytes.fill(0)
  const clientKey = await backend.hmac(hash, salted, utf8('Client Key'))
  const serverKey = await backend.hmac(hash, salted, utf8('Server Key'))
  salted.fill(0)
  return { clientKey, serverKey, storedKey: await backend.digest(hash, clientKey) }
}

/**
 * SCRAM's key derivation (RFC 5802 §3), for servers and for tests; the password goes through SASLprep.
 * @throws SaslError `malformed` for a password SASLprep forbids.
 */
export async function scramKeys(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramKeys> {
  return deriveKeys(await loadBackend(), hash, password, salt, iterations)
}

/** HMAC with one of SCRAM's hashes (RFC 5802 §2.2). */
export async function scramHmac(hash: ScramHash, key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  return (await loadBackend()).hmac(hash, key, data)
}

/** H of RFC 5802 §2.2: a server checks a proof by `scramDigest(hash, clientKey)` against `storedKey`. */
export async function scramDigest(hash: ScramHash, data: Uint8Array): Promise<Uint8Array> {
  return (await loadBackend()).digest(hash, data)
}

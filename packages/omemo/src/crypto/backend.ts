/**
 * What the ratchet needs of a platform. All calls are synchronous: WebCrypto costs more per call than the ratchet's small
 * steps themselves. Both implementations give the same bytes; `#backend` in package.json chooses the default.
 */
export interface CryptoBackend {
  /** For logs: `noble` or `platform`. */
  readonly name: string
  /** Bytes of the platform's CSPRNG. */
  randomBytes(length: number): Uint8Array
  /** The u-coordinate of a private scalar, which is clamped (RFC 7748 §5). */
  x25519PublicKey(privateKey: Uint8Array): Uint8Array
  /** The shared secret (RFC 7748 §6.1). Throws `OmemoError` `bad-key` when it is all zero. */
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array
  /** Whether `R = [S]B - [h]A` byte for byte (RFC 8032 §5.1.7, cofactorless). The caller has checked lengths, S and A. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** HMAC-SHA256 of two parts in a row (RFC 2104). */
  hmacSha256(key: Uint8Array, first: Uint8Array, second?: Uint8Array): Uint8Array
  /** HKDF-SHA256; no salt means 32 zero bytes (RFC 5869 §2.2). */
  hkdfSha256(salt: Uint8Array | undefined, secret: Uint8Array, info: Uint8Array, length: number): Uint8Array
  /** AES-CBC with PKCS#7 padding. */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** The plaintext, or undefined when length or padding are wrong. */
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined
  /** AES-GCM; the result ends with the tag of 16 bytes. */
  aesGcmEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** The plaintext, or undefined when the tag is wrong. */
  aesGcmDecrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from './crypto-backend.js'

const HASHES = { 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-512': sha512 }

/** Pure JavaScript, only ever imported dynamically; PBKDF2 yields to the event loop every 10 ms. */
export const nobleBackend: CryptoBackend = {
  digest: async (hash, data) => HASHES[hash](data),
  hmac: async (hash, key, data) => hmac(HASHES[hash], key, data),
  pbkdf2: (hash, password, salt, iterations) =>
    pbkdf2Async(HASHES[hash], password, salt, { c: iterations, dkLen: HASHES[hash].outputLen, asyncTick: 10 }),
}

import type { Hash } from './elements.js'
import { type HashAlgorithm, isHashAlgorithm, strongestHash } from './hash-algorithm.js'

/**
 * Computes a hash with the platform's Web Crypto, which browsers offer to pages from https: and localhost only.
 *
 * @throws RangeError (as a rejection) for a function that cannot be computed here, or must not be, such as `sha-1`
 */
export async function computeHash(algorithm: HashAlgorithm, data: Uint8Array | ArrayBuffer): Promise<Hash> {
  // Also for JavaScript, where any string may come from the wire. Web Crypto would compute SHA-1.
  if (!isHashAlgorithm(algorithm)) throw new RangeError(`no hash function of ours: ${JSON.stringify(algorithm)}`)
  const digest = await crypto.subtle.digest(algorithm.toUpperCase(), data as BufferSource)
  return { algo: algorithm, value: new Uint8Array(digest) }
}

/**
 * Whether the data has this hash; of several, the strongest that can be computed here decides (XEP-0414 §3). `false` also
 * if there is none of those: a hash that proves nothing is no proof. Two that disagree never match.
 */
export async function verifyHash(hash: Hash | readonly Hash[], data: Uint8Array | ArrayBuffer): Promise<boolean> {
  const hashes = 'algo' in hash ? [hash] : hash
  const algorithm = strongestHash(hashes.map(({ algo }) => algo))
  if (algorithm === undefined) return false
  const { value: expected } = await computeHash(algorithm, data)
  return hashes.every(({ algo, value }) => algo !== algorithm || isEqual(value, expected))
}

/** Hashes are public, so the time this takes tells nothing. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i])
}

import { type Hash, type HashAlgorithm, strongestHash } from '@couplet/hashes'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { OmemoError } from '../omemo-error.js'
import { NS_AES_128_GCM, NS_AES_256_CBC, NS_AES_256_GCM } from './elements.js'
import type { SecretBytes } from './secret-bytes.js'

/** How a file is encrypted, and how to tell that it is the right one. */
export interface FileSecret {
  /** The cipher. */
  readonly cipher: FileCipher
  /** The key. Hides itself from logs. */
  readonly key: SecretBytes
  /** The initialization vector. */
  readonly iv: Uint8Array
  /** What the sender says of the file before it was encrypted (XEP-0448). Without it the tag at its end decides (XEP-0454). */
  readonly plaintext?: { readonly size: number; readonly hash: Hash & { readonly algo: HashAlgorithm } }
}

/** The ciphers that can be read; what is sent is `aes-256-gcm`. */
export type FileCipher = 'aes-128-gcm' | 'aes-256-gcm' | 'aes-256-cbc'

interface Parameters {
  readonly namespace: string
  readonly keyLength: number
  readonly ivLengths: readonly number[]
}

const parameters: Readonly<Record<FileCipher, Parameters>> = {
  'aes-128-gcm': { namespace: NS_AES_128_GCM, keyLength: 16, ivLengths: [12, 16] },
  'aes-256-gcm': { namespace: NS_AES_256_GCM, keyLength: 32, ivLengths: [12, 16] },
  'aes-256-cbc': { namespace: NS_AES_256_CBC, keyLength: 32, ivLengths: [16] },
}

/** The cipher of a namespace (XEP-0448 §4); `undefined` if it cannot be read. */
export function cipherOf(namespace: string): FileCipher | undefined {
  const names = Object.keys(parameters) as FileCipher[]
  return names.find((name) => parameters[name].namespace === namespace)
}

/** Whether key and vector have the lengths that the cipher wants. */
export function fitsCipher({ cipher, key, iv }: Pick<FileSecret, 'cipher' | 'key' | 'iv'>): boolean {
  const { keyLength, ivLengths } = parameters[cipher]
  return key.length === keyLength && ivLengths.includes(iv.length)
}

const hashFunctions = { 'sha-256': sha256, 'sha-384': sha384, 'sha-512': sha512 } as const

/** A hash function that takes one piece after the other, which Web Crypto has none of. */
export const startHash = (algorithm: HashAlgorithm): ReturnType<typeof sha256.create> =>
  hashFunctions[algorithm].create() as ReturnType<typeof sha256.create>

/**
 * The hash that decides (XEP-0414 §3): the strongest that can be computed here.
 *
 * @throws OmemoError `bad-file` if there is none, or two that contradict each other
 */
export function decidingHash(hashes: readonly Hash[]): Hash & { readonly algo: HashAlgorithm } {
  const algo = strongestHash(hashes.map((hash) => hash.algo))
  if (algo === undefined) throw new OmemoError('bad-file')
  const [first, ...others] = hashes.filter((hash) => hash.algo === algo).map(({ value }) => value)
  const same = (value: Uint8Array): boolean => equal(value, first as Uint8Array)
  if (first?.length !== hashFunctions[algo].outputLen || !others.every(same)) throw new OmemoError('bad-file')
  return { algo, value: first }
}

/** @internal Without hints in the time it takes. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length
  for (const [i, byte] of left.entries()) difference |= byte ^ (right[i] ?? 0)
  return difference === 0
}

import { NS_HASH_FUNCTION, NS_HASHES } from './elements.js'

/** The hash functions that can be computed here, by their names on the wire. */
export type HashAlgorithm = 'sha-256' | 'sha-384' | 'sha-512'

/** The hash functions that can be computed here, the strongest first. */
export const hashAlgorithms: readonly HashAlgorithm[] = ['sha-512', 'sha-384', 'sha-256']

/** Whether a hash function can be computed here. MD5 and SHA-1 cannot (XEP-0414 §5). */
export function isHashAlgorithm(name: string): name is HashAlgorithm {
  return hashAlgorithms.some((known) => known === name)
}

/** The strongest of some hash functions (XEP-0414 §3); `undefined` if none can be computed here. */
export function strongestHash(names: readonly string[]): HashAlgorithm | undefined {
  return hashAlgorithms.find((known) => names.includes(known))
}

/** What to announce in service discovery: the protocol, and each hash function (XEP-0300 §5). */
export function hashFeatures(): string[] {
  return [NS_HASHES, ...hashAlgorithms.map((name) => NS_HASH_FUNCTION + name)]
}

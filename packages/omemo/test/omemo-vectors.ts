import { readFileSync } from 'node:fs'
import type { CryptoBackend } from '../src/crypto/backend.js'
import { nobleBackend } from '../src/crypto/backend-noble.js'
import { platformBackend } from '../src/crypto/backend-node.js'
import type { Profile } from '../src/crypto/profile.js'
import { legacyProfile } from '../src/legacy/profile.js'
import { omemo2Profile } from '../src/omemo2/profile.js'

/** One file of test-vectors/omemo; the tests name what they read of it. */
export function vectors<T>(name: 'misc' | 'peers' | 'ratchet' | 'x3dh' | 'xeddsa'): T {
  return JSON.parse(readFileSync(new URL(`../../../test-vectors/omemo/${name}.json`, import.meta.url), 'utf8')) as T
}

/** Bytes of lower-case hex. */
export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

/** Lower-case hex of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Every vector goes through both. */
export const backends: readonly CryptoBackend[] = [nobleBackend, platformBackend]

/** The version with this namespace. */
export function profileOf(namespace: string): Profile {
  const profile = [legacyProfile, omemo2Profile].find((candidate) => candidate.namespace === namespace)
  if (!profile) throw new Error(`no version ${namespace}`)
  return profile
}

/** The backend with recorded randomness, in the order in which it was drawn; `drawn` says what is left. */
export function scripted(backend: CryptoBackend, draws: readonly string[]): CryptoBackend & { left(): number } {
  const queue = draws.map(unhex)
  return {
    ...backend,
    left: () => queue.length,
    randomBytes: (length) => {
      const next = queue.shift()
      if (next?.length !== length) throw new Error(`${length} random bytes wanted, ${next?.length} recorded`)
      return next
    },
  }
}

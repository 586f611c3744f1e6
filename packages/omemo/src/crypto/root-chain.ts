import type { CryptoBackend } from './backend.js'
import { wipe } from './bytes.js'
import type { Profile } from './profile.js'

/** One step of the root chain: the next root key, and the first key of the chain that begins (XEP-0384 §4.3). */
export function rootStep(
  backend: CryptoBackend,
  profile: Profile,
  rootKey: Uint8Array,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
): { rootKey: Uint8Array; chainKey: Uint8Array } {
  const secret = backend.x25519(privateKey, publicKey)
  const output = backend.hkdfSha256(rootKey, secret, profile.rootInfo, 64)
  const step = { rootKey: output.slice(0, 32), chainKey: output.slice(32) }
  wipe(secret, output)
  return step
}

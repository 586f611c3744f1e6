import type { CryptoBackend } from './backend.js'
import { wipe } from './bytes.js'
import type { IdentityKeyPair } from './identity.js'
import { signingScalar, xeddsaSign } from './xeddsa.js'

/** A signature that is valid for the Ed25519 form of the identity, whatever its sign bit (XEdDSA §4). */
export function signWithIdentity(backend: CryptoBackend, identity: IdentityKeyPair, message: Uint8Array): Uint8Array {
  const scalar = signingScalar(identity.privateKey, (identity.ed25519[31] as number) > 0x7f ? 1 : 0)
  const random = backend.randomBytes(64)
  const signature = xeddsaSign(scalar, identity.ed25519, message, random)
  wipe(scalar, random)
  return signature
}

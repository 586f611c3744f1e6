import { bundleSources } from '../bundle-sources.mjs'

const contents = `
export { nobleBackend } from './packages/omemo/src/crypto/backend-noble.ts'
export { platformBackend } from './packages/omemo/src/crypto/backend-node.ts'
export { generateIdentity, generateKeyPair } from './packages/omemo/src/crypto/identity.ts'
export { parseMessage, sign } from './packages/omemo/src/crypto/profile.ts'
export { decrypt, encrypt } from './packages/omemo/src/crypto/ratchet.ts'
export { encodeSession } from './packages/omemo/src/crypto/session-encoding.ts'
export { initiate, respond, verifyBundle } from './packages/omemo/src/crypto/x3dh.ts'
export { legacyProfile } from './packages/omemo/src/legacy/profile.ts'
`

/** Bundles the cryptography of the OMEMO package from its sources; returns the file to import, alone in its folder. */
export const buildCrypto = () => bundleSources('ratchet', contents)

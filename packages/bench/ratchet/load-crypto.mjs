import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { repositoryRoot } from '../../workspace/workspace.mjs'

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

const sources = {
  name: 'workspace-sources',
  setup(run) {
    run.onResolve({ filter: /^@couplet\/[a-z-]+$/ }, ({ path }) => ({
      path: join(repositoryRoot, 'packages', path.slice('@couplet/'.length), 'src/index.ts'),
    }))
  },
}

/** Bundles the cryptography of the OMEMO package from its sources; returns the file to import. */
export async function buildCrypto() {
  const cache = join(repositoryRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const outfile = join(cache, `ratchet-${process.pid}.mjs`)
  await build({
    stdin: { contents, resolveDir: repositoryRoot, loader: 'ts' },
    plugins: [sources],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    outfile,
  })
  return outfile
}

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { loadPackages, repositoryRoot } from '../../workspace/workspace.mjs'

/** `@couplet/x` is the source of x: what is fuzzed is what is in the editor, built or not. */
const workspaceSources = {
  name: 'workspace-sources',
  setup(run) {
    run.onResolve({ filter: /^@couplet\/[a-z-]+$/ }, ({ path }) => ({
      path: join(repositoryRoot, 'packages', path.slice('@couplet/'.length), 'src/index.ts'),
    }))
  },
}

/** The stanza package, OMEMO's cryptography and the element definitions of all packages: `{ stanza, omemo, definitions: { mam: {…}, … } }`. */
export async function loadSources() {
  const packages = loadPackages().filter((pkg) => existsSync(join(pkg.directory, 'src/elements.ts')) && pkg.publishable)
  const names = packages.map((pkg, i) => `${JSON.stringify(pkg.folder)}: p${i}`).join(', ')
  const imports = packages.map((pkg, i) => `import * as p${i} from './packages/${pkg.folder}/src/elements.ts'`)
  const contents = `${imports.join('\n')}
import * as index from './packages/stanza/src/index.ts'
import * as agreement from './packages/omemo/src/crypto/x3dh.ts'
import * as identity from './packages/omemo/src/crypto/identity.ts'
import * as ratchet from './packages/omemo/src/crypto/ratchet.ts'
import * as records from './packages/omemo/src/crypto/session-encoding.ts'
import { platformBackend } from './packages/omemo/src/crypto/backend-node.ts'
import { parseMessage, sign } from './packages/omemo/src/crypto/profile.ts'
import { legacyProfile } from './packages/omemo/src/legacy/profile.ts'
import { omemo2Profile } from './packages/omemo/src/omemo2/profile.ts'
import { StreamParser } from './packages/stanza/src/xml/stream-parser.ts'
export const omemo = {
  ...ratchet, ...agreement, ...identity, ...records, parseMessage, sign, platformBackend, legacyProfile, omemo2Profile,
  messageOf: (parsed) => (parsed.kind === 'key-exchange' ? parsed.message : parsed),
}
export const stanza = { ...index, StreamParser }
export const definitions = { ${names} }`
  return await bundled(contents)
}

/** The modules that this text imports and exports, from their sources. */
async function bundled(contents) {
  const cache = join(repositoryRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'fuzz-'))
  try {
    const outfile = join(folder, 'sources.mjs')
    await build({
      stdin: { contents, resolveDir: repositoryRoot, loader: 'ts' },
      plugins: [workspaceSources],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'error',
      outfile,
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

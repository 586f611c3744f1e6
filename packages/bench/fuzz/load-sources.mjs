import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadPackages } from '../../workspace/workspace.mjs'
import { bundleSources } from '../bundle-sources.mjs'

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
  const outfile = await bundleSources('fuzz', contents)
  try {
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(dirname(outfile), { recursive: true, force: true })
  }
}

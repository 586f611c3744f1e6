import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadPackages, sourceFiles } from '../../workspace/workspace.mjs'
import { bundleSources } from '../bundle-sources.mjs'

/** The files with what is on the wire, of all packages, from the root. */
function elementFiles() {
  const packages = loadPackages().filter(({ publishable }) => publishable)
  const files = packages.flatMap((pkg) => sourceFiles(pkg).map((file) => `${pkg.path}/${file}`))
  return files.filter((file) => file.endsWith('/elements.ts'))
}

/** The stanza package, OMEMO's cryptography and the element definitions of all packages: `{ stanza, omemo, definitions: { FILE: {…}, … } }`. */
export async function loadSources() {
  const files = elementFiles()
  const names = files.map((file, i) => `${JSON.stringify(file)}: p${i}`).join(', ')
  const imports = files.map((file, i) => `import * as p${i} from './${file}'`)
  const contents = `${imports.join('\n')}
import * as index from './packages/stanza/src/index.ts'
import * as agreement from './packages/omemo/src/crypto/x3dh.ts'
import * as identity from './packages/omemo/src/crypto/identity.ts'
import * as ratchet from './packages/omemo/src/crypto/ratchet.ts'
import * as records from './packages/omemo/src/crypto/session-encoding.ts'
import { platformBackend } from './packages/omemo/src/crypto/backend-node.ts'
import { parseMessage, sign } from './packages/omemo/src/crypto/profile.ts'
import { legacyVersion } from './packages/omemo/src/legacy/version.ts'
import { omemo2Version } from './packages/omemo/src/omemo2/version.ts'
import { StreamParser } from './packages/stanza/src/xml/stream-parser.ts'
export const omemo = {
  ...ratchet, ...agreement, ...identity, ...records, parseMessage, sign, platformBackend,
  versions: [legacyVersion, omemo2Version],
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

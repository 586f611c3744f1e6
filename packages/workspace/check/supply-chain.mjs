// Third-party code: each piece is justified, and the core stays nearly free of it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../workspace.mjs'
import { isWorkspaceName } from './source.mjs'

const coreFolders = new Set(['stanza', 'sasl', 'client'])
const coreLimit = 3
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare']

function runtimeDependencies(manifest) {
  const { dependencies, peerDependencies, optionalDependencies } = manifest
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).filter(
    (name) => !isWorkspaceName(name),
  )
}

function allDependencies({ root, packages, examples }) {
  const manifests = [readJson(join(root, 'package.json')), ...[...packages, ...examples].map((pkg) => pkg.manifest)]
  const development = manifests.flatMap((manifest) => Object.keys(manifest.devDependencies ?? {}))
  return new Set([...manifests.flatMap(runtimeDependencies), ...development.filter((name) => !isWorkspaceName(name))])
}

/** Rule: docs/dependencies.md has one table row per third-party dependency, and none for what is gone. */
export function checkDependencyList(workspace) {
  const where = 'docs/dependencies.md'
  const file = join(workspace.root, where)
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const lines = [...text.matchAll(/^\| `([^`]+)` \| *\S/gm)].map(([, name]) => name)
  const justified = new Set(lines)
  const used = allDependencies(workspace)
  return [
    ...[...used].filter((name) => !justified.has(name)).map((name) => `${where}: no line says why ${name} is here`),
    ...[...justified].filter((name) => !used.has(name)).map((name) => `${where}: nothing depends on ${name} any more`),
    ...[...justified]
      .filter((name) => lines.indexOf(name) !== lines.lastIndexOf(name))
      .map((name) => `${where}: more than one line for ${name}`),
  ]
}

/** Rule S-209: at most three dependencies in the core, a lockfile, provenance, and nothing that runs on install. */
export function checkSupplyChain({ root, packages }) {
  const core = packages.filter((pkg) => coreFolders.has(pkg.folder))
  const names = new Set(core.flatMap((pkg) => runtimeDependencies(pkg.manifest)))
  const problems = []
  if (names.size > coreLimit) problems.push(`the core has ${names.size} dependencies: ${[...names].join(', ')}`)
  if (!existsSync(join(root, 'pnpm-lock.yaml'))) problems.push('pnpm-lock.yaml is missing')
  for (const pkg of packages) {
    const scripts = installScripts.filter((name) => pkg.manifest.scripts?.[name])
    for (const name of scripts) problems.push(`${pkg.path}/package.json: script "${name}" runs on install`)
    if (pkg.publishable && pkg.manifest.publishConfig?.provenance !== true) {
      problems.push(`${pkg.path}/package.json: publishConfig.provenance is not true`)
    }
  }
  return problems
}

// Checks what no compiler checks: floors, names, sizes, metadata, generated documents.
// Usage: node packages/workspace/check.mjs [--write]      --write regenerates docs/xeps.md, docs/couplet.doap and docs/security-scenarios.md
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkDocuments, checkInstallLines, checkLinks, writeDocuments } from './check/documents.mjs'
import * as files from './check/files.mjs'
import { checkDeclared, checkFloors, checkNodeModules, checkReferences } from './check/floors.mjs'
import { checkManifests, checkXepDocumentation } from './check/metadata.mjs'
import { checkDependencyList, checkSupplyChain } from './check/supply-chain.mjs'
import { checkScenarios, writeScenarios } from './scenarios.mjs'
import { printTally } from './stages/tally.mjs'
import { listFiles, loadPackages, repositoryRoot } from './workspace.mjs'

/** Name → rule. A rule takes the workspace and returns its problems, or `{ problems, warnings }`. */
export const rules = {
  'imports respect the floors': checkFloors,
  'node: modules only in Node packages': checkNodeModules,
  'imports are declared, declarations are used': checkDeclared,
  'tsconfig references match the dependencies': checkReferences,
  'file names': files.checkFileNames,
  'file sizes': files.checkFileSizes,
  'function sizes': files.checkFunctionSizes,
  'index.ts only re-exports': files.checkIndexFiles,
  'namespace literals only in elements.ts': files.checkNamespaces,
  'no any, enum, namespace, default export': files.checkLanguage,
  'package.json is complete': checkManifests,
  'README, module comment and metadata agree on XEPs': checkXepDocumentation,
  'every dependency is justified': checkDependencyList,
  'S-209 supply chain: few dependencies, lockfile, provenance, no install scripts': checkSupplyChain,
  'generated documents are up to date': checkDocuments,
  'every scenario is tested or explained': checkScenarios,
  'relative links lead somewhere': checkLinks,
  'what READMEs install is enough for their examples': checkInstallLines,
}

/** What the rules look at, read from disk. */
export function readWorkspace(root = repositoryRoot) {
  const packages = loadPackages(root)
  const examples = loadPackages(root, 'examples')
  const markdown = [
    ...['README.md', 'CONTRIBUTING.md'].filter((path) => existsSync(join(root, path))),
    ...['docs', 'packages', 'examples'].flatMap((group) =>
      listFiles(join(root, group))
        .filter((path) => path.endsWith('.md') && !path.startsWith('api/') && !path.includes('/template/'))
        .map((path) => `${group}/${path}`),
    ),
  ]
  return { root, packages, examples, markdown }
}

/** Runs every rule: `[{ name, problems, warnings }]`. */
export function runRules(workspace) {
  return Object.entries(rules).map(([name, rule]) => {
    const result = rule(workspace)
    return Array.isArray(result) ? { name, problems: result, warnings: [] } : { name, ...result }
  })
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const workspace = readWorkspace()
  if (process.argv.includes('--write')) {
    writeDocuments(workspace)
    writeScenarios(workspace)
  }
  const results = runRules(workspace)
  for (const { name, problems, warnings } of results) {
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}`)
    for (const line of problems) console.log(`         ${line}`)
    for (const line of warnings) console.log(`         (warning) ${line}`)
  }
  const failed = results.filter(({ problems }) => problems.length > 0).length
  printTally({ passed: results.length - failed, failed })
}

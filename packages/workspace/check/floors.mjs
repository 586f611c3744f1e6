// Who may import whom (DESIGN: floors), and that every such import is declared.

import { existsSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { isTestFile, listFiles, readJson, sourceFiles } from '../workspace.mjs'
import { importsOf, isWorkspaceName, packageNameOf, parse } from './source.mjs'

const unrestricted = new Set(['private', 'tool'])

function importsInFiles(pkg, paths) {
  return paths.flatMap((path) =>
    importsOf(parse(join(pkg.directory, path))).map((entry) => ({
      ...entry,
      where: `${pkg.path}/${path}:${entry.line}`,
    })),
  )
}

export function sourceImports(pkg) {
  return importsInFiles(pkg, sourceFiles(pkg))
}

/** Imports of everything else in the package: tests, configuration, scripts. */
function otherImports(pkg) {
  const sources = new Set(sourceFiles(pkg))
  return importsInFiles(
    pkg,
    listFiles(pkg.directory).filter((path) => /\.(ts|mjs)$/.test(path) && !sources.has(path) && isTestFile(path)),
  )
}

/** Names a package re-exports from a file called elements.ts: the only values another floor-3 package may take. */
export function elementNames(pkg) {
  const index = join(pkg.directory, 'src/index.ts')
  if (!existsSync(index)) return new Set()
  const names = parse(index).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) return []
    if (basename(statement.moduleSpecifier.text) !== 'elements.js') return []
    return ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map((item) => item.name.text)
      : []
  })
  return new Set(names)
}

function elementsOnly(entry, target) {
  if (entry.typeOnly) return undefined
  const elements = elementNames(target)
  const others = entry.names.filter((name) => !elements.has(name))
  if (others.length > 0) return `takes ${others.join(', ')} from ${target.name}: only elements, or \`import type\``
  return entry.names.length === 0 ? `loads ${target.name}: use \`import type\`` : undefined
}

/** A floor-2 package may use floor 1 by a written decision: `"xmpp": { "decisions": { "@couplet/rsm": "docs/…" } }`. */
function decided(pkg, target, root) {
  const file = pkg.manifest.xmpp?.decisions?.[target.name]
  return typeof file === 'string' && existsSync(join(root, file))
}

function below(pkg, target) {
  return typeof target.floor === 'number' && target.floor < pkg.floor
}

const allowed = {
  0: () => 'floor 0 imports npm packages only',
  1: (_pkg, target) => (target.floor === 0 ? undefined : `floor 1 imports floor 0 only, not ${target.name}`),
  2: (pkg, target, _entry, root) => {
    if (target.floor === 0 || target.folder === 'client' || decided(pkg, target, root)) return undefined
    return `floor 2 imports floor 0 and client, not ${target.name}, without a written decision`
  },
  3: (_pkg, target, entry) => {
    if (target.floor === 0 || target.floor === 1) return undefined
    if (target.folder === 'client') return entry.typeOnly ? undefined : 'floor 3 imports client by `import type` only'
    return target.floor === 3 ? elementsOnly(entry, target) : `floor 3 may not import ${target.name}`
  },
  4: (pkg, target, _entry, root) =>
    below(pkg, target) || decided(pkg, target, root) ? undefined : `floor 4 imports what is below, not ${target.name}`,
  side: (_pkg, target, entry) => {
    if (target.floor <= 2) return undefined
    return target.floor === 3 ? elementsOnly(entry, target) : `side packages may not import ${target.name}`
  },
}

/** Rule: imports respect the floors. */
export function checkFloors({ packages, root }) {
  const byName = new Map(packages.map((pkg) => [pkg.name, pkg]))
  return packages.flatMap((pkg) => {
    if (unrestricted.has(pkg.floor)) return []
    return sourceImports(pkg).flatMap((entry) => {
      const name = packageNameOf(entry.specifier)
      if (!isWorkspaceName(name)) return []
      const target = byName.get(name)
      if (!target) return [`${entry.where}: there is no package ${name}`]
      const problem = allowed[pkg.floor]?.(pkg, target, entry, root)
      return problem ? [`${entry.where}: ${problem}`] : []
    })
  })
}

/** Rule: `node:` modules only where the package says it is for Node, or by a written decision about that module. */
export function checkNodeModules({ packages, root }) {
  const builtin = new Set(builtinModules)
  return packages.flatMap((pkg) => {
    if (unrestricted.has(pkg.floor) || pkg.floor === 'side' || pkg.folder === 'tcp' || pkg.manifest.xmpp?.node)
      return []
    return sourceImports(pkg)
      .filter((entry) => !entry.typeOnly && (entry.specifier.startsWith('node:') || builtin.has(entry.specifier)))
      .filter((entry) => !decided(pkg, { name: entry.specifier }, root))
      .map((entry) => `${entry.where}: ${entry.specifier} is for tcp and packages with "xmpp": { "node": true }`)
  })
}

function undeclared(entries, declared) {
  return entries.flatMap((entry) => {
    const name = packageNameOf(entry.specifier)
    if (!name || declared.has(name) || builtinModules.includes(name)) return []
    return [`${entry.where}: ${name} is not declared in package.json`]
  })
}

/** Rule: what is imported is declared, and a declared workspace package is imported. */
export function checkDeclared({ packages, root }) {
  const shared = Object.keys(readJson(join(root, 'package.json')).devDependencies ?? {})
  return packages.flatMap((pkg) => {
    const { dependencies, peerDependencies, devDependencies, optionalDependencies } = pkg.manifest
    const runtime = new Set([
      pkg.name,
      ...Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
    ])
    const development = new Set([...runtime, ...Object.keys(devDependencies ?? {}), ...shared])
    if (unrestricted.has(pkg.floor)) return undeclared([...sourceImports(pkg), ...otherImports(pkg)], development)
    const used = sourceImports(pkg)
    const names = new Set(used.map((entry) => packageNameOf(entry.specifier)))
    const unused = [...runtime].filter((name) => isWorkspaceName(name) && name !== pkg.name && !names.has(name))
    return [
      ...undeclared(used, runtime),
      ...undeclared(otherImports(pkg), development),
      ...unused.map((name) => `${pkg.path}/package.json: ${name} is declared and never imported`),
    ]
  })
}

/** Rule: tsconfig `references` are exactly the workspace dependencies, or `tsc -b` builds in the wrong order. */
export function checkReferences({ packages }) {
  const folders = new Map(packages.map((pkg) => [pkg.name, pkg.folder]))
  return packages.flatMap((pkg) => {
    if (!pkg.publishable) return []
    const file = join(pkg.directory, 'tsconfig.json')
    if (!existsSync(file)) return [`${pkg.path}: no tsconfig.json`]
    const found = (ts.parseConfigFileTextToJson(file, ts.sys.readFile(file)).config?.references ?? []).map((item) =>
      basename(item.path),
    )
    const wanted = Object.keys({ ...pkg.manifest.dependencies, ...pkg.manifest.peerDependencies })
      .filter(isWorkspaceName)
      .map((name) => folders.get(name) ?? name)
    return [
      ...wanted
        .filter((name) => !found.includes(name))
        .map((name) => `${pkg.path}/tsconfig.json: no reference to ../${name}`),
      ...found
        .filter((name) => !wanted.includes(name))
        .map((name) => `${pkg.path}/tsconfig.json: ../${name} is no dependency`),
    ]
  })
}

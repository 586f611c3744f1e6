// What package.json, README and module comment of a package must say, and that they agree.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { moduleComment, parse, xepsInComment } from './source.mjs'

const floors = new Set([0, 1, 2, 3, 4, 'side', 'private', 'tool'])

export function xepId(number) {
  return `XEP-${String(number).padStart(4, '0')}`
}

/** XEPs a package names in the module comment of its index: number, title, version. */
export function documentedXeps(pkg) {
  const index = join(pkg.directory, 'src/index.ts')
  return existsSync(index) ? xepsInComment(moduleComment(parse(index))) : []
}

function exportTargets(value) {
  if (typeof value === 'string') return [value]
  return value && typeof value === 'object' ? Object.values(value).flatMap(exportTargets) : []
}

function publishedFields(pkg) {
  const { manifest } = pkg
  const expected = {
    name: ['couplet', `@couplet/${pkg.folder}`].includes(manifest.name),
    version: /^\d+\.\d+\.\d+/.test(manifest.version ?? ''),
    description: Boolean(manifest.description),
    'license MIT': manifest.license === 'MIT',
    'type module': manifest.type === 'module',
    'sideEffects false': manifest.sideEffects === false,
    'engines.node': Boolean(manifest.engines?.node),
    'files with dist': manifest.files?.includes('dist') === true,
    'publishConfig access public': manifest.publishConfig?.access === 'public',
    'exports "."': Boolean(manifest.exports?.['.']),
    'exports "./package.json"': manifest.exports?.['./package.json'] === './package.json',
    'exports into dist': exportTargets(manifest.exports).every((path) => /^\.\/(dist\/|package\.json$)/.test(path)),
  }
  return Object.entries(expected)
    .filter(([, ok]) => !ok)
    .map(([field]) => `${pkg.path}/package.json: ${field} is missing or wrong`)
}

/** Rule: package.json is complete; `xmpp` says which floor and which XEPs. */
export function checkManifests({ packages }) {
  return packages.flatMap((pkg) => {
    const where = `${pkg.path}/package.json`
    const problems = []
    if (!floors.has(pkg.floor)) problems.push(`${where}: "xmpp": { "floor": … } is missing or unknown`)
    const hidden = pkg.floor === 'private' || pkg.floor === 'tool'
    if (hidden === pkg.publishable) problems.push(`${where}: floor ${pkg.floor} and "private" disagree`)
    for (const xep of pkg.xeps) {
      if (!Number.isInteger(xep.number) || typeof xep.version !== 'string') problems.push(`${where}: bad "xeps" entry`)
    }
    return pkg.publishable ? [...problems, ...publishedFields(pkg)] : problems
  })
}

function readmeProblems(pkg) {
  const file = join(pkg.directory, 'README.md')
  if (!existsSync(file)) return [`${pkg.path}: no README.md`]
  const text = readFileSync(file, 'utf8')
  const title = /^# .*$/m.exec(text)?.[0]
  if (!title) return [`${pkg.path}/README.md: no title`]
  const place = pkg.floor === 1 || pkg.floor === 3 ? title : text
  return pkg.xeps
    .filter((xep) => !place.includes(xepId(xep.number)))
    .map((xep) => `${pkg.path}/README.md: ${place === title ? 'title' : 'text'} does not say ${xepId(xep.number)}`)
}

function commentProblems(pkg) {
  const index = join(pkg.directory, 'src/index.ts')
  if (!existsSync(index)) return [`${pkg.path}: no src/index.ts`]
  const where = `${pkg.path}/src/index.ts`
  const documented = new Map(documentedXeps(pkg).map((xep) => [xep.number, xep]))
  const problems = pkg.xeps.flatMap(({ number, version }) => {
    const found = documented.get(number)
    if (!found) return [`${where}: module comment does not say "${xepId(number)}: Title (${version})"`]
    return found.version === version
      ? []
      : [`${where}: ${xepId(number)} is ${found.version} here, ${version} in package.json`]
  })
  const known = new Set(pkg.xeps.map((xep) => xep.number))
  for (const number of documented.keys()) {
    if (!known.has(number)) problems.push(`${where}: ${xepId(number)} is not in package.json "xeps"`)
  }
  const xepPackage = (pkg.floor === 1 || pkg.floor === 3) && pkg.xeps.length > 0
  if (xepPackage && !/^\/\*\*[\s*]*XEP-\d{4}: /.test(moduleComment(parse(index)))) {
    problems.push(`${where}: does not open with /** XEP-NNNN: Title (version)`)
  }
  return problems
}

/** Rule: README, module comment and metadata of each published package name the same XEPs and versions. */
export function checkXepDocumentation({ packages }) {
  return packages.filter((pkg) => pkg.publishable).flatMap((pkg) => [...readmeProblems(pkg), ...commentProblems(pkg)])
}

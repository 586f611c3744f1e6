// Builds every publishable package: `src/**/*.ts` → `dist/**/*.js` (tsup) and `dist/**/*.d.ts` (tsc -b).
// Usage: node packages/workspace/build.mjs [--clean]
//
// One esbuild run, through tsup, for all packages: eighty separate runs cost more in start-up than in work.
// No source maps: the output is one readable file per source file, and the sources are not published.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'tsup'
import ts from 'typescript'
import { listFiles, loadPackages, repositoryRoot, sourceFiles } from './workspace.mjs'

const require = createRequire(import.meta.url)

/** `{ 'stanza/dist/jid': 'packages/stanza/src/jid.ts', … }`: output path without extension → source. */
function entries(packages) {
  return Object.fromEntries(
    packages.flatMap((pkg) =>
      sourceFiles(pkg).map((path) => [
        `${pkg.folder}/dist/${path.replace(/^src\//, '').replace(/\.ts$/, '')}`,
        join(pkg.directory, path),
      ]),
    ),
  )
}

async function buildScripts(root, packages) {
  const entry = entries(packages)
  if (Object.keys(entry).length === 0) throw new Error('nothing to build: no publishable package has sources')
  await build({
    entry,
    outDir: join(root, 'packages'),
    bundle: false,
    splitting: false,
    format: 'esm',
    target: 'es2022',
    outExtension: () => ({ js: '.js' }),
    tsconfig: join(root, 'tsconfig.base.json'),
    config: false,
    clean: false,
    dts: false,
    sourcemap: false,
    silent: true,
  })
}

/** Declarations of all packages and what they reference, in dependency order, only where something changed. */
export function buildDeclarations(packages) {
  const compiler = require.resolve('typescript/bin/tsc')
  const folders = packages.filter((pkg) => sourceFiles(pkg).length > 0).map((pkg) => pkg.directory)
  return spawnSync(process.execPath, [compiler, '-b', ...folders], { stdio: 'inherit' }).status === 0
}

/** Files in `dist` whose source is gone: they would still be published. */
function removeStale(pkg) {
  const dist = join(pkg.directory, 'dist')
  const sources = new Set(sourceFiles(pkg).map((path) => path.replace(/^src\//, '').replace(/\.ts$/, '')))
  for (const path of listFiles(dist)) {
    if (path.endsWith('.tsbuildinfo')) continue
    if (!sources.has(path.replace(/(\.d\.ts|\.js)$/, ''))) rmSync(join(dist, path))
  }
}

const annotation = /[@#]__(?:NO_SIDE_EFFECTS|PURE)__/g

/** Annotations in a text; the overloads of one function count once, for they become one function. */
export function countAnnotations(text) {
  const seen = new Set()
  let count = 0
  for (const statement of ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest).statements) {
    const found = text.slice(statement.pos, statement.end).match(annotation)?.length ?? 0
    const name = ts.isFunctionDeclaration(statement) ? statement.name?.text : undefined
    if (name === undefined) count += found
    else if (found > 0 && !seen.has(name)) {
      seen.add(name)
      count += found
    }
  }
  return count
}

/**
 * Annotations the compiler dropped: without them an unused element definition stays in every bundle. On an overloaded
 * function the annotation belongs before the implementation, the only signature that survives.
 */
function lostAnnotations(packages) {
  const count = (pkg, path) => countAnnotations(readFileSync(join(pkg.directory, path), 'utf8'))
  return packages.flatMap((pkg) =>
    sourceFiles(pkg).flatMap((path) => {
      const output = path.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js')
      const [wanted, found] = [count(pkg, path), count(pkg, output)]
      if (found >= wanted) return []
      return [`${pkg.path}/${path}: ${wanted} tree-shaking annotations, ${found} left in ${output}`]
    }),
  )
}

/** Builds everything; true when it worked. Problems are printed. */
export async function buildAll({ root = repositoryRoot, clean = false } = {}) {
  const packages = loadPackages(root).filter((pkg) => pkg.publishable)
  if (clean) for (const pkg of packages) rmSync(join(pkg.directory, 'dist'), { recursive: true, force: true })
  await buildScripts(root, packages)
  for (const pkg of packages) removeStale(pkg)
  const lost = lostAnnotations(packages)
  for (const line of lost) console.error(line)
  return buildDeclarations(packages) && lost.length === 0
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const start = performance.now()
  const ok = await buildAll({ clean: process.argv.includes('--clean') })
  console.log(`build ${ok ? 'done' : 'FAILED'} in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  if (!ok) process.exitCode = 1
}

// What a consumer gets: publint and "are the types wrong" (ESM only) over every built package, and knip over the
// workspace for files, exports and dependencies nobody uses.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, Package } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { listFiles, loadPackages, repositoryRoot } from '../workspace.mjs'
import { printTally } from './tally.mjs'

/** The files npm would pack: those below `dist`, and what it always adds. */
function packedFiles(pkg) {
  const dist = listFiles(join(pkg.directory, 'dist'))
    .filter((path) => !path.endsWith('.tsbuildinfo'))
    .map((path) => `dist/${path}`)
  return ['package.json', 'README.md', ...dist].filter((path) => existsSync(join(pkg.directory, path)))
}

async function publishingProblems(pkg) {
  const files = packedFiles(pkg).map((path) => ({
    name: join(pkg.directory, path),
    data: readFileSync(join(pkg.directory, path)),
  }))
  const { messages } = await publint({ pkgDir: pkg.directory, pack: { files }, strict: true, level: 'warning' })
  return messages.map((message) => formatMessage(message, pkg.manifest, { color: false }))
}

/** Resolution modes we promise; CommonJS consumers reach ESM through Node's `require(esm)`, which has its own test. */
const promised = ['node16-esm', 'bundler']

async function typeProblems(pkg) {
  const root = `/node_modules/${pkg.name}`
  const files = Object.fromEntries(
    packedFiles(pkg).map((path) => [`${root}/${path}`, readFileSync(join(pkg.directory, path))]),
  )
  const analysis = await checkPackage(new Package(files, pkg.name, pkg.manifest.version))
  if (!analysis.types) return ['publishes no types']
  const visible = Object.values(analysis.entrypoints).flatMap((entry) =>
    promised.flatMap((kind) => entry.resolutions[kind]?.visibleProblems ?? []),
  )
  return [...new Set(visible)].map((index) => JSON.stringify(analysis.problems[index]))
}

function unusedCode() {
  const knip = join(repositoryRoot, 'node_modules/knip/bin/knip.js')
  const { status } = spawnSync(process.execPath, [knip, '--no-progress'], {
    cwd: repositoryRoot,
    stdio: 'inherit',
  })
  return status === 0 ? [] : ['knip found something unused (listed above)']
}

const results = []
for (const pkg of loadPackages().filter((item) => item.publishable)) {
  results.push({ name: `publint ${pkg.name}`, problems: await publishingProblems(pkg) })
  results.push({ name: `types ${pkg.name}`, problems: await typeProblems(pkg) })
}
results.push({ name: 'knip', problems: unusedCode() })
for (const { name, problems } of results) for (const line of problems) console.error(`FAILED ${name}: ${line}`)
const failed = results.filter(({ problems }) => problems.length > 0).length
console.log(`${results.length} package checks`)
printTally({ passed: results.length - failed, failed })

// The API reference: typedoc over every publishable package, where a warning is an error. The list of packages comes
// from package.json, so it is passed here; everything else stands in typedoc.json.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { loadPackages, repositoryRoot } from '../workspace.mjs'
import { printTally } from './tally.mjs'

const packages = loadPackages().filter((pkg) => pkg.publishable)
const typedoc = join(repositoryRoot, 'node_modules/typedoc/bin/typedoc')
const args = packages.flatMap((pkg) => ['--entryPoints', pkg.path])
const { status } = spawnSync(process.execPath, [typedoc, ...args], { cwd: repositoryRoot, stdio: 'inherit' })
printTally(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

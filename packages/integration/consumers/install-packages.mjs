// The packages as a user gets them: packed by pnpm, installed from the tarballs by npm into a folder of their own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pnpm } from '../../workspace/stages/install.mjs'
import { loadPackages, readJson, repositoryRoot } from '../../workspace/workspace.mjs'

/** The packages that are published. */
export const publishable = loadPackages().filter((pkg) => pkg.publishable)

const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })

/** Name of the file that pnpm packs a package into. */
const tarballOf = ({ name, manifest }) => `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`

/** Installs all packages into `folder`, with nothing that would run on the way. */
export const installPackages = (folder) => {
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs)
  const filters = publishable.flatMap(({ name }) => ['--filter', name])
  run('npx', pnpm(repositoryRoot, '-r', ...filters, 'pack', '--pack-destination', tarballs), repositoryRoot)
  const missing = publishable.filter((pkg) => !readdirSync(tarballs).includes(tarballOf(pkg)))
  if (missing.length > 0) throw new Error(`not packed: ${missing.map(({ name }) => name).join(', ')}`)
  const dependencies = Object.fromEntries(publishable.map((pkg) => [pkg.name, `file:tarballs/${tarballOf(pkg)}`]))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }),
  )
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], folder)
  for (const { name } of publishable) {
    const { dependencies: needs = {} } = readJson(join(folder, 'node_modules', name, 'package.json'))
    const local = Object.entries(needs).find(([, range]) => /workspace:|file:|link:/.test(range))
    if (local) throw new Error(`${name} was packed with ${local.join('@')}`)
  }
}

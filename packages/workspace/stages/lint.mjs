// Biome over the whole workspace, then our own checks. Biome counts as one check.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../workspace.mjs'
import { printTally } from './tally.mjs'

const biome = join(repositoryRoot, 'node_modules/@biomejs/biome/bin/biome')
if (!existsSync(biome)) throw new Error('run `npm test` once: it installs the tools')
const { status } = spawnSync(process.execPath, [biome, 'ci', '--config-path=.biome.json', '--error-on-warnings', '.'], {
  cwd: repositoryRoot,
  stdio: 'inherit',
})
printTally(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

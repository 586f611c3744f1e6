// Usage: npm run soak -- [--minutes N | --proof]
// Real servers, with connections that are cut, servers that are restarted and clients that are killed: rounds of
// test/soak until the time is over (default 10 minutes), or once with 1,000 cuts, 20 restarts and 20 kills of each kind.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { printTally } from '../../workspace/stages/tally.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, proof: { type: 'boolean', default: false } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new TypeError('--minutes is a positive number')

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url))
const sizes = values.proof ? { CUTS: 1000, RESTARTS: 20, KILLS: 20 } : { CUTS: 200, RESTARTS: 5, KILLS: 5 }
const numbers = Object.fromEntries(
  Object.entries(sizes).map(([name, value]) => [`COUPLET_SOAK_${name}`, String(value)]),
)

const end = performance.now() + minutes * 60_000
const tally = { passed: 0, failed: 0 }
do {
  const seed = String(Date.now())
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', 'packages/integration/vitest.config.mjs', '--no-file-parallelism', 'test/soak'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...numbers, COUPLET_SOAK_SEED: seed } },
  )
  if (status === 0) tally.passed++
  else tally.failed++
} while (!values.proof && performance.now() < end)
printTally(tally)

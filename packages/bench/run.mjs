// Usage: node packages/bench/run.mjs bench|memory|fuzz|soak [--short] [--json FILE] [--seed N] [--cases N] [--minutes N]
import { parseArgs } from 'node:util'
import { printTally } from '../workspace/stages/tally.mjs'

// Each is loaded when it is run: the benchmarks need built packages, the fuzzers only sources.
const commands = {
  bench: async (options) => (await import('./throughput/suite.mjs')).bench(options),
  memory: async (options) => (await import('./memory/suite.mjs')).memory(options),
  fuzz: async (options) => (await import('./fuzz/suite.mjs')).fuzz(options),
  soak: async (options) => (await import('./soak/suite.mjs')).soak(options),
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
    seed: { type: 'string' },
    cases: { type: 'string' },
    minutes: { type: 'string' },
  },
})

const command = commands[positionals[0]]
if (command === undefined) {
  console.error(`usage: node packages/bench/run.mjs ${Object.keys(commands).join('|')} [--short]`)
  process.exitCode = 1
} else {
  printTally(await command(values))
}

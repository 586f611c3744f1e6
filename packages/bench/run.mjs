// Usage: node packages/bench/run.mjs bench|bench memory|bench ratchet|bench size|fuzz|mutate|soak [--short] [--json FILE] [--seed N] [--cases N] [--minutes N]
import { parseArgs } from 'node:util'
import { printTally } from '../workspace/stages/tally.mjs'

// Each is loaded when it is run: the benchmarks need built packages, the fuzzers only sources.
const commands = {
  bench: async (options) => (await import('./throughput/suite.mjs')).bench(options),
  'bench memory': async (options) => (await import('./memory/suite.mjs')).memory(options),
  'bench ratchet': async (options) => (await import('./ratchet/suite.mjs')).ratchet(options),
  'bench size': async (options) => (await import('./size/suite.mjs')).size(options),
  fuzz: async (options) => (await import('./fuzz/suite.mjs')).fuzz(options),
  mutate: async (options) => (await import('./mutation/suite.mjs')).mutation(options),
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

// `npm run bench -- memory` is one of the benchmarks, which has to be asked for.
const command = commands[positionals.join(' ')]
if (command === undefined) {
  console.error(`usage: node packages/bench/run.mjs ${Object.keys(commands).join('|')} [--short]`)
  process.exitCode = 1
} else {
  printTally(await command(values))
}

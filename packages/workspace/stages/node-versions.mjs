// The same on every Node we support: the demo as built, and the unit tests. Other versions come from npm, as `node`.
import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { repositoryRoot } from '../workspace.mjs'
import { addTallies, printTally, readTally } from './tally.mjs'

const oldest = '20.19.0'
const later = ['22', '24', '26']

/** Thousands of random runs, which say the same on every Node, are made once. */
const once = [
  ...['chaos', 'exactly-once', 'failed-resumption', 'herd', 'single-flight', 'tokenizer-differential'],
  ...['backup', 'crash', 'failures'], // of OMEMO
]
const exclusions = once.flatMap((name) => ['--exclude', `**/${name}.test.ts`])

/** Runs a script by another version of Node; returns its output, or undefined if it failed. */
function runOn(version, ...args) {
  const { status, stdout } = spawnSync('npx', ['--yes', `node@${version}`, ...args], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 420_000,
  })
  return { ok: status === 0, output: stdout ?? '' }
}

function demoOn(version) {
  const { ok, output } = runOn(version, 'examples/demo/demo.mjs')
  const passed = ok && output.includes('Goodbye.')
  console.log(`${passed ? 'ok    ' : 'FAILED'} the demo on Node ${version}`)
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 }
}

function unitOn(version) {
  const suite = ['packages/workspace/stages/tests.mjs', 'packages/workspace/vitest.config.mjs']
  const { output } = runOn(version, ...suite, ...exclusions)
  const tally = readTally(output) ?? { passed: 0, failed: 1 }
  console.log(`${tally.failed === 0 ? 'ok    ' : 'FAILED'} ${tally.passed} unit tests on Node ${version}`)
  if (tally.failed > 0) console.log(output)
  return tally
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  printTally(addTallies([...[oldest, ...later].map(demoOn), ...later.map(unitOn)]))
}

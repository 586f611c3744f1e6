// Runs one vitest suite and counts its tests from the JSON report.
// Usage: node packages/workspace/stages/tests.mjs CONFIG [vitest arguments]
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readJson, repositoryRoot } from '../workspace.mjs'
import { printFailure, printTally } from './tally.mjs'

/**
 * Counts of a vitest JSON report. A file that failed before its first test counts as one failure, and so does a run
 * that failed with every test passing (an unhandled rejection).
 */
export function countReport(report) {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = report.numFailedTests + broken
  const skipped = report.numPendingTests + (report.numTodoTests ?? 0)
  return { passed: report.numPassedTests, failed: failed === 0 && !report.success ? 1 : failed, skipped }
}

/** Why a test failed. Of a test that was too slow vitest's report has only the place where it began. */
function reasonOf({ failureMessages, duration }) {
  const reason = failureMessages.join('\n')
  return /^Error: STACK_TRACE_ERROR/.test(reason) ? `not done after ${Math.round(duration)} ms` : reason
}

function listSkippedAndFailed(report) {
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative(repositoryRoot, name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    for (const test of assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') console.log(`skipped: ${test.fullName}`)
    }
    for (const test of failed) printFailure(`${file}: ${test.fullName}`, reasonOf(test))
    if (status === 'failed' && failed.length === 0) printFailure(file, message ?? '')
  }
}

function run(config, args) {
  const folder = join(repositoryRoot, '.cache/tests')
  const output = join(folder, `${config.replaceAll(/[^a-z]+/g, '-')}.json`)
  mkdirSync(folder, { recursive: true })
  rmSync(output, { force: true })
  const vitest = join(repositoryRoot, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', config, ...reporters, ...args], {
    cwd: repositoryRoot,
    stdio: 'inherit',
  })
  if (!existsSync(output)) return printTally({ passed: 0, failed: 1 })
  const report = readJson(output)
  listSkippedAndFailed(report)
  const tally = countReport(report)
  if (status !== 0 && tally.failed === 0) {
    tally.failed = 1
    printFailure(config, 'the run failed though its tests passed: an error outside of them, or too little coverage')
  }
  printTally(tally)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [config, ...args] = process.argv.slice(2)
  if (!config || !existsSync(join(repositoryRoot, config))) {
    console.error(`no vitest configuration ${relative(repositoryRoot, config ?? '')}`)
    printTally({ passed: 0, failed: 1 })
  } else run(config, args)
}

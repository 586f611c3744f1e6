// How a stage's script tells the runner what it counted.

const prefix = 'TALLY'
const longestReason = 300
const ansi = /\u001B\[[0-9;]*m/g

/** Prints the counts as the script's last line and sets the exit code: failed, or nothing ran, is 1. */
export function printTally({ passed, failed, skipped = 0 }) {
  console.log(`${prefix} passed=${passed} failed=${failed} skipped=${skipped}`)
  if (failed > 0 || passed + failed === 0) process.exitCode = 1
}

/** Names a failed test: the runner repeats it before its closing line, where the end of a long log still shows it. */
export function printFailure(name, reason) {
  const [line] = reason.replaceAll(ansi, '').trim().split('\n')
  console.log(`FAILURE ${name}: ${line.slice(0, longestReason)}`)
}

/** The counts in a script's output; undefined when it printed none. */
export function readTally(output) {
  const match = [...output.matchAll(/^TALLY passed=(\d+) failed=(\d+) skipped=(\d+)$/gm)].at(-1)
  if (!match) return undefined
  const [passed, failed, skipped] = match.slice(1).map(Number)
  return { passed, failed, skipped }
}

/** The sum over several tallies. */
export function addTallies(tallies) {
  const sum = (key) => tallies.reduce((total, tally) => total + (tally[key] ?? 0), 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

/** The failed tests that a script's output names, a line each. */
export function readFailures(output) {
  return [...output.matchAll(/^FAILURE (.+)$/gm)].map(([, failure]) => failure)
}

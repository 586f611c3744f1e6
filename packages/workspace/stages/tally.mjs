// How a stage's script tells the runner what it counted.

const prefix = 'TALLY'

/** Prints the counts as the script's last line and sets the exit code: failed, or nothing ran, is 1. */
export function printTally({ passed, failed, skipped = 0 }) {
  console.log(`${prefix} passed=${passed} failed=${failed} skipped=${skipped}`)
  if (failed > 0 || passed + failed === 0) process.exitCode = 1
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

// The entry of the root npm scripts: node packages/workspace/run.mjs test|unit|build|lint|docs|demo|new-package|…
// Needs Node and npm only; installs the pinned pnpm and the dependencies when they are missing or outdated.
import { isInstalled } from './stages/install.mjs'
import { commands, stages } from './stages/list.mjs'
import { execute, handOver } from './stages/process.mjs'
import { addTallies, readFailures, readTally } from './stages/tally.mjs'
import { repositoryRoot } from './workspace.mjs'

/** All stages together; what is left of it bounds the stage that runs. */
const totalMinutes = 38

function tallyOf({ ok, report }) {
  const tally = readTally(report) ?? { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 }
  return !ok && tally.failed === 0 ? { ...tally, failed: 1 } : tally
}

async function runStage(name, deadline) {
  const stage = stages[name]
  const start = performance.now()
  const [command, args] = stage.command(repositoryRoot)
  const limitMinutes = Math.min(stage.limitMinutes ?? 10, Math.max(0, (deadline - start) / 60_000))
  console.log(`\n=== ${name}`)
  const result = await execute(command, args, { cwd: repositoryRoot, env: stage.env, limitMinutes })
  if (result.timedOut) console.error(`${name}: ended after ${limitMinutes.toFixed(1)} minutes`)
  const tally = tallyOf(result)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
  console.log(
    `=== ${name}: ${tally.failed === 0 ? 'ok' : 'FAILED'} in ${seconds} s (${tally.passed} ok, ${tally.failed} not${skipped})`,
  )
  const named = readFailures(result.report)
  const failures = named.length === 0 && tally.failed > 0 ? ['see above'] : named
  return { ...tally, failures: failures.map((failure) => `${name}: ${failure}`) }
}

async function runStages(names) {
  const deadline = performance.now() + totalMinutes * 60_000
  const tallies = []
  for (const name of names) {
    if (name === 'install' && isInstalled(repositoryRoot)) continue
    const tally = await runStage(name, deadline)
    tallies.push(tally)
    if (stages[name].needed && tally.failed > 0) {
      console.error(`${name} failed: the stages after it were not run`)
      break
    }
  }
  return { ...addTallies(tallies), failures: tallies.flatMap(({ failures }) => failures) }
}

async function main([name, ...args]) {
  const command = commands[name]
  if (!command) {
    console.error(`usage: node packages/workspace/run.mjs ${Object.keys(commands).join('|')}`)
    return 1
  }
  const { passed, failed, failures } = await runStages(command.stages)
  if (failures.length > 0) console.error(`\nfailed:\n${failures.join('\n')}`)
  if (!command.script) {
    console.log(`\n${passed} passed, ${failed} failed`)
    return failed > 0 || passed + failed === 0 ? 1 : 0
  }
  if (failed > 0) return 1
  return handOver(process.execPath, [...command.script, ...args], { cwd: repositoryRoot })
}

process.exitCode = await main(process.argv.slice(2))

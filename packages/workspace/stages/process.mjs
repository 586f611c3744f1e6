// Child processes of a run: each in a group of its own, so that ending one ends what it started and nothing else.
import { spawn } from 'node:child_process'

const running = new Set()
const interrupted = 130

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // the group is gone already
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) endGroup(child, 'SIGTERM')
    process.exit(interrupted)
  })
}

function forward(stream, target, keep) {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      if (!keep(line)) target.write(`${line}\n`)
    }
  })
  stream.on('end', () => {
    if (rest && !keep(rest)) target.write(`${rest}\n`)
  })
}

/** Runs a command, passing its output on except tallies and named failures: `{ ok, report, timedOut }`, these being `report`. */
export function execute(command, args, { cwd, env = {}, limitMinutes = 10 }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let report = ''
    let timedOut = false
    running.add(child)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child, 'SIGKILL')
    }, limitMinutes * 60_000)
    forward(child.stdout, process.stdout, (line) => {
      const isOurs = line.startsWith('TALLY ') || line.startsWith('FAILURE ')
      if (isOurs) report += `${line}\n`
      return isOurs
    })
    forward(child.stderr, process.stderr, () => false)
    const finish = (ok) => {
      clearTimeout(timer)
      running.delete(child)
      if (child.pid) endGroup(child, 'SIGTERM')
      resolve({ ok, report, timedOut })
    }
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      finish(false)
    })
    child.on('close', (code) => finish(code === 0))
  })
}

/** Runs an interactive command with this terminal; resolves with its exit code. */
export function handOver(command, args, { cwd, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? interrupted))
  })
}

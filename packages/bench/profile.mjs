// Where the time goes. Usage: node packages/bench/profile.mjs CLIENT tcp|ws receive|send [LINES]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Rounds } from './throughput/rounds.mjs'

const [client = 'couplet', transport = 'tcp', direction = 'receive', lines = '30'] = process.argv.slice(2)

/** Microseconds by function, without those of the functions it called. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const names = new Map()
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame
    const place = url === '' ? '' : ` ${url.replace(/^.*\/(?:packages|node_modules)\//, '')}:${lineNumber + 1}`
    names.set(id, `${functionName || '(anonymous)'}${place}`)
  }
  const times = new Map()
  for (const [i, id] of samples.entries()) {
    const name = names.get(id)
    if (name !== '(idle)' && name !== '(program)') times.set(name, (times.get(name) ?? 0) + timeDeltas[i])
  }
  return [...times].sort(([, a], [, b]) => b - a)
}

const folder = mkdtempSync(join(tmpdir(), 'couplet-profile-'))
const server = new Rounds(30_000)
try {
  await server.start()
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200']
  const { error } = await server.run({ client, transport, direction }, flags)
  if (error !== undefined) throw new Error(error)
  const [file] = readdirSync(folder)
  const times = selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  const total = times.reduce((sum, [, time]) => sum + time, 0)
  console.log(`${(total / 1000).toFixed(0)} ms, start-up included`)
  for (const [name, time] of times.slice(0, Number(lines))) {
    console.log(`${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`)
  }
} finally {
  server.stop()
  rmSync(folder, { recursive: true, force: true })
}

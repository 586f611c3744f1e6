import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { formatRatio, median, ratioOf, table } from './figures.mjs'
import { interleave } from './interleave.mjs'
import { measureIn, Rounds } from './rounds.mjs'
import { messageSize } from './traffic.mjs'
import { versionOf } from './versions.mjs'

/** A client in a direction; `of` is what it is compared with. */
const clientJobs = ['receive', 'send'].flatMap((direction) => [
  { client: 'xmpp-client', transport: 'tcp', direction },
  { client: 'couplet', transport: 'tcp', direction },
  { client: 'xmpp-client', transport: 'ws', direction },
  { client: 'couplet', transport: 'ws', direction },
  { client: 'stanza', transport: 'ws', direction },
  { client: 'strophe', transport: 'ws', direction },
])
const confirmedJob = { client: 'couplet', transport: 'tcp', direction: 'send', confirmed: true }
/** Without stream management. */
const unmanagedJobs = ['receive', 'send'].flatMap((direction) =>
  ['xmpp-client', 'couplet'].map((client) => ({ client, transport: 'tcp', direction, unmanaged: true })),
)
const parsers = ['saxes', 'couplet', 'xmpp-xml', 'stanza']

const shortPlan = { rounds: 2, messages: 20_000, bytes: 3_000_000, passes: 3, jobs: clientJobs }
const fullJobs = [...clientJobs, confirmedJob, ...unmanagedJobs]
const fullPlan = { rounds: 7, messages: 30_000, bytes: 10_000_000, passes: 4, jobs: fullJobs }

const keyOf = ({ client, transport, direction, confirmed, unmanaged }) =>
  [client, transport, direction, ...(confirmed ? ['confirmed'] : []), ...(unmanaged ? ['unmanaged'] : [])].join(' ')

const cpuOf = (results, key) => results.get(key)?.map(({ cpuMs }) => cpuMs) ?? []

async function runParsers({ rounds, bytes, passes }) {
  let reference
  return interleave(rounds, parsers, String, async (parser) => {
    try {
      const result = await measureIn('parse-process.mjs', { parser, bytes, passes })
      reference ??= JSON.stringify(result.seen)
      return JSON.stringify(result.seen) === reference ? result : { error: `saw ${JSON.stringify(result.seen)}` }
    } catch (error) {
      return { error: error.message }
    }
  })
}

function parserRows({ results }) {
  return parsers.map((parser) => {
    const mine = results.get(parser) ?? []
    const speed = median(mine.map(({ cpuMs, bytes }) => bytes / 1000 / cpuMs))
    const share = ratioOf(cpuOf(results, parser), cpuOf(results, 'saxes'))
    return { name: versionOf(parser) + (parser === 'saxes' ? ' and a minimal tree' : ''), speed, ratio: share }
  })
}

function noteOf({ client, confirmed, unmanaged }) {
  if (client === 'strophe' || unmanaged) return ', without stream management'
  return confirmed ? ', awaiting `acked` per 100' : ''
}

function clientRows({ results }, jobs, transport, direction, messages) {
  const base = keyOf({ client: 'xmpp-client', transport, direction })
  return jobs
    .filter((job) => job.transport === transport && job.direction === direction)
    .map((job) => {
      const cpu = cpuOf(results, keyOf(job))
      const rate = messages / (median(results.get(keyOf(job))?.map(({ wallMs }) => wallMs) ?? []) / 1000)
      const name = versionOf(job.client) + noteOf(job)
      return { name, microseconds: (median(cpu) * 1000) / messages, ratio: ratioOf(cpu, cpuOf(results, base)), rate }
    })
}

function printParsers(rows) {
  console.log('\n## Stream of bytes to trees, 4 KB chunks\n')
  const head = ['parser', 'MB per CPU-s', 'CPU time, saxes and a minimal tree = 1']
  console.log(
    table(
      head,
      rows.map(({ name, speed, ratio }) => [name, speed.toFixed(0), formatRatio(ratio)]),
    ),
  )
}

function printClients(title, rows) {
  console.log(`\n## ${title}\n`)
  const head = ['client', 'CPU µs per message', 'CPU time, @xmpp/client = 1', 'messages per s']
  const cells = ({ name, microseconds, ratio, rate }) => [
    name,
    microseconds.toFixed(1),
    formatRatio(ratio),
    rate.toFixed(0),
  ]
  console.log(table(head, rows.map(cells)))
}

async function runClients({ rounds, messages, jobs }) {
  const server = new Rounds(messages)
  try {
    await server.start()
    return await interleave(rounds, jobs, keyOf, (job) => server.run(job))
  } finally {
    server.stop()
  }
}

const transportNames = { tcp: 'direct TLS over TCP', ws: 'secure WebSocket' }

/** Runs all benchmarks and prints their tables. Returns how many measurements worked and how many did not. */
export async function bench({ short, json }) {
  const plan = short ? shortPlan : fullPlan
  const { rounds, messages, bytes, jobs } = plan
  const machine = `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`
  const date = new Date().toISOString().slice(0, 10)
  console.log(`# Benchmarks, ${date}\n\n${machine}\nmedian (least–greatest) of ${rounds} interleaved rounds`)
  const parsing = await runParsers(plan)
  const report = { date, machine, rounds, messages, parsers: parserRows(parsing), clients: {} }
  printParsers(report.parsers)
  console.log(`(${(bytes / 1e6).toFixed(0)} MB of stream, measured after a first pass)`)
  const talking = await runClients(plan)
  for (const transport of ['tcp', 'ws']) {
    for (const direction of ['receive', 'send']) {
      const rows = clientRows(talking, jobs, transport, direction, messages)
      report.clients[`${transport} ${direction}`] = rows
      printClients(`${direction === 'receive' ? 'Receive' : 'Send'}, ${transportNames[transport]}`, rows)
    }
  }
  console.log(`(${messages} messages of about ${messageSize()} bytes, a new process each time, warm-up included)`)
  if (json) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  const failures = [...parsing.failures, ...talking.failures]
  for (const failure of failures) console.error(`failed: ${failure}`)
  return { passed: rounds * (parsers.length + jobs.length) - failures.length, failed: failures.length }
}

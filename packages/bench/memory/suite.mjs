import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { message } from '../throughput/child-message.mjs'
import { formatSpread, spreadOf, table } from '../throughput/figures.mjs'
import { versionOf } from '../throughput/versions.mjs'

const fullPlan = { rounds: 3, warmUp: 50, count: 200 }
const shortPlan = { rounds: 1, warmUp: 20, count: 50 }

/** Who is measured over what; the raw socket is what the others are compared with. */
const contenders = [
  { transport: 'tls', client: 'raw' },
  { transport: 'tls', client: 'couplet' },
  { transport: 'ws', client: 'raw' },
  { transport: 'ws', client: 'couplet' },
  { transport: 'ws', client: 'xmpp-client' },
  { transport: 'ws', client: 'stanza' },
]
const titles = { tls: 'direct TLS over TCP', ws: 'secure WebSocket' }
const nameOf = (client) => (client === 'raw' ? 'the socket alone' : versionOf(client))
const keyOf = ({ transport, client }) => `${transport} ${client}`

const script = (name) => new URL(`./${name}`, import.meta.url)
const isObject = (value) => typeof value === 'object'

/** One contender in one round, with a server of its own, which is another process. */
async function measure({ transport, client }, { warmUp, count }, folder) {
  const server = fork(script('server-process.mjs'), [JSON.stringify({ users: warmUp + count })])
  let child
  try {
    const { ca, ...services } = await message(server, isObject)
    writeFileSync(join(folder, 'ca.pem'), ca)
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), NODE_NO_WARNINGS: '1' }
    const options = JSON.stringify({ client, service: services[transport], warmUp, count })
    // A small new space for all: how far it happens to have grown is not per connection.
    const execArgv = ['--expose-gc', '--max-semi-space-size=1']
    child = fork(script('memory-process.mjs'), [options], { env, execArgv })
    const result = await message(child, isObject)
    server.send('count')
    const { sessions } = await message(server, isObject)
    const wanted = client === 'raw' ? 0 : warmUp + count
    return sessions === wanted ? result : { error: `${sessions} sessions` }
  } catch (error) {
    return { error: error.message }
  } finally {
    child?.kill('SIGKILL')
    server.kill()
  }
}

async function runRounds(plan) {
  const results = new Map(contenders.map((contender) => [keyOf(contender), []]))
  const failures = []
  const folder = mkdtempSync(join(tmpdir(), 'couplet-memory-'))
  try {
    for (let round = 0; round < plan.rounds; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(i + round) % contenders.length]
        const result = await measure(contender, plan, folder)
        if (result.error !== undefined) failures.push(`${keyOf(contender)}, round ${round + 1}: ${result.error}`)
        else results.get(keyOf(contender)).push(result)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { results, failures }
}

function rowsOf(results, transport) {
  const kib = (client, key) => results.get(keyOf({ transport, client })).map((result) => result[key] / 1024)
  const base = kib('raw', 'rss')
  return contenders
    .filter((contender) => contender.transport === transport)
    .map(({ client }) => {
      const rss = kib(client, 'rss')
      const above = client === 'raw' ? undefined : spreadOf(rss.map((value, round) => value - base[round]))
      return { name: nameOf(client), rss: spreadOf(rss), above, heap: spreadOf(kib(client, 'heapUsed')) }
    })
}

/** Measures what an idle connection costs. Returns how many measurements worked and how many did not. */
export async function memory({ short, json }) {
  const plan = short ? shortPlan : fullPlan
  console.log(`# Memory of an idle connection\n\nNode ${process.version}, ${process.platform} ${process.arch}`)
  console.log(`KiB per connection, over ${plan.count} connections; median (least–greatest) of ${plan.rounds} rounds`)
  const { results, failures } = await runRounds(plan)
  const report = { ...plan }
  for (const transport of ['tls', 'ws']) {
    const rows = rowsOf(results, transport)
    report[transport] = rows
    console.log(`\n## ${titles[transport]}\n`)
    const cells = ({ name, rss, above, heap }) => [name, ...[rss, above, heap].map((spread) => formatSpread(spread))]
    console.log(table(['client', 'RSS', 'RSS above the socket alone', 'of that: JavaScript heap'], rows.map(cells)))
  }
  if (json) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  for (const failure of failures) console.error(`failed: ${failure}`)
  return { passed: plan.rounds * contenders.length - failures.length, failed: failures.length }
}

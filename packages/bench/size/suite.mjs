import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { formatRatio, formatSpread, median, ratioOf, spreadOf, table } from '../throughput/figures.mjs'
import { interleave } from '../throughput/interleave.mjs'
import { versionOf } from '../throughput/versions.mjs'
import { pageSize } from './contents.mjs'
import { SizeRounds } from './size-rounds.mjs'
import { slixmppVersion } from './slixmpp.mjs'

/** What may be large, how large it is here, and what is looked at afterwards. */
const features = {
  roster: { size: 5000, title: 'A roster', things: 'contacts', one: 'contact', hasHeap: true },
  room: { size: 2000, title: 'Joining a room', things: 'occupants', one: 'occupant', hasHeap: true },
  archive: { size: 20_000, title: 'An archive, page by page', things: 'messages', one: 'message', hasHeap: false },
}
/** A quarter of it tells whether the time for one depends on how many there are. */
const quarter = 4

const contenders = [
  { client: 'stanza', transport: 'ws' },
  { client: 'couplet', transport: 'ws' },
  { client: 'couplet', transport: 'tcp' },
  { client: 'slixmpp', transport: 'tcp' },
]
const base = contenders[0]
const transports = { tcp: 'direct TLS', ws: 'WebSocket' }

const fullPlan = { rounds: 5, share: 1 }
const shortPlan = { rounds: 1, share: 0.2 }

const keyOf = ({ client, transport, feature, size }) => [client, transport, feature, size].join(' ')

function jobsOf(present, { share }) {
  return Object.entries(features).flatMap(([feature, { size }]) =>
    [size * share, (size * share) / quarter].flatMap((each) =>
      present.map((contender) => ({ ...contender, feature, size: each })),
    ),
  )
}

/** The figures of a contender: those of the whole and those of the quarter, round by round. */
function rowOf(results, contender, feature, size, slixmpp) {
  const runs = (who, count) => results.get(keyOf({ ...who, feature, size: count })) ?? []
  const cpu = (who, count) => runs(who, count).map(({ cpuMs }) => (cpuMs * 1000) / count)
  const part = size / quarter
  const name = contender.client === 'slixmpp' ? slixmpp : versionOf(contender.client)
  const grown = runs(contender, part)
  return {
    name: `${name}, ${transports[contender.transport]}`,
    microseconds: median(cpu(contender, size)),
    ratio: ratioOf(cpu(contender, size), cpu(base, size)),
    linearity: ratioOf(cpu(contender, size), cpu(contender, part)),
    wallMs: median(runs(contender, size).map(({ wallMs }) => wallMs)),
    // The difference of the two sizes: code and caches, which are not per item, are in both.
    heapBytes: features[feature].hasHeap
      ? spreadOf(runs(contender, size).map(({ heapBytes }, i) => (heapBytes - grown[i]?.heapBytes) / (size - part)))
      : undefined,
  }
}

function printRows(feature, size, rows) {
  const { title, things, one, hasHeap } = features[feature]
  console.log(`\n## ${title}: ${size} ${things}${feature === 'archive' ? `, ${pageSize} in a page` : ''}\n`)
  const head = [
    'client',
    `CPU µs per ${one}`,
    `CPU time, ${versionOf(base.client)} = 1`,
    `CPU time per ${one}, with ${size / quarter} = 1`,
    'ms in all',
    ...(hasHeap ? [`bytes per ${one}`] : []),
  ]
  const cells = ({ name, microseconds, ratio, linearity, wallMs, heapBytes }) => [
    name,
    microseconds.toFixed(1),
    formatRatio(ratio),
    formatRatio(linearity),
    wallMs.toFixed(0),
    ...(hasHeap ? [formatSpread(heapBytes)] : []),
  ]
  console.log(table(head, rows.map(cells)))
}

/** Measures what large accounts cost. Returns how many measurements worked, did not, or lacked a client. */
export async function size({ short, json }) {
  const plan = short ? shortPlan : fullPlan
  const slixmpp = slixmppVersion()
  const present = contenders.filter(({ client }) => client !== 'slixmpp' || slixmpp !== undefined)
  const jobs = jobsOf(present, plan)
  const machine = `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`
  const date = new Date().toISOString().slice(0, 10)
  console.log(`# Large accounts, ${date}\n\n${machine}\nmedian (least–greatest) of ${plan.rounds} interleaved rounds`)
  const server = new SizeRounds()
  const { results, failures } = await server
    .start()
    .then(() => interleave(plan.rounds, jobs, keyOf, (job) => server.run(job)))
    .finally(() => server.stop())
  const report = { date, machine, rounds: plan.rounds, features: {} }
  for (const feature of Object.keys(features)) {
    const count = features[feature].size * plan.share
    const rows = present.map((contender) => rowOf(results, contender, feature, count, slixmpp))
    report.features[feature] = { size: count, rows }
    printRows(feature, count, rows)
  }
  if (json) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  for (const failure of failures) console.error(`failed: ${failure}`)
  const missing = (contenders.length - present.length) * plan.rounds * Object.keys(features).length * 2
  if (missing > 0) console.log('\nskipped: slixmpp (the Debian package python3-slixmpp is not installed)')
  return { passed: plan.rounds * jobs.length - failures.length, failed: failures.length, skipped: missing }
}

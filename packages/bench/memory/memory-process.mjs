// What idle connections of one contender take: a process of its own, so that nobody pays for another one's code.
// Usage (forked by suite.mjs, with --expose-gc): memory-process.mjs '{"client", "service", "warmUp", "count"}'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds in which what a login leaves behind can end. */
const rest = 1500

const { client, service, warmUp, count } = JSON.parse(process.argv[2])
const { connect } = await import(`./clients/${client}.mjs`)
const kept = []

async function connectUpTo(total) {
  while (kept.length < total) {
    kept.push(await connect(service, kept.length))
    process.send('connected') // some take long
  }
}

/** What is in use when nothing happens and nothing is left to collect. */
async function settled() {
  await sleep(rest)
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await sleep(100)
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}

// Code, its caches and the first pages of the heap are not per connection.
await connectUpTo(warmUp)
const before = await settled()
await connectUpTo(warmUp + count)
const after = await settled()
process.send({ rss: (after.rss - before.rss) / count, heapUsed: (after.heapUsed - before.heapUsed) / count })
process.on('message', () => process.exit(0))

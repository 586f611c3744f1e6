// One client and one thing that may be large: a process of its own, so that no client finds code warmed up by another.
// Usage (forked by size-rounds.mjs, with --expose-gc): size-process.mjs '{"client", "transport", "service", "ca", "feature"}'
import { setTimeout as sleep } from 'node:timers/promises'
import { Seen } from './seen.mjs'

/** What is in use when nothing is left to collect. */
async function settledHeap() {
  for (let i = 0; i < 4; i++) {
    await sleep(20)
    globalThis.gc()
  }
  return process.memoryUsage().heapUsed
}

const options = JSON.parse(process.argv[2])
const { ask } = await import(`./clients/${options.client}.mjs`)
const seen = new Seen()
const go = new Promise((resolve) => process.once('message', resolve))
const { done } = await ask(options, seen)
await go

const before = await settledHeap()
process.send('measuring')
const cpu = process.cpuUsage()
const wall = performance.now()
// A global, so that it is still there when the heap is looked at.
globalThis.kept = await done
const { user, system } = process.cpuUsage(cpu)
const times = { cpuMs: (user + system) / 1000, wallMs: performance.now() - wall }
const heapBytes = (await settledHeap()) - before
process.send({ ...times, heapBytes, seen }, () => process.exit(0))

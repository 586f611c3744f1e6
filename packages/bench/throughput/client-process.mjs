// One client, one direction, one round: a process of its own, so that no client finds code warmed up by another.
// Usage (forked by rounds.mjs): client-process.mjs '{"client", "transport", "service", "ca", "direction", "count"}'
import { MessageCount } from './message-count.mjs'
import { bodyOf, idOf } from './traffic.mjs'

/** Sends between two turns of the event loop, as when a chunk full of messages is answered. */
const batch = 100

const options = JSON.parse(process.argv[2])
const count = new MessageCount(options.count)

/** Resolves with the next message from the parent of this type. */
function told(type) {
  return new Promise((resolve) => {
    const listener = (message) => {
      if (message !== type) return
      process.off('message', listener)
      resolve()
    }
    process.on('message', listener)
  })
}

async function measure(work) {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - wall }
}

async function receive() {
  process.send('listening')
  await count.done
}

async function sendAll(connection) {
  const arrived = told('arrived')
  for (let i = 0; i < options.count; i += batch) {
    const pending = []
    for (let j = i; j < Math.min(i + batch, options.count); j++) pending.push(connection.send(idOf(j), bodyOf(j)))
    // Promises where the client's `send` returns one; a handle or nothing otherwise.
    await Promise.all(pending)
    if (options.confirmed) await connection.confirm(pending.at(-1))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await arrived
}

const { connect } = await import(`./clients/${options.client}.mjs`)
const connection = await connect(options, (...parts) => count.add(...parts))
const go = told('go')
process.send('ready')
await go
const times = await measure(options.direction === 'receive' ? receive : () => sendAll(connection))
const { messages, characters, senders, requests } = count
process.send({ ...times, seen: { messages, characters, senders, requests } }, () => process.exit(0))

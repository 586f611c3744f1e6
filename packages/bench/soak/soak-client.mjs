// One of two clients that send each other numbered messages as fast as they are acknowledged.
// Usage (forked by suite.mjs): soak-client.mjs '{"jid", "password", "to", "service", "ca"}'
import { createClient } from '@couplet/client'
import { attr, element, message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { Ledger } from './ledger.mjs'

/** Messages under way without an acknowledgement. */
const windowSize = 50
/** A sample of the heap every so many messages. */
const sampleEvery = 20_000

const Numbered = element('urn:couplet:soak', 'n', { value: attr('value') })
const { jid, password, to, service, ca } = JSON.parse(process.argv[2])
const client = createClient({ jid, password, service, transports: [tcp({ ca })] })
const ledger = new Ledger()
const heapMb = []
let sending = true
let count = 0
let failed = 0

client.onMessage(Numbered, ({ value }) => ledger.add(Number(value)))

async function sendAll() {
  while (sending) {
    const handles = []
    for (let i = 0; i < windowSize; i++) {
      const body = `message ${count}: ${'x'.repeat(count % 300)} é ☕`
      handles.push(client.send(message({ to, type: 'chat', body }, Numbered({ value: String(count++) }))))
    }
    const outcomes = await Promise.allSettled(handles.map(({ acked }) => acked))
    failed += outcomes.filter(({ status }) => status === 'rejected').length
    if (count % sampleEvery === 0) sampleHeap()
  }
}

function sampleHeap() {
  heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e6))
  if (heapMb.length > 8) heapMb.splice(1, 1)
}

let done
const commands = {
  start: () => {
    sampleHeap()
    done = sendAll()
    process.send({ type: 'started' })
  },
  stop: async () => {
    sending = false
    await done
    sampleHeap()
    process.send({ type: 'sent', count, failed, heapMb })
  },
  report: () => process.send({ type: 'received', ledger }),
}

process.on('message', (command) => void commands[command]())
await client.online()
process.send({ type: 'online' })

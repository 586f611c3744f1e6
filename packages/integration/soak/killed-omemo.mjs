// A device that is killed and started again: it encrypts numbered texts, and writes down what was accepted and handled.
// Usage (forked by test/soak/omemo-kills.test.ts): killed-omemo.mjs '{"jid", "password", "to", "service", "ca", "folder", "version"}'
import { join } from 'node:path'
import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { fileStore } from '@couplet/file-store'
import { mam } from '@couplet/mam'
import { omemo } from '@couplet/omemo'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { tcp } from '@couplet/tcp'
import { handledLog, numberLog } from './number-log.mjs'

const { jid, password, to, service, ca, folder, version } = JSON.parse(process.argv[2])
const sent = numberLog(join(folder, 'sent'))
const handled = handledLog(join(folder, 'handled'))
const store = fileStore(join(folder, 'state'))
const client = createClient({
  jid,
  password,
  service,
  transports: [tcp({ ca })],
  plugins: [
    disco(),
    caps(),
    pubsub(),
    pep(),
    carbons(),
    mam({ catchUp: { limit: 1_000_000 } }),
    omemo({ versions: [version], policy: { staleAfter: 1_000_000 } }),
  ],
  store,
})
client.omemo.follow(client)
let isGreeted = () => {}
const greeted = new Promise((resolve) => {
  isGreeted = resolve
})
if (handled.numbers.size > 0) isGreeted()
client.omemo.onMessage(({ body, from }) => {
  if (String(from.bare) !== to) return
  handled.take(Number(body))
  isGreeted()
})
client.omemo.onOutcome(({ status, reason }) => {
  if (status === 'failed') process.send({ failed: reason })
})
client.on('error', (error) => process.send({ failed: String(error) }))
client.on('status', (status) => {
  if (status.state === 'online') process.send({ online: status.resumed })
})

let stopping = false
process.on('message', () => {
  stopping = true
})

await client.online()
await client.omemo.enable()
process.send({ ready: (await client.omemo.self()).deviceId })
await greeted // peers with one session for each device lose texts when both begin at once
for (let number = Math.max(-1, ...sent.numbers) + 1; !stopping; number++) {
  // The same id, should it be encrypted twice because the end came before the log was written.
  const { acked } = await client.omemo.send({ id: `killed-${number}`, to, body: String(number) })
  sent.add(number)
  await acked
  process.send({ sent: number })
}
process.send({ stopped: true }) // and is killed, as in all its lives

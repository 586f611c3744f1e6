// A client that is killed and started again: it sends numbered messages, and writes down what it has sent and handled.
// Usage (forked by test/soak/kills.test.ts): killed-client.mjs '{"jid", "password", "to", "service", "ca", "folder"}'
import { join } from 'node:path'
import { carbons } from '@couplet/carbons'
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { fileStore } from '@couplet/file-store'
import { mam } from '@couplet/mam'
import { attr, element, message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { handledLog, numberLog } from './number-log.mjs'

const { jid, password, to, service, ca, folder } = JSON.parse(process.argv[2])
const Numbered = element('urn:couplet:soak', 'n', { value: attr('value') })

const sent = numberLog(join(folder, 'sent'))
const handled = handledLog(join(folder, 'handled'))
const store = fileStore(join(folder, 'state'))
const client = createClient({
  jid,
  password,
  service,
  transports: [tcp({ ca })],
  // However much came meanwhile, all of it is wanted: no gaps.
  plugins: [disco(), carbons(), mam({ catchUp: { limit: 1_000_000 } })],
  store,
})

function take(inbound) {
  const value = inbound.get(Numbered)?.value
  if (value !== undefined && String(inbound.from?.bare) === to) handled.take(Number(value))
}

client.onMessage(take)
client.mam.onMissed(take)
client.on('error', (error) => console.error('killed-client:', error))
client.on('status', (status) => {
  if (status.state === 'online') process.send({ online: status.resumed })
})

let stopping = false
process.on('message', () => {
  stopping = true
})

await client.online()
for (let number = Math.max(-1, ...sent.numbers) + 1; !stopping; number++) {
  // The same id, should it be sent twice because the end came between the two lines.
  const id = `killed-${number}`
  const handle = client.send(
    message({ id, to, type: 'chat', body: String(number) }, Numbered({ value: String(number) })),
  )
  await handle.accepted
  sent.add(number)
  await handle.acked
}
await client.close()
await store.close()
process.disconnect()

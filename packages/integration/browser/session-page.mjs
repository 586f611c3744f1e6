// A chat page that keeps its session in IndexedDB; the test calls `chat`, and hears about everything through `report`.
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { indexedDbStore } from '@couplet/indexeddb-store'
import { mam } from '@couplet/mam'
import { sendPing } from '@couplet/ping'
import { message } from '@couplet/stanza'
import { webSocket } from '@couplet/websocket'

const report = (event) => globalThis.report(event)

let client

/** Goes online, or tries to; resolves at once. */
const start = ({ account, service, catchUp = false }) => {
  client = createClient({
    ...account,
    service,
    store: indexedDbStore('chat'),
    plugins: catchUp ? [disco(), mam({ catchUp: true })] : [],
    transports: [webSocket()],
  })
  client.on('status', ({ state, resumed, delay, error }) => {
    report({ type: 'status', state, resumed, delay, error: error && String(error), jid: String(client.jid) })
  })
  client.on('error', (error) => report({ type: 'error', error: String(error) }))
  client.onMessage(({ body }) => {
    if (body !== undefined) report({ type: 'message', body })
  })
  client.online().catch(() => {}) // reported
}

/** Sends; what becomes of it is reported. */
const send = (to, body) => {
  const { accepted, acked } = client.send(message({ to, type: 'chat', body }))
  const tell = (type) => (error) => report({ type, body, error: error && String(error) })
  accepted.then(tell('accepted'), tell('failed'))
  acked.then(tell('acked'), tell('failed'))
}

for (const [target, types] of [
  [globalThis, ['online', 'offline', 'pageshow']],
  [document, ['freeze', 'resume']],
]) {
  for (const type of types) target.addEventListener(type, ({ persisted }) => report({ type, persisted }))
}

globalThis.chat = { start, send, ping: () => client.request(sendPing, true), close: () => client.close() }

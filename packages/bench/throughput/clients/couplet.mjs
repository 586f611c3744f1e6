import { createClient } from '@couplet/client'
import { marker, message, tagged } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { jid, namespaces, password, peer } from '../traffic.mjs'

const ReceiptRequest = marker(namespaces.receipts, 'request')
const ChatState = tagged(namespaces.chatStates, 'active')
const Markable = marker(namespaces.markers, 'markable')

/** Logs in. `confirmed` awaits the server's acknowledgement after each batch of sends. */
export async function connect({ transport, service, ca }, onMessage) {
  const transports = [transport === 'tcp' ? tcp({ ca }) : webSocket({ ca })]
  const client = createClient({ jid, password, dangerouslyAllowPlain: true, service, transports, reconnect: false })
  client.onMessage((received) => onMessage(received.body, received.from, received.get(ReceiptRequest)))
  await client.online()
  return {
    send: (id, body) =>
      client.send(message({ to: peer, type: 'chat', id, body }, ReceiptRequest(), ChatState('active'), Markable())),
    confirm: (handle) => handle.acked,
    close: () => client.close(),
  }
}

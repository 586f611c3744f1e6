import { createClient } from 'stanza'
import { jid, password, peer } from '../traffic.mjs'

/** Logs in, over WebSocket only: the client has no TCP transport. */
export async function connect({ service }, onMessage) {
  const client = createClient({
    jid,
    password,
    resource: 'bench',
    sendReceipts: false,
    chatMarkers: false,
    autoReconnect: false,
    transports: { websocket: service, bosh: false },
  })
  client.on('message', (message) => onMessage(message.body, message.from, message.receipt?.type === 'request'))
  await new Promise((resolve, reject) => {
    client.on('session:started', resolve)
    client.on('auth:failed', () => reject(new Error('authentication failed')))
    client.on('disconnected', () => reject(new Error('disconnected')))
    client.connect()
  })
  client.sendPresence()
  return {
    send: (id, body) => {
      client.sendMessage({
        to: peer,
        type: 'chat',
        id,
        body,
        receipt: { type: 'request' },
        chatState: 'active',
        marker: { type: 'markable' },
      })
    },
    close: () => client.disconnect(),
  }
}

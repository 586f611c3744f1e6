import { createClient } from 'stanza'
import { domain, passwordOf, userOf } from '../accounts.mjs'

/** A client that is online, over WebSocket only: it has no TCP transport. */
export async function connect(service, i) {
  const client = createClient({
    jid: `${userOf(i)}@${domain}`,
    password: passwordOf(i),
    transports: { websocket: service, bosh: false },
  })
  // Without a channel binding, which the loopback server would want with these.
  for (const hash of ['1', '256']) client.sasl.disable(`SCRAM-SHA-${hash}-PLUS`)
  client.on('message', () => {})
  await new Promise((resolve, reject) => {
    client.on('session:started', resolve)
    client.on('auth:failed', () => reject(new Error('authentication failed')))
    client.on('disconnected', () => reject(new Error('disconnected')))
    client.connect()
  })
  client.sendPresence()
  return client
}

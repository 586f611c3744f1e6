import { createClient } from '@couplet/client'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { domain, passwordOf, userOf } from '../accounts.mjs'

/** A client that is online, with a handler as every one has. */
export async function connect(service, i) {
  const transports = [service.startsWith('wss') ? webSocket() : tcp()]
  const client = createClient({ jid: `${userOf(i)}@${domain}`, password: passwordOf(i), service, transports })
  client.onMessage(() => {})
  await client.online()
  return client
}

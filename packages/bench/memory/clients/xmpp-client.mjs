import { client as createClient, xml } from '@xmpp/client'
import WebSocket from 'ws'
import { domain, passwordOf, userOf } from '../accounts.mjs'

/** A client that is online. Node 20 has no WebSocket of its own, so `ws` stands in. */
export async function connect(service, i) {
  globalThis.WebSocket ??= WebSocket
  const client = createClient({ service, domain, username: userOf(i), password: passwordOf(i) })
  client.timeout = 30_000 // other processes may keep the machine busy
  client.on('error', () => {})
  client.on('stanza', () => {})
  await client.start()
  await client.send(xml('presence'))
  if (!client.streamManagement.enabled) throw new Error('stream management is not on')
  return client
}

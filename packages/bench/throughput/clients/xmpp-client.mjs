import { client as createClient, xml } from '@xmpp/client'
import WebSocket from 'ws'
import { domain, namespaces, password, peer, username } from '../traffic.mjs'

const { receipts, chatStates, markers } = namespaces

/** Logs in. Node 20 has no WebSocket of its own, so `ws` stands in. */
export async function connect({ service }, onMessage) {
  globalThis.WebSocket ??= WebSocket
  const client = createClient({ service, domain, username, password, resource: 'bench' })
  client.reconnect.stop()
  client.on('error', () => {})
  client.on('stanza', (stanza) => {
    if (!stanza.is('message')) return
    onMessage(stanza.getChildText('body'), stanza.attrs.from, stanza.getChild('request', receipts) !== undefined)
  })
  await client.start()
  await client.send(xml('presence'))
  return {
    send: (id, body) =>
      client.send(
        xml(
          'message',
          { to: peer, type: 'chat', id },
          xml('body', {}, body),
          xml('request', { xmlns: receipts }),
          xml('active', { xmlns: chatStates }),
          xml('markable', { xmlns: markers }),
        ),
      ),
    close: () => client.stop(),
  }
}

import { createClient } from '@couplet/client'
import { tcp } from '@couplet/tcp'
import { scriptedServer } from '@couplet/testing'
import { expect, test } from 'vitest'
import { changePassword, deleteAccount } from '../src/index.js'

const secret = 'Gr0undl!ngs'

test('S-067 without TLS nothing is asked, whatever the server offers', async () => {
  await using server = await scriptedServer(
    async (peer) => {
      await peer.streamHeader()
      await peer.offer(`<register xmlns='http://jabber.org/features/iq-register'/>`)
      await peer.expectElement('urn:ietf:params:xml:ns:xmpp-tls', 'starttls')
      await peer.send(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>`)
      await peer.closed
    },
    { transport: 'tcp', user: 'me', password: 'old-secret' },
  )
  await using client = createClient({
    jid: 'me@example.org',
    password: 'old-secret',
    service: server.service,
    transports: [tcp({ ca: server.ca })],
    reconnect: false,
  })
  const changed = changePassword(client, secret)
  const deleted = deleteAccount(client)
  const outcomes = Promise.allSettled([changed, deleted, client.online()])
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  const received = server.peers[0]?.received ?? ''
  expect(received).toContain('starttls')
  for (const word of [secret, 'jabber:iq:register', 'old-secret']) expect(received).not.toContain(word)
})

import { randomUUID } from 'node:crypto'
import { message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { describe, expect, test } from 'vitest'
import { newClient, openClient } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { targets } from './targets.js'

const live = (await targets()).filter(({ server }) => server)

describe.each(live)('other logins to $title', (target) => {
  const server = target.server!
  const { hosts, ip, ports, ca } = server
  const service = `xmpp://${ip}:${ports.c2sExternal}`

  test.each(['xmpps', 'xmpp', 'wss'] as const)('ANONYMOUS over %s', async (scheme) => {
    const client = await openClient(target, { scheme, jid: hosts.anonymous, anonymous: true })
    expect(client.account.domain).toBe(hosts.anonymous)
    expect(client.account.local).toBeTruthy()
    expect(client.jid.isFull()).toBe(true)
  })

  test('a refused password does not become an anonymous login', async () => {
    const account = { jid: `somebody@${hosts.anonymous}`, password: 'secret' }
    const client = await newClient(target, { account })
    await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError', code: 'no-mechanism' })
  })

  test('EXTERNAL by a client certificate', async () => {
    const jid = `me@${hosts.external}`
    const { cert, key } = await server.clientCertificate(jid)
    const client = await openClient(target, {
      jid,
      external: true,
      service,
      transports: [tcp({ ca, cert, key })],
    })
    expect(client.jid.bare.toString()).toBe(jid)
  })

  test('EXTERNAL without a certificate is refused', async () => {
    const client = await newClient(target, {
      jid: `me@${hosts.external}`,
      external: true,
      service,
    })
    await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError' })
  })

  test('accounts that are stored for one hash log in with that one', async () => {
    const account = await server.createUser(`u${randomUUID().slice(0, 8)}@${hosts.sha256}`)
    const client = await openClient(target, { account, mechanisms: ['SCRAM-SHA-256'] })
    expect(client.jid.bare.toString()).toBe(account.jid)
  })

  test('nobody logs in over a WebSocket without TLS', async () => {
    const { transport, recording } = recordingTransport(webSocket())
    const plain = `ws://${ip}:${ports.http}${server.wsPath}`
    const client = await newClient(target, { service: plain, transports: [transport] })
    await expect(client.online()).rejects.toMatchObject({ name: 'ConnectionError', code: 'tls-required' })
    expect(recording.endpoints).toEqual([plain])
    expect(recording.sent).not.toMatch(/<auth|@/)
  })

  test('a host without any extension', async () => {
    const account = await server.createUser(`u${randomUUID().slice(0, 8)}@${hosts.old}`)
    const client = await openClient(target, { account, scheme: 'wss' })
    await client.send(message({ to: account.jid, body: 'to myself' })).acked
  })

  if (server.kind === 'ejabberd') {
    // XEP-0440 §3, rule 5: types without mechanisms mean that somebody removed the mechanisms.
    test('with -PLUS switched off it still lists channel-binding types, and is taken for an attack', async () => {
      const account = await server.createUser(`u${randomUUID().slice(0, 8)}@${hosts.old}`)
      const client = await newClient(target, { account })
      await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError', code: 'channel-binding' })
    })
  }
})

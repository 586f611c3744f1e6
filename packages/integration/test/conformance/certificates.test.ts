import type { ConnectionErrorCode } from '@couplet/client'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { describe, expect, test } from 'vitest'
import { newClient, statesOf } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { type Scheme, schemes, type Target, targets } from './targets.js'

/** Tries to log in to a host; it must fail for its certificate, once, and without a word about the account. */
const expectRefused = async (target: Target, scheme: Scheme, host: string, code: ConnectionErrorCode, ca?: string) => {
  const { transport, recording } = recordingTransport(
    scheme === 'wss' ? webSocket(ca ? { ca } : {}) : tcp(ca ? { ca } : {}),
  )
  const account = { jid: `somebody@${host}`, password: 'secret' }
  const client = await newClient(target, { scheme, account, transports: [transport], reconnect: true })
  const states = statesOf(client)
  const error = { name: 'ConnectionError', phase: 'tls', code, retry: 'user' }
  await expect(client.online()).rejects.toMatchObject(error)
  expect(states).toEqual(['connecting', 'offline'])
  expect(recording.endpoints.length).toBe(scheme === 'xmpp' ? 1 : 0) // STARTTLS begins on a connection
  expect(recording.sent).not.toMatch(/somebody|<auth/)
}

describe.each(await targets())('certificates of $title', (target) => {
  test.each(schemes)('%s: an authority that nobody trusts', async (scheme) => {
    await expectRefused(target, scheme, target.domain, 'certificate-untrusted')
  })

  if (target.features.has('bad-certificates')) {
    const { expired, wrongName } = target.server!.hosts
    test.each(['xmpps', 'xmpp'] as const)('%s: a certificate that has expired', async (scheme) => {
      await expectRefused(target, scheme, expired!, 'certificate-expired', target.ca)
    })

    test.each(['xmpps', 'xmpp'] as const)('%s: a certificate for another name', async (scheme) => {
      await expectRefused(target, scheme, wrongName!, 'certificate-name', target.ca)
    })
  }

  // Prosody ends the handshake when it does not know the name; others present the certificate they have.
  const refusal = target.server?.kind === 'prosody' ? 'tls-failed' : 'certificate-name'
  test(`xmpps: a good certificate, but not for the domain of the account (${refusal})`, async () => {
    const account = { jid: 'somebody@elsewhere.test', password: 'secret' }
    const client = await newClient(target, { account })
    await expect(client.online()).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls', code: refusal })
  })
})

import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { describe, expect, test } from 'vitest'
import { newClient, openClient, statesOf } from './open-client.js'
import { type Recording, recordingTransport } from './recording-transport.js'
import { type Scheme, schemes, type Target, targets } from './targets.js'

/** Options of a client whose traffic is recorded. */
const recorded = (target: Target, scheme: Scheme) => {
  const { ca } = target
  const { transport, recording } = recordingTransport(scheme === 'wss' ? webSocket({ ca }) : tcp({ ca }))
  return { options: { scheme, transports: [transport] }, recording }
}

/** Mechanism and first message of the login, as they were sent, by SASL2 or by SASL as RFC 6120 has it. */
const authOf = ({ sent }: Recording) => {
  const form = /<auth(?:enticate)? [^>]*mechanism=['"]([^'"]+)['"][^>]*>(?:<initial-response>)?([^<]*)/
  const [, mechanism, initial = ''] = form.exec(sent) ?? []
  return { mechanism, initial: Buffer.from(initial, 'base64').toString() }
}

/** What the server listed for SASL as RFC 6120 has it; SASL2 has lists of its own. */
const offered = ({ received }: Recording) => {
  const [list = ''] = /<mechanisms.*?<\/mechanisms>/s.exec(received) ?? []
  return [...list.matchAll(/<mechanism>([^<]+)</g)].map(([, name]) => name).sort()
}

/** A browser-like transport knows nothing of its TLS connection: nothing can be bound to it. */
const usable = (target: Target, scheme: Scheme) =>
  target.mechanisms.filter((name) => scheme !== 'wss' || !name.endsWith('-PLUS'))

describe.each(await targets())('login to $title', (target) => {
  const binds = target.features.has('channel-binding')

  describe.each(schemes)('over %s', (scheme) => {
    test.each(usable(target, scheme))('with %s', async (mechanism) => {
      const { options, recording } = recorded(target, scheme)
      const account = await target.createUser()
      const isPlain = mechanism === 'PLAIN'
      const client = await openClient(target, {
        ...options,
        account,
        mechanisms: [mechanism],
        ...(isPlain && { dangerouslyAllowPlain: true }),
      })
      expect(client.jid.bare.toString()).toBe(account.jid)
      expect(authOf(recording).mechanism).toBe(mechanism)
      if (!isPlain) expect(recording.sent).not.toContain(account.password)
    })

    test('never with PLAIN unless that is allowed', async () => {
      const client = await newClient(target, { scheme, mechanisms: ['PLAIN'] })
      await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError', code: 'no-mechanism' })
    })

    test('a wrong password ends it, and nothing is tried again', async () => {
      const { jid } = await target.createUser()
      const account = { jid, password: 'not this one' }
      const client = await newClient(target, { scheme, account, reconnect: true })
      const states = statesOf(client)
      const error = { name: 'AuthenticationError', condition: 'not-authorized', retry: 'user' }
      await expect(client.online()).rejects.toMatchObject(error)
      expect(states).toEqual(['connecting', 'offline'])
      expect(client.status).toMatchObject({ state: 'offline', error })
    })

    test('an account that does not exist is no different from a wrong password', async () => {
      const account = { jid: `nobody@${target.domain}`, password: 'whatever' }
      const client = await newClient(target, { scheme, account })
      await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError', condition: 'not-authorized' })
    })
  })

  test('offers the mechanisms that are tested here, all of them', async () => {
    const { options, recording } = recorded(target, 'xmpps')
    await openClient(target, options)
    expect(offered(recording)).toEqual(target.mechanisms)
  })

  test(`chooses the strongest${binds ? ', bound to the TLS 1.3 connection by tls-exporter' : ''}`, async () => {
    for (const scheme of ['xmpps', 'xmpp'] as const) {
      const { options, recording } = recorded(target, scheme)
      await openClient(target, options)
      const { mechanism, initial } = authOf(recording)
      const hash = target.mechanisms.includes('SCRAM-SHA-512') ? '512' : '256'
      expect(mechanism).toBe(`SCRAM-SHA-${hash}${binds ? '-PLUS' : ''}`)
      // RFC 5802 §6: `p` binds; `y` says that the client could, and the server must not have offered it.
      expect(initial).toMatch(binds ? /^p=tls-exporter,,n=/ : /^y,,n=/)
    }
  })

  test('over WebSocket, says that it cannot bind', async () => {
    const { options, recording } = recorded(target, 'wss')
    await openClient(target, options)
    expect(authOf(recording).initial).toMatch(/^n,,n=/)
  })

  test.each(schemes)('over %s with the resource that is asked for', async (scheme) => {
    const { jid, password } = await target.createUser()
    const client = await openClient(target, { scheme, account: { jid: `${jid}/my résumé`, password } })
    expect(client.jid.toString()).toBe(`${jid}/my résumé`)
  })

  test('a password of any alphabet', async () => {
    const password = 'pässwörd – пароль 密码 ①'
    const client = await openClient(target, { account: await target.createUser(password) })
    expect(client.status.state).toBe('online')
  })

  test('a host that the server does not serve', async () => {
    const account = { jid: 'somebody@unknown.test', password: 'whatever' }
    const client = await newClient(target, { scheme: 'xmpp', account, reconnect: true })
    const states = statesOf(client)
    await expect(client.online()).rejects.toMatchObject({ name: 'StreamError', condition: 'host-unknown' })
    expect(states).toEqual(['connecting', 'offline'])
  })
})

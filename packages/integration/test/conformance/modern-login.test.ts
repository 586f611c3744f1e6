import {
  type ClientOptions,
  type Connection,
  memoryStore,
  type Plugin,
  type StateStore,
  type Transport,
} from '@couplet/client'
import { sendPing } from '@couplet/ping'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { type OpenOptions, openClient } from './open-client.js'
import { type Recording, recordingTransport } from './recording-transport.js'
import { type Scheme, schemes, type Target, targets } from './targets.js'

/** Servers that are meant to have SASL2 where they are reached like this. */
const isModern = ({ name, server }: Target, scheme: Scheme): boolean =>
  name === 'loopback' || (server?.features.includes(scheme === 'wss' ? 'sasl2-websocket' : 'sasl2') ?? false)

/** Says that it looks into the archive for what was missed: only then is Bind 2 used. */
const archivist: Plugin<'archivist', Record<never, never>> = {
  name: 'archivist',
  needs: {},
  setup: (context) => {
    context.catchesUp(() => true)
    return {}
  },
}

/** One login of an account, with what went over the wire; the client ends with the test. */
async function logIn(
  target: Target,
  scheme: Scheme,
  account: Account,
  store: StateStore,
  options: Partial<ClientOptions> = {},
) {
  const { ca } = target
  const { transport, recording } = recordingTransport(scheme === 'wss' ? webSocket({ ca }) : tcp({ ca }))
  const connections: Connection[] = []
  const noting: Transport = {
    ...transport,
    connect: async (how) => {
      const connection = await transport.connect(how)
      connections.push(connection)
      return connection
    },
  }
  const given = { scheme, account, store, transports: [noting], plugins: [archivist] as const, ...options }
  const client = await openClient(target, given as OpenOptions<[]>)
  return { client, recording, connections }
}

const mechanismsOf = ({ sent }: Recording): readonly (string | undefined)[] =>
  [...sent.matchAll(/<auth(?:enticate)? [^>]*mechanism=['"]([^'"]+)/g)].map(([, name]) => name)

/** The one record that the logins of an account keep. */
async function tokenOf(store: StateStore, account: Account) {
  const record = await store.get(`${account.jid}/login`)
  return (record?.value as { token?: { mechanism: string; token: string; count: number } } | undefined)?.token
}

/** What is remembered, as far as it is spoilt here. */
interface Remembered {
  readonly token: { readonly token: string }
  readonly offers: Readonly<Record<string, { readonly mechanisms: readonly string[] }>>
}

/** Changes what is remembered, as if the server had. */
async function spoil(store: StateStore, account: Account, change: (value: Remembered) => object): Promise<void> {
  const key = `${account.jid}/login`
  const value = (await store.get(key))?.value as Remembered
  await store.batch([{ key, record: { version: 1, value: { ...value, ...change(value) } } }])
}

describe.each(await targets())('login to $title', (target) => {
  describe.each(schemes.filter((scheme) => isModern(target, scheme)))('SASL2 over %s', (scheme) => {
    test('authenticates, binds and manages the stream in one exchange, in one stream', async () => {
      const { client, recording } = await logIn(target, scheme, await target.createUser(), memoryStore())
      expect(recording.sent).toMatch(/<bind xmlns='urn:xmpp:bind:0'>.*<enable xmlns='urn:xmpp:sm:3' resume='true'\/>/)
      expect(recording.sent).not.toContain(`xmlns='urn:ietf:params:xml:ns:xmpp-bind'`)
      const headers = recording.sent.match(scheme === 'wss' ? /<open / : /<stream:stream /g) ?? []
      expect(headers).toHaveLength(scheme === 'xmpp' ? 2 : 1)
      expect(client.jid.resource).toMatch(/couplet/)
    })

    test('binds as ever, in the same stream, where nobody looks into the archive', async () => {
      const { client, recording } = await logIn(target, scheme, await target.createUser(), memoryStore(), {
        plugins: [],
      })
      expect(recording.sent).not.toContain(`xmlns='urn:xmpp:bind:0'`)
      expect(recording.sent).toMatch(/<authenticate .*<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'\/><\/iq><enable /s)
      expect(recording.received).toContain('<enabled ')
      expect(client.status.state).toBe('online')
    })

    test('gets a token, and uses it the next time, without waiting and without the password', async () => {
      const account = await target.createUser()
      const store = memoryStore()
      const first = await logIn(target, scheme, account, store)
      await first.client.close()
      expect(mechanismsOf(first.recording)[0]).toMatch(/^SCRAM-/)
      const given = await tokenOf(store, account)
      expect(given?.mechanism).toMatch(scheme === 'wss' ? /^HT-SHA-256-NONE$/ : /^HT-SHA-256-EXPR$/)

      const password = (): never => expect.fail('the password is not needed')
      const second = await logIn(target, scheme, account, store, { password })
      expect(mechanismsOf(second.recording)).toEqual([given?.mechanism])
      expect(second.client.jid.bare.toString()).toBe(account.jid)
      const header = /<(?:stream:stream|open) [^>]*from=[^>]*><authenticate /
      expect(second.recording.sent).toMatch(header) // one behind the other
      const now = await tokenOf(store, account)
      expect(now?.count).toBe(now?.token === given?.token ? 1 : 0) // some servers give a new one
    })

    test('with a password alone, begins at once by SCRAM the next time', async () => {
      const account = await target.createUser()
      const store = memoryStore()
      const first = await logIn(target, scheme, account, store)
      await first.client.close()
      await spoil(store, account, () => ({ token: undefined }))
      const second = await logIn(target, scheme, account, store)
      expect(mechanismsOf(second.recording)).toHaveLength(1)
      expect(second.recording.sent).toMatch(/<(?:stream:stream|open) [^>]*from=[^>]*><authenticate [^>]*SCRAM/)
    })

    test('goes on by what is offered now when that is something else than the last time', async () => {
      const account = await target.createUser()
      const store = memoryStore()
      const first = await logIn(target, scheme, account, store)
      await first.client.close()
      const change = (offer: { readonly mechanisms: readonly string[] }) => ({
        ...offer,
        mechanisms: [...offer.mechanisms, 'X-GONE'],
      })
      await spoil(store, account, ({ offers }) => ({
        token: undefined,
        offers: Object.fromEntries(Object.entries(offers).map(([name, offer]) => [name, change(offer)])),
      }))
      const second = await logIn(target, scheme, account, store)
      expect(second.recording.sent).toMatch(/<(?:stream:stream|open) [^>]*from=[^>]*><authenticate [^>]*SCRAM/)
      expect(mechanismsOf(second.recording)).toHaveLength(1)
      expect(second.recording.endpoints).toHaveLength(1)
      expect(second.client.status.state).toBe('online')
    })

    test('goes back to the password, in the same stream, when the token is refused', async () => {
      const account = await target.createUser()
      const store = memoryStore()
      const first = await logIn(target, scheme, account, store)
      await first.client.close()
      await spoil(store, account, ({ token }) => ({ token: { ...token, token: `not-${token.token}` } }))
      const second = await logIn(target, scheme, account, store)
      expect(mechanismsOf(second.recording)).toEqual([
        expect.stringMatching(/^HT-SHA-256-/),
        expect.stringMatching(/^SCRAM-SHA-/),
      ])
      expect(second.recording.endpoints).toHaveLength(1)
      expect((await tokenOf(store, account))?.token).not.toMatch(/^not-/) // and there is a new one
    })

    test('resumes by token when the connection is lost: one exchange, no stanza of a beginning', async () => {
      const account = await target.createUser()
      const { client, recording, connections } = await logIn(target, scheme, account, memoryStore(), {
        reconnect: true,
      })
      const { jid } = client
      const before = recording.sent.length
      const back = new Promise<void>((resolve) => {
        client.on('status', ({ state }) => {
          if (state === 'online') resolve()
        })
      })
      connections[0]?.destroy()
      await back
      const again = recording.sent.slice(before)
      expect(again).toMatch(/<authenticate [^>]*mechanism='HT-SHA-256-[A-Z]{4}'/)
      expect(again).toMatch(/<resume xmlns='urn:xmpp:sm:3' [^>]*previd=/)
      expect(recording.received).toMatch(/<success [^>]*>.*<resumed .*<\/success>/)
      expect(again).not.toMatch(/<presence|jabber:iq:roster/)
      expect(String(client.jid)).toBe(String(jid))
      await client.request(sendPing, true).catch(() => {}) // and it lives
      expect(client.status.state).toBe('online')
    })

    test('gives the resource that is asked for, which Bind 2 cannot', async () => {
      const { jid, password } = await target.createUser()
      const account = { jid: `${jid}/desk`, password }
      const { client, recording } = await logIn(target, scheme, account, memoryStore())
      expect(String(client.jid)).toBe(`${jid}/desk`)
      expect(recording.sent).toContain('<authenticate ')
      expect(recording.sent).not.toContain(`xmlns='urn:xmpp:bind:0'`)
      const headers = recording.sent.match(scheme === 'wss' ? /<open /g : /<stream:stream /g) ?? []
      expect(headers).toHaveLength(scheme === 'xmpp' ? 2 : 1)
    })

    test('a token of one client is of no use any more when that has logged out', async () => {
      const account = await target.createUser()
      const store = memoryStore()
      const first = await logIn(target, scheme, account, store)
      const key = `${account.jid}/login`
      const kept = await store.get(key)
      await first.client.logOut()
      expect(await store.get(key)).toBeUndefined()
      await store.batch([{ key, record: kept }]) // as a thief would
      const second = await logIn(target, scheme, account, store)
      expect(mechanismsOf(second.recording)).toEqual([
        expect.stringMatching(/^HT-SHA-256-/),
        expect.stringMatching(/^SCRAM-SHA-/),
      ])
    })
  })

  describe.each(schemes.filter((scheme) => !isModern(target, scheme)))('SASL of RFC 6120 over %s', (scheme) => {
    test('asks for stream management along with the resource', async () => {
      const { client, recording } = await logIn(target, scheme, await target.createUser(), memoryStore())
      expect(recording.sent).not.toContain('<authenticate')
      expect(recording.sent).toMatch(
        /<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'\/><\/iq><enable [^>]*resume='true'/,
      )
      expect(recording.received).toContain('<enabled ')
      await client.request(sendPing, true).catch(() => {})
      expect(client.status.state).toBe('online')
    })
  })

  test.each(schemes)('over %s, a second login is no downgrade of the first', async (scheme) => {
    const account = await target.createUser()
    const store = memoryStore()
    for (const way of [scheme, 'wss', scheme] as const) {
      const { client } = await logIn(target, way, account, store)
      expect(client.status.state).toBe('online')
      await client.close()
    }
  })
})

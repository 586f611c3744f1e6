import { Jid, message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { type ClientOptions, identityOf } from './client-options.js'
import { createClient } from './create-client.js'
import { memoryStore } from './state-store.js'
import type { Transport } from './transport.js'

const transport: Transport = { name: 'fake', schemes: ['xmpps', 'wss'], connect: () => expect.fail('not yet') }
const good = { jid: 'u@example.org', password: 'p', transports: [transport] }

describe('identityOf', () => {
  test.each<[string, object]>([
    ['jid: not a JID', { jid: undefined }],
    ['jid: not a JID', { jid: 7 }],
    ['jid: has no local part', { jid: 'example.org' }],
    ['jid: an anonymous login takes the domain alone', { password: undefined, anonymous: true }],
    [
      'password: missing (or give token, external, anonymous, or a store that has been logged in with)',
      { password: '' },
    ],
    ['transports: there is none', { transports: [] }],
    ['transports: there is none', { transports: undefined }],
    ['service: not a URL', { service: 'example.org' }],
    ['service: no transport for example.org: (there is one for xmpps, wss)', { service: 'example.org:5222' }],
    ['service: not a URL', { service: '' }],
    ['service: no transport for https: (there is one for xmpps, wss)', { service: 'https://example.org' }],
    ['requestTimeout: not a positive number', { requestTimeout: 0 }],
    ['requestTimeout: not a positive number', { requestTimeout: Number.NaN }],
    ['lang: not a language tag', { lang: `en' to='evil.net` }],
    ['lang: not a language tag', { lang: '' }],
    ['limits: not a positive number: depth', { limits: { depth: 0 } }],
    ['limits: not a positive number: dept', { limits: { dept: 5 } }],
    ['store: has no get and batch', { store: {} }],
    ['mechanisms: not a list with at least one name', { mechanisms: [] }],
    ['presence: cannot be sent', { presence: { status: '\0' } }],
    ['presence: cannot be sent', { presence: { priority: 200 } }],
  ])('%s', (sentence, change) => {
    expect(() => createClient({ ...good, ...change } as ClientOptions)).toThrow(new TypeError(sentence))
  })

  test('without a password, where a store may have a token', () => {
    expect(() => createClient({ jid: 'u@example.org', transports: [transport], store: memoryStore() })).not.toThrow()
  })

  test.each(['', '@example.org', 'u@', 'u@exa mple.org'])('a bad JID is an InvalidJidError: "%s"', (jid) => {
    expect(() => identityOf({ ...good, jid })).toThrow(expect.objectContaining({ name: 'InvalidJidError' }))
  })

  test('takes the identity apart', () => {
    const identity = identityOf({ ...good, jid: 'U@Example.ORG/desk', service: 'wss://example.org/ws' })
    expect([String(identity.account), identity.resource]).toEqual(['u@example.org', 'desk'])
    expect(identity.service?.href).toBe('wss://example.org/ws')
    expect(identity.credentials).toEqual({ password: 'p', token: undefined, external: undefined, anonymous: undefined })
    expect(identityOf({ ...good, jid: Jid.parse('u@example.org') }).resource).toBeUndefined()
    const anonymous = identityOf({ jid: 'example.org', anonymous: true, transports: [transport] })
    expect(String(anonymous.account)).toBe('example.org')
  })
})

describe('createClient', () => {
  test('does nothing on the network, and is offline', () => {
    const client = createClient(good)
    expect([client.status, String(client.jid), String(client.account)]).toEqual([
      { state: 'offline' },
      'u@example.org',
      'u@example.org',
    ])
  })

  test.each(['online', 'close', 'status', 'on', 'then', 'constructor'])('no plugin takes the place of `%s`', (name) => {
    const plugins = [{ name, needs: {}, setup: () => 1 }]
    expect(() => createClient({ ...good, plugins } as never)).toThrow(TypeError)
  })

  test('can be closed before it was ever online, and more than once', async () => {
    const client = createClient(good)
    const { acked } = client.send(message({ to: 'bob@example.org', body: 'hi' }))
    await client.close()
    await client.close()
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    expect(client.status).toEqual({ state: 'offline' })
  })
})

import { inspect } from 'node:util'
import { Jid } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { NS_FAST } from '../src/elements.js'
import { LoginMemory } from '../src/login-memory.js'
import { memoryStore } from '../src/state-store.js'
import {
  type Asking,
  authenticate,
  bare,
  begin,
  bound,
  failed,
  freshMemory,
  full,
  logIn,
  memoryWithToken,
  nothing,
  type Offer,
  prove,
  proveToken,
  serve,
  success,
  token,
} from './modern-server.js'
import { expectNoSecret } from './victim.js'

const canary = 'canary-token'
const later = '2999-01-01T00:00:00Z'
const requested = ({ element }: Asking) => element.child('request-token', NS_FAST)?.attr('mechanism')
const used = ({ element }: Asking) => element.child('fast', NS_FAST)

/** Lets the client in by whatever it uses, which it notes. */
const letIn = (seen: Asking[], results = bound(), offer: Offer = {}, transport: 'memory' | 'tls' = 'memory') =>
  serve(async (peer) => {
    const asking = await begin(peer, offer)
    seen.push(asking)
    const isToken = asking.mechanism.startsWith('HT-')
    await peer.send(success(isToken ? proveToken(asking, canary) : await prove(peer, asking), results))
    await peer.offer()
  }, transport)

describe('a token is issued (XEP-0484 §3.2)', () => {
  test.each([
    ['bound to the connection, where that can be', 'tls', 'HT-SHA-256-EXPR'],
    ['unbound, where it cannot', 'memory', 'HT-SHA-256-NONE'],
  ] as const)('%s', async (_, transport, mechanism) => {
    const seen: Asking[] = []
    const memory = freshMemory()
    await using server = await letIn(seen, bound() + token(canary), {}, transport)
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
    expect(requested(seen[0] as Asking)).toBe(mechanism)
    expect(memory.token).toEqual({ mechanism, token: canary, expiry: later, count: 0 })
    expectNoSecret(login)
    expect(inspect(memory, { depth: 9, showHidden: true })).not.toContain(canary)
    expect(JSON.stringify(memory)).not.toContain(canary)
  })

  test('and is stored before the login is done', async () => {
    const store = memoryStore()
    await using server = await letIn([], bound() + token(canary))
    await using login = await logIn(server, { memory: new LoginMemory(store, Jid.parse(bare).bare) })
    expect(JSON.stringify((await store.get('login'))?.value)).toContain(canary)
    expect(String(login.jid)).toBe(full)
  })

  test.each([
    ['S-061 an expiry that is none', token(canary, 'garbage')],
    ['S-061 an expiry that only new Date understands', token(canary, '+275760-09-13T00:00:00Z')],
    ['S-061 no expiry', `<token xmlns='${NS_FAST}' token='${canary}'/>`],
    ['S-061 a past expiry', token(canary, '2020-03-12T14:36:15Z')],
    ['an empty token', token('')],
    ['an endless token', token('x'.repeat(5000))],
  ])('%s: of no use, and no obstacle', async (_, given) => {
    const memory = freshMemory()
    await using server = await letIn([], bound() + given)
    await using login = await logIn(server, { memory })
    expect([String(login.jid), memory.token]).toEqual([full, undefined])
  })
})

describe('a token is used (XEP-0484 §3.4)', () => {
  test('instead of the password, which is not asked for', async () => {
    const seen: Asking[] = []
    const fetch = vi.fn(() => 'p')
    const memory = await memoryWithToken()
    await using server = await letIn(seen)
    for (let i = 0; i < 2; i++) {
      await using login = await logIn(server, { memory, credentials: { password: fetch } })
      expect(String(login.jid)).toBe(full)
    }
    expect(seen.map(({ mechanism }) => mechanism)).toEqual(['HT-SHA-256-NONE', 'HT-SHA-256-NONE'])
    expect(seen.map((asking) => used(asking)?.attr('count'))).toEqual(['1', '2'])
    expect(seen.map(requested)).toEqual([undefined, undefined])
    expect(fetch).not.toHaveBeenCalled()
    expect(server.peers[0]?.received).not.toContain(canary)
  })

  test('and replaced by the one that comes with the success', async () => {
    const seen: Asking[] = []
    const memory = await memoryWithToken()
    await using server = await letIn(seen, bound() + token('next-token'))
    await using login = await logIn(server, { memory, credentials: nothing })
    expect(String(login.jid)).toBe(full)
    expect(memory.token).toEqual({ mechanism: 'HT-SHA-256-NONE', token: 'next-token', expiry: later, count: 0 })
  })

  test('a new one that is of no use does not replace it', async () => {
    const memory = await memoryWithToken()
    await using server = await letIn([], bound() + token('next-token', 'garbage'))
    await using login = await logIn(server, { memory, credentials: nothing })
    expect([String(login.jid), memory.token?.token]).toEqual([full, canary])
  })

  test.each([
    ['S-058 only another mechanism is offered', 'HT-SHA-256-EXPR', { fast: ['HT-SHA-256-NONE'] }, 'HT-SHA-256-NONE'],
    ['S-058 our side cannot bind', 'HT-SHA-256-EXPR', {}, 'HT-SHA-256-NONE'],
    ['tokens are offered no more', 'HT-SHA-256-NONE', { fast: [] }, undefined],
  ])('%s: not with that token', async (_, mechanism, offer, asked) => {
    const seen: Asking[] = []
    const memory = await memoryWithToken(mechanism)
    await using server = await letIn(seen, bound(), offer)
    await using login = await logIn(server, { memory })
    expect([String(login.jid), seen[0]?.mechanism]).toEqual([full, 'SCRAM-SHA-256'])
    expect([used(seen[0] as Asking), requested(seen[0] as Asking)]).toEqual([undefined, asked])
    expect(memory.token?.token).toBe(canary)
  })

  test.each([
    ['the user wants the login bound', { policy: { order: ['SCRAM-SHA-256-PLUS'] } }],
    ['earlier logins were bound (S-042)', {}],
  ])('S-058 %s: a token without binding is no way around that', async (_, options) => {
    const seen: Asking[] = []
    const memory = await memoryWithToken('HT-SHA-256-NONE')
    if (!('policy' in options)) await memory.update({ pin: { bindable: 'SCRAM-SHA-256-PLUS' } })
    const offer = { mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'], bindings: ['tls-exporter'] }
    await using server = await letIn(seen, bound() + token('next-token'), offer, 'tls')
    await using login = await logIn(server, { memory, ...options })
    expect([String(login.jid), seen[0]?.mechanism]).toEqual([full, 'SCRAM-SHA-256-PLUS'])
    expect(memory.token).toMatchObject({ mechanism: 'HT-SHA-256-EXPR', token: 'next-token' })
  })

  test('S-061 not when it has expired', async () => {
    const seen: Asking[] = []
    const memory = freshMemory()
    await memory.update({
      token: { mechanism: 'HT-SHA-256-NONE', token: canary, expiry: '2020-01-01T00:00:00Z', count: 0 },
    })
    await using server = await letIn(seen, bound() + token('next-token'))
    await using login = await logIn(server, { memory })
    expect([String(login.jid), seen[0]?.mechanism, memory.token?.token]).toEqual([full, 'SCRAM-SHA-256', 'next-token'])
  })

  test.each([
    ['S-064 another domain', 'alice.canary@evil.net'],
    ['S-064 another account', 'bob@example.org'],
  ])('%s has no use of it', async (_, account) => {
    const store = memoryStore()
    const mine = new LoginMemory(store, Jid.parse(bare).bare)
    await mine.load()
    await mine.update({ token: { mechanism: 'HT-SHA-256-NONE', token: canary, expiry: later, count: 0 } })
    const other = new LoginMemory(store, Jid.parse(account).bare)
    await other.load()
    expect([other.token, other.tokenMechanism]).toEqual([undefined, undefined])
    expect(other.userAgentId).not.toBe(mine.userAgentId)
  })

  test.each([
    ['S-036 no proof', undefined],
    ['S-036 empty proof', ''],
    ['our own proof', 'Initiator'],
  ])('%s: an impostor gets no password either', async (_, proof) => {
    const memory = await memoryWithToken()
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(success(proof, bound()))
      await peer.offer()
    })
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'server-signature', retry: 'user' })
    expect(server.peers[0]?.received.match(/<authenticate/g)).toHaveLength(1)
  })
})

describe('S-060 a token that is refused', () => {
  /** Refuses the token, then plays an honest login by SCRAM. */
  const refuseToken = (condition: string, seen: Asking[], results = bound() + token('next-token')) =>
    serve(async (peer) => {
      seen.push(await begin(peer))
      await peer.send(failed(condition))
      const second = await authenticate(peer)
      seen.push(second)
      await peer.send(success(await prove(peer, second), results))
      await peer.offer()
    })

  test.each(['not-authorized', 'credentials-expired'])(
    'with %s is forgotten, and the password used once',
    async (condition) => {
      const seen: Asking[] = []
      const memory = await memoryWithToken()
      await using server = await refuseToken(condition, seen)
      await using login = await logIn(server, { memory })
      expect(String(login.jid)).toBe(full)
      expect(seen.map(({ mechanism }) => mechanism)).toEqual(['HT-SHA-256-NONE', 'SCRAM-SHA-256'])
      expect([requested(seen[1] as Asking), memory.token?.token]).toEqual(['HT-SHA-256-NONE', 'next-token'])
      expect(server.peers).toHaveLength(1)
    },
  )

  test('and so is the password: there is no loop', async () => {
    const memory = await memoryWithToken()
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(failed('credentials-expired'))
      await peer.expect(/<authenticate[^>]*SCRAM/)
      await peer.send(failed('not-authorized'))
    })
    const error = { name: 'AuthenticationError', code: 'not-authorized', mechanism: 'SCRAM-SHA-256', retry: 'user' }
    await expect(logIn(server, { memory })).rejects.toMatchObject(error)
    expect(server.peers[0]?.received.match(/<authenticate/g)).toHaveLength(2)
    expect(memory.token).toBeUndefined()
  })

  test('for a while is kept', async () => {
    const memory = await memoryWithToken()
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(failed('temporary-auth-failure'))
    })
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'temporary-auth-failure', retry: 'backoff' })
    expect([memory.token?.token, memory.token?.count]).toEqual([canary, 1])
  })

  test('is the end where there is nothing else', async () => {
    const memory = await memoryWithToken()
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(failed('credentials-expired'))
    })
    const failure = (await logIn(server, { memory, credentials: nothing }).catch((error) => error)) as Error
    expect(failure).toMatchObject({ name: 'AuthenticationError', code: 'credentials-expired', retry: 'user' })
    expect(inspect(failure, { depth: 9 })).not.toContain(canary)
    expect(memory.token).toBeUndefined()
  })
})

describe('a token is made useless (XEP-0484 §3.6)', () => {
  test('by the login that uses it', async () => {
    const seen: Asking[] = []
    const memory = await memoryWithToken()
    await using server = await letIn(seen)
    await using login = await logIn(server, { memory, invalidateToken: true })
    expect([String(login.jid), memory.token]).toEqual([full, undefined])
    expect(used(seen[0] as Asking)?.attr('invalidate')).toBe('true')
  })

  test('and no other is asked for', async () => {
    const seen: Asking[] = []
    await using server = await letIn(seen)
    await using _login = await logIn(server, { invalidateToken: true })
    expect(seen.map(requested)).toEqual([undefined])
  })
})

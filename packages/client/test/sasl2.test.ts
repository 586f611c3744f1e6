import { inspect } from 'node:util'
import { Jid } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { NS_SASL, NS_SASL2 } from '../src/elements.js'
import {
  bare,
  base64,
  begin,
  bound,
  challenge,
  enabled,
  failed,
  freshMemory,
  full,
  listHash,
  logIn,
  prove,
  serve,
  success,
  unbase64,
  welcome,
} from './modern-server.js'
import { expectNoSecret, password, user } from './victim.js'

const salt = base64('saltsaltsaltsalt')
const nonceOf = (initial: string): string => /r=(.*)$/.exec(initial)?.[1] ?? ''

describe('SASL2 (XEP-0388)', () => {
  test('is used where it is offered, with a stable id and what the user may know of us', async () => {
    const memory = freshMemory()
    const seen: string[] = []
    await using server = await serve(async (peer) => {
      const { element, mechanism } = await welcome(peer, { classic: ['SCRAM-SHA-1'] })
      seen.push(mechanism, String(element.child('user-agent')?.attr('id')))
      seen.push(String(element.child('user-agent')?.child('software')?.text))
    })
    for (let i = 0; i < 2; i++) {
      await using login = await logIn(server, { memory, userAgent: { software: 'Trial' } })
      expect(String(login.jid)).toBe(full)
    }
    expect(seen.slice(0, 3)).toEqual(['SCRAM-SHA-256', memory.userAgentId, 'Trial'])
    expect(seen.slice(3)).toEqual(seen.slice(0, 3))
    expect(memory.userAgentId).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(server.peers[0]?.received).toContain(`from='${bare}'`)
    expect(server.peers[0]?.received.match(/<stream:stream/g)).toHaveLength(1) // no restart
  })

  test('an anonymous login tells no id, and takes the account it is given', async () => {
    await using server = await serve(async (peer) => {
      const { element } = await begin(peer, { mechanisms: ['ANONYMOUS'] })
      expect(element.child('user-agent')?.attr('id')).toBeUndefined()
      expect(element.child('request-token', 'urn:xmpp:fast:0')).toBeUndefined()
      await peer.send(success(undefined, bound(), 'random@example.org/r'))
      await peer.offer()
    })
    const account = Jid.parse('example.org').bare
    await using login = await logIn(server, { account, credentials: { anonymous: true } })
    expect(String(login.jid)).toBe('random@example.org/r')
  })

  test('S-001 never in the clear, even if it is offered there', async () => {
    await using server = await serve(async (peer) => {
      await peer.streamHeader()
      await peer.offer(`<authentication xmlns='${NS_SASL2}'><mechanism>PLAIN</mechanism></authentication>`)
      await peer.send(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
    }, 'tcp')
    await expect(logIn(server, { policy: { allowPlain: true } })).rejects.toMatchObject({ code: 'tls-required' })
    expect(server.peers[0]?.received).not.toContain('<authenticate')
    expect(server.peers[0]?.received).not.toContain(user)
  })
})

describe('SASL2: the server proves itself', () => {
  test.each([
    ['S-033 S-036 no additional data', undefined],
    ['S-036 empty additional data', ''],
    ['S-034 a wrong signature', 'v=wrong'],
    ['S-034 a signature of the right size', `v=${Buffer.alloc(32).toString('base64')}`],
  ])('%s', async (_, data) => {
    await using server = await serve(async (peer) => {
      await prove(peer, await begin(peer))
      await peer.send(success(data, bound(enabled)))
      await peer.offer()
    })
    const memory = freshMemory()
    await expect(logIn(server, { memory })).rejects.toMatchObject({ name: 'AuthenticationError', retry: 'user' })
    expect([memory.pin, memory.offer('memory')]).toEqual([{}, undefined]) // nothing is learnt from an impostor
  })

  test('success before the exchange has come to it', async () => {
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(success('v=AAAA', bound(enabled)))
    })
    await expect(logIn(server)).rejects.toMatchObject({ name: 'AuthenticationError' })
  })

  test.each([
    ['S-037 another nonce', () => `r=evil,s=${salt},i=4096`],
    ['S-037 our nonce unchanged', (nonce: string) => `r=${nonce},s=${salt},i=4096`],
    ['S-037 an empty nonce', () => `r=,s=${salt},i=4096`],
    ['S-040 a mandatory extension', (nonce: string) => `m=ext,r=${nonce}x,s=${salt},i=4096`],
    ['S-040 twice the nonce', (nonce: string) => `r=${nonce}x,r=${nonce}x,s=${salt},i=4096`],
    ['S-040 another order', (nonce: string) => `s=${salt},r=${nonce}x,i=4096`],
    ['S-040 no salt', (nonce: string) => `r=${nonce}x,s=,i=4096`],
    ['S-040 a salt that is no base64', (nonce: string) => `r=${nonce}x,s=%%%,i=4096`],
    ['S-049 a hash of another list', (nonce: string) => `r=${nonce}x,s=${salt},i=4096${listHash('SCRAM-SHA-512')}`],
  ])('%s: aborted, and the password is not asked for', async (_, first) => {
    const fetch = vi.fn(() => password)
    await using server = await serve(async (peer) => {
      const { initial } = await begin(peer)
      await peer.send(challenge(first(nonceOf(initial))))
    })
    const failure = logIn(server, { credentials: { password: fetch } })
    await expect(failure).rejects.toMatchObject({ name: 'AuthenticationError' })
    expect(server.peers[0]?.received).toContain(`<abort xmlns='${NS_SASL2}'/>`)
    expect(server.peers[0]?.received).not.toContain('<response')
    expect(fetch).not.toHaveBeenCalled()
  })

  test('S-049 the hash of the right list', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer, { mechanisms: ['SCRAM-SHA-256', 'PLAIN'], fast: [] })
      await peer.send(success(await prove(peer, asking, listHash('PLAIN\x1eSCRAM-SHA-256')), bound()))
      await peer.offer()
    })
    await using login = await logIn(server)
    expect(String(login.jid)).toBe(full)
  })

  test.each([
    ['a challenge that is not base64', `<challenge xmlns='${NS_SASL2}'>%%%</challenge>`, { code: 'malformed' }],
    ['proof that is not base64', success('x').replace('eA==', '%%%'), { name: 'MalformedElementError' }],
    ['no identity', `<success xmlns='${NS_SASL2}'/>`, { name: 'MalformedElementError' }],
  ])('%s', async (_, answer, error) => {
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(answer)
    })
    await expect(logIn(server)).rejects.toMatchObject(error)
  })
})

describe('SASL2: mechanisms', () => {
  test.each([
    ['S-043 only PLAIN', ['PLAIN'], undefined, 'no-mechanism'],
    ['S-043 nothing we know', ['X-EVIL', 'LOGIN'], undefined, 'no-mechanism'],
    ['S-045 types without -PLUS', ['SCRAM-SHA-256'], ['tls-exporter'], 'channel-binding'],
    ['S-046 -PLUS without types', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], undefined, 'channel-binding'],
  ])('%s', async (_, mechanisms, bindings, code) => {
    await using server = await serve(
      (peer) => Promise.race([begin(peer, { mechanisms, ...(bindings && { bindings }) }).then(() => {}), peer.closed]),
      'tls',
    )
    await expect(logIn(server)).rejects.toMatchObject({ name: 'AuthenticationError', code, retry: 'user' })
    expect(server.peers[0]?.received).not.toContain('<authenticate')
    await server.done.catch(() => {})
  })

  test('PLAIN by permission', async () => {
    await using server = await serve(async (peer) => {
      const { initial } = await begin(peer, { mechanisms: ['PLAIN'] })
      expect(initial).toBe(`\0${user}\0${password}`)
      await peer.send(success(undefined, bound()))
      await peer.offer()
    })
    await using login = await logIn(server, { policy: { allowPlain: true } })
    expect(String(login.jid)).toBe(full)
  })

  test.each([
    ['tls', ['SCRAM-SHA-256'], undefined, 'y,,'],
    ['websocket', ['SCRAM-SHA-256'], undefined, 'n,,'],
    ['tls', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], ['tls-exporter'], 'p=tls-exporter,,'],
    ['websocket', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], ['tls-exporter'], 'n,,'],
  ] as const)('S-048 over %s with %s the GS2 header is right', async (transport, mechanisms, bindings, expected) => {
    const seen: string[] = []
    await using server = await serve(async (peer) => {
      const asking = await begin(peer, { mechanisms, ...(bindings && { bindings }) })
      seen.push(asking.initial)
      await peer.send(success(await prove(peer, asking), bound())) // checks `c=` as well
      await peer.offer()
    }, transport)
    await using login = await logIn(server)
    expect(String(login.jid)).toBe(full)
    expect(seen[0]).toMatch(new RegExp(`^${expected}n=`))
  })
})

describe('SASL2: the end of an exchange', () => {
  test.each([
    ['not-authorized', 'user'],
    ['account-disabled', 'user'],
    ['temporary-auth-failure', 'backoff'],
  ])('R-018 refused with %s', async (condition, retry) => {
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(
        `<failure xmlns='${NS_SASL2}'><x xmlns='urn:other'/><${condition} xmlns='${NS_SASL}'/><text>go away</text></failure>`,
      )
    })
    const error = { name: 'AuthenticationError', code: condition, retry, text: 'go away' }
    await expect(logIn(server)).rejects.toMatchObject(error)
    expect(server.peers[0]?.received.match(/<authenticate/g)).toHaveLength(1)
  })

  test('S-066 a task, such as an upgrade to another hash, is not done', async () => {
    await using server = await serve(async (peer) => {
      const proof = await prove(peer, await begin(peer))
      const tasks = '<tasks><task>UPGR-SCRAM-SHA-1</task></tasks>'
      const data = `<additional-data>${base64(proof)}</additional-data>`
      await peer.send(`<continue xmlns='${NS_SASL2}'>${data}${tasks}</continue>`)
    })
    await expect(logIn(server)).rejects.toMatchObject({ name: 'AuthenticationError', code: 'unsupported-task' })
    const received = server.peers[0]?.received ?? ''
    expect(received).toContain(`<abort xmlns='${NS_SASL2}'/>`)
    expect(received).not.toMatch(/<next|<task-data/)
  })

  test.each([
    ['a message', `<message from='boss@example.org'><body>x</body></message>`],
    ['features', '<stream:features/>'],
    ['success of the classic profile', `<success xmlns='${NS_SASL}'/>`],
    ['a task that nobody began', `<task-data xmlns='${NS_SASL2}'/>`],
  ])('S-055 %s during the exchange', async (_, element) => {
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(element)
    })
    await expect(logIn(server)).rejects.toMatchObject({ phase: 'sasl', code: 'unexpected-element' })
    expect(server.peers[0]?.received).toContain('<policy-violation')
  })

  test.each([
    ['a second success', success('v=AAAA', bound())],
    ['a message', `<message from='boss@example.org'><body>x</body></message>`],
  ])('S-055 %s instead of the features that follow', async (_, element) => {
    await using server = await serve(async (peer) => {
      await peer.send(success(await prove(peer, await begin(peer)), bound()) + element)
    })
    await expect(logIn(server)).rejects.toMatchObject({ phase: 'stream', code: 'unexpected-element' })
  })

  test.each([
    ['another account', bound(), 'root@example.org/r'],
    ['another domain', bound(), `${user}@evil.net/r`],
    ['bound, but no resource', bound(), bare],
    ['a resource, but not bound', '', full],
    ['no JID', bound(), '@'],
  ])('S-054 authenticated as %s', async (_, results, jid) => {
    await using server = await serve(async (peer) => {
      await peer.send(success(await prove(peer, await begin(peer)), results, jid))
      await peer.offer()
    })
    const error = await logIn(server).catch((reason: Error) => reason)
    expect(['ConnectionError', 'MalformedElementError']).toContain((error as Error).name)
  })

  test('S-063 no secret in what a failed login shows', async () => {
    await using server = await serve(async (peer) => {
      await begin(peer)
      await peer.send(failed('not-authorized'))
    })
    const error = (await logIn(server).catch((reason: Error) => reason)) as Error
    expectNoSecret(error, error.stack, inspect(error), server.peers[0]?.received)
    expect(unbase64(/<initial-response>([^<]*)/.exec(server.peers[0]?.received ?? '')?.[1] ?? '')).toMatch(/^n,,n=/)
  })

  test('an abort in the middle ends it at once', async () => {
    const stop = new AbortController()
    await using server = await serve(async (peer) => {
      await begin(peer)
      stop.abort(new Error('changed my mind'))
    })
    await expect(logIn(server, { signal: stop.signal })).rejects.toThrow('changed my mind')
  })
})

import { type ClientOptions, ConnectionError, type Transport } from '@couplet/client'
import { type Script, scriptedServer, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accept, alice, letGo, type Noted, type Observed, observe, streamError, users } from './outage.js'
import { account, user } from './victim.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const day = 86_400_000
const namespace = 'urn:ietf:params:xml:ns:xmpp-sasl'

/** Ends every stream like this, as soon as the client is online. */
const ending =
  (error: string): Script =>
  async (peer) => {
    await accept(peer)
    await peer.expect(/<presence/)
    await peer.send(`${error}</stream:stream>`)
    await peer.closed
  }

/** Offers mechanisms, and refuses whoever takes one. */
const refusing =
  (condition: string): Script =>
  async (peer) => {
    await peer.streamHeader()
    await peer.offer(`<mechanisms xmlns='${namespace}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`)
    await peer.expectElement(namespace, 'auth')
    await peer.send(`<failure xmlns='${namespace}'><${condition}/></failure>`)
    await letGo(peer)
  }

/** Lets the client run until the session it had, or hoped for, is over. */
async function ended({ client, next }: Observed): Promise<Noted> {
  const over = Promise.race([next('waiting'), next('offline')])
  client.online().catch(() => {})
  return time.until(over)
}

/** Whatever happens, but for the user's wish, the client stays away. */
async function expectPeace({ client }: Observed, attempts: () => number): Promise<void> {
  const before = attempts()
  client.networkChanged()
  await time.advance(day)
  expect([attempts(), client.status.state, time.timerCount]).toEqual([before, 'offline', 0])
  await client.close()
}

async function play(script: Script, options: Partial<ClientOptions> = {}) {
  const server = await scriptedServer(script, account)
  const observed = observe(server.transport(), options)
  return { ...observed, server, attempts: () => server.peers.length, status: await ended(observed) }
}

describe('R-018 stream errors after which there is no point in trying', () => {
  test.each(['host-gone', 'host-unknown', 'unsupported-feature', 'unsupported-version'])('%s', async (condition) => {
    const played = await play(ending(streamError(condition)))
    expect(played.status).toMatchObject({ state: 'offline', error: { name: 'StreamError', condition } })
    await expectPeace(played, played.attempts)
  })

  test.each(['host-unknown', 'not-authorized'])('%s, before the login', async (condition) => {
    const played = await play(async (peer) => {
      await peer.streamHeader()
      await peer.send(`${streamError(condition)}</stream:stream>`)
      await peer.closed
    })
    expect(played.status).toMatchObject({ state: 'offline', error: { name: 'StreamError', condition } })
    await expectPeace(played, played.attempts)
  })

  test('S-161 conflict, with a resource that the user named: whoever has it may keep it', async () => {
    const played = await play(ending(streamError('conflict')), { jid: `${alice}/r` })
    expect(played.status).toMatchObject({ state: 'offline', error: { condition: 'conflict' } })
    await expectPeace(played, played.attempts)
    expect(played.attempts()).toBe(1)
  })

  test('S-161 conflict, with any other resource: one new one, not at once, and then no more', async () => {
    const played = await play(ending(streamError('conflict')))
    expect(played.status).toMatchObject({ state: 'waiting', error: { condition: 'conflict' } })
    expect(played.delays()[0]).toBeGreaterThanOrEqual(5000)
    await time.until(played.next('offline'))
    expect(played.attempts()).toBe(2)
    expect(played.server.peers[1]?.received, 'not the session that somebody else has').not.toContain('<resume')
    await expectPeace(played, played.attempts)
  })

  test('S-161 conflict, though the application makes sure now and then that it is online', async () => {
    const server = await scriptedServer(ending(streamError('conflict')), account)
    const observed = observe(server.transport())
    observed.client.on('status', ({ state }) => {
      if (state === 'online') observed.client.online().catch(() => {})
    })
    const over = observed.next('offline')
    observed.client.online().catch(() => {})
    await time.until(over, 60_000)
    await expectPeace(observed, () => server.peers.length)
    expect(server.peers).toHaveLength(2)
  })

  test.each([
    'bad-format',
    'bad-namespace-prefix',
    'invalid-xml',
    'not-well-formed',
    'restricted-xml',
    'unsupported-encoding',
    'invalid-namespace',
  ])('%s, for the fourth time within five minutes', async (condition) => {
    const played = await play(ending(streamError(condition)))
    expect(played.status).toMatchObject({ state: 'waiting', error: { condition } })
    await time.until(played.next('offline'), 300_000)
    expect([played.attempts(), played.delays().length, played.error()]).toMatchObject([4, 3, { condition }])
    await expectPeace(played, played.attempts)
  })

  test.each(['improper-addressing', 'invalid-from', 'not-authorized'])('%s, for the second time', async (condition) => {
    const played = await play(ending(streamError(condition)))
    expect(played.status).toMatchObject({ state: 'waiting', error: { condition } })
    await time.until(played.next('offline'))
    expect([played.attempts(), played.error()]).toMatchObject([2, { condition }])
    await expectPeace(played, played.attempts)
  })
})

describe('table 3.3: stream errors after which the client comes back, after so many ms', () => {
  const tooHigh = `<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>`
  const steps = 1000 * 1.7 ** 3
  test.each([
    ['connection-timeout', 0, 1000, ''],
    ['internal-server-error', 500, 1000, ''],
    ['remote-connection-failed', 500, 1000, ''],
    ['policy-violation', steps / 2, steps, ''],
    ['reset', 0, 5000, ''],
    ['resource-constraint', 30_000, 60_000, ''],
    ['see-other-host', 0, 1000, ''],
    ['system-shutdown', 0, 60_000, ''],
    ['undefined-condition', 500, 1000, ''],
    ['undefined-condition', 500, 1000, tooHigh],
    ['unsupported-stanza-type', 500, 1000, ''],
    ['no-such-condition', 500, 1000, ''],
  ])('%s, %d to %d %s', async (condition, from, to, more) => {
    const content = condition === 'see-other-host' ? 'other.example.org:5222' : ''
    const played = await play(ending(streamError(condition, content, more)))
    const known = condition.startsWith('no-') ? 'undefined-condition' : condition
    expect(played.status).toMatchObject({ state: 'waiting', error: { name: 'StreamError', condition: known } })
    const [delay = Number.NaN] = played.delays()
    expect(delay).toBeGreaterThanOrEqual(from)
    expect(delay).toBeLessThanOrEqual(to)
    const again = await time.until(played.server.peer(1))
    await time.settled()
    await time.until(played.client.close())
    expect(again.isClosed).toBe(true)
  })

  test('undefined-condition with handled-count-too-high: what counts differently is not resumed', async () => {
    const played = await play(ending(streamError('undefined-condition', '', tooHigh)))
    await time.until(played.next('waiting'))
    expect(played.server.peers[1]?.received).toContain('<bind')
    expect(played.server.peers[1]?.received).not.toContain('<resume')
    await time.until(played.client.close())
  })
})

describe('R-018 table 3.4: a login that was refused', () => {
  test.each([
    'not-authorized',
    'account-disabled',
    'credentials-expired',
    'invalid-authzid',
    'malformed-request',
    'incorrect-encoding',
    'mechanism-too-weak',
    'encryption-required',
    'invalid-mechanism',
    'aborted',
    'no-such-condition',
  ])('%s is final: it could lock the account', async (condition) => {
    const played = await play(refusing(condition))
    expect(played.status).toMatchObject({ state: 'offline', error: { name: 'AuthenticationError', condition } })
    expect(played.attempts()).toBe(1)
    await expectPeace(played, played.attempts)
  })

  test('temporary-auth-failure is not', async () => {
    const played = await play(refusing('temporary-auth-failure'))
    expect(played.status).toMatchObject({ state: 'waiting', error: { name: 'AuthenticationError' } })
    expect(played.delays()[0]).toBeLessThanOrEqual(1000)
    await time.advance(3_600_000)
    expect(played.attempts()).toBeGreaterThan(10)
    expect(played.delays().at(-1)).toBeGreaterThanOrEqual(150_000)
    await time.until(played.client.close())
  })

  test('a token that is no longer good costs one login by password, a password that is no longer good ends it', async () => {
    await using server = await startLoopback({ users })
    const observed = observe(server.transport())
    await time.until(observed.client.online())
    for (const password of [account.password, 'another one']) {
      server.addUser(user, password)
      server.revokeTokens()
      server.forget()
      const over = Promise.race([observed.next('online'), observed.next('offline')])
      server.drop()
      const status = await time.until(over)
      const isGood = password === account.password
      expect(status).toMatchObject(isGood ? { state: 'online' } : { error: { condition: 'not-authorized' } })
    }
    await expectPeace(observed, () => observed.statuses.filter(({ state }) => state === 'connecting').length)
    await time.until(server.stop())
  })

  test('downgrade: a server that offers less than it did is not logged in to', async () => {
    const weak: Script = async (peer) => {
      await peer.streamHeader()
      await peer.offer(`<mechanisms xmlns='${namespace}'><mechanism>PLAIN</mechanism></mechanisms>`)
      await letGo(peer)
    }
    const good: Script = async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      peer.destroy()
    }
    let attempts = 0
    const played = await play((peer) => (attempts++ === 0 ? good : weak)(peer), { dangerouslyAllowPlain: true })
    expect(played.status).toMatchObject({ state: 'waiting' })
    await time.until(played.next('offline'))
    expect(played.error()).toMatchObject({ name: 'AuthenticationError', code: 'downgrade' })
    await expectPeace(played, played.attempts)
  })
})

describe('R-018 certificates and TLS', () => {
  const codes = ['certificate-expired', 'certificate-name', 'certificate-untrusted', 'certificate-pin'] as const
  /** A transport whose server gets a bad certificate. */
  function spoilt(inner: Transport) {
    let code: (typeof codes)[number] | 'tls-required' | undefined
    let refusals = 0
    const transport: Transport = {
      ...inner,
      connect(options) {
        if (code === undefined) return inner.connect(options)
        refusals++
        return Promise.reject(new ConnectionError('tls', code, 'not good'))
      },
    }
    const spoil = (how: typeof code): void => {
      code = how
    }
    return { transport, spoil, refusals: () => refusals }
  }

  test.each([...codes, 'tls-required'] as const)('%s at the first login is final', async (code) => {
    await using server = await startLoopback({ users })
    const { transport, spoil, refusals } = spoilt(server.transport())
    spoil(code)
    const observed = observe(transport)
    expect(await ended(observed)).toMatchObject({ state: 'offline', error: { code } })
    expect(refusals()).toBe(1)
    await expectPeace(observed, refusals)
  })

  test.each(codes)(
    '%s where it was good before is tried every five minutes at most, whatever the network does',
    async (code) => {
      await using server = await startLoopback({ users })
      const { transport, spoil, refusals } = spoilt(server.transport())
      const observed = observe(transport)
      await time.until(observed.client.online())
      spoil(code)
      server.drop()
      for (let minute = 0; minute < 60; minute++) {
        await time.advance(60_000)
        observed.client.networkChanged()
      }
      expect(refusals()).toBeGreaterThanOrEqual(10)
      expect(refusals()).toBeLessThanOrEqual(13)
      spoil(undefined)
      await time.until(observed.next('online'))
      await time.until(observed.client.close())
      await time.until(server.stop())
    },
  )
})

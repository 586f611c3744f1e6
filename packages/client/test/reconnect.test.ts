import type { Plugin, Transport } from '@couplet/client'
import { message } from '@couplet/stanza'
import { type Script, scriptedServer, startLoopback, virtualTime } from '@couplet/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { PluginHost } from '../src/plugin-host.js'
import { observe, users } from './outage.js'
import { account, expectAnonymous, letGo, victim, warmUp } from './victim.js'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const mechanisms = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`

const session: Script = async (peer) => {
  await peer.online()
  await peer.expect(/<presence/)
  peer.destroy()
}

/** Offers no TLS; whoever asks for it all the same is refused. */
const stripped: Script = async (peer) => {
  await peer.streamHeader()
  await peer.offer(mechanisms)
  await peer.expect(/<starttls/)
  await peer.send(`<failure xmlns='${NS_TLS}'/></stream:stream>`)
  await letGo(peer)
}

beforeAll(warmUp)

describe('reconnection', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  test.each([1, 2, 20])('S-008 TLS is demanded at every connection, also after %i good ones', async (times) => {
    const scripts = [...Array<Script>(times).fill(session), stripped]
    await using server = await scriptedServer(scripts, { transport: 'tcp', ...account })
    const { client } = victim(server)
    const refused = new Promise<Error | undefined>((resolve) => {
      client.on('status', (status) => {
        if (status.state !== 'waiting') return
        // It is nobody's word, and tried again later, by the same rules.
        if (server.peers.length > times) resolve(status.error)
        else void vi.advanceTimersByTimeAsync(status.delay)
      })
    })
    expect(await refused).toMatchObject({ phase: 'tls', code: 'tls-required' })
    expect(server.peers).toHaveLength(times + 1)
    expectAnonymous(server.peers[times]?.received ?? '')
    await client.close()
  })

  test('R-014 what was sent while there was no connection is sent when there is one; what was on its way has failed', async () => {
    const answering: Script = async (peer) => {
      await peer.online()
      await peer.expect(/<body>second/)
      await letGo(peer)
    }
    const cut: Script = async (peer) => {
      await peer.online()
      await peer.expect(/<body>first/)
      peer.destroy()
    }
    await using server = await scriptedServer([cut, answering], account)
    const { client, online, failure } = victim(server)
    await online
    const first = client.send(message({ to: 'bob@example.org', body: 'first' }))
    void first.acked.catch(() => {})
    await failure
    const second = client.send(message({ to: 'bob@example.org', body: 'second' }))
    expect([first.state, second.state]).toEqual(['failed', 'queued'])
    await vi.advanceTimersByTimeAsync(1000)
    await expect(second.acked).resolves.toBeUndefined()
    await client.close()
  })

  test('R-050 close ends a wait at once, and everything that waits for something', async () => {
    await using server = await scriptedServer([], account)
    const { client, online, failure } = victim(server)
    expect((await failure).state).toBe('waiting')
    const { acked } = client.send(message({ to: 'bob@example.org', body: 'x' }))
    await client.close()
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    await expect(online).rejects.toMatchObject({ name: 'ConnectionError', code: 'stopped' })
    expect([client.status, vi.getTimerCount()]).toEqual([{ state: 'offline' }, 0])
    await expect(client.online(), 'a closed client stays closed').rejects.toMatchObject({ code: 'stopped' })
  })

  test('R-019 however often `online` is called, there is one connection', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online()
      await letGo(peer)
    }, account)
    const { client, online } = victim(server)
    await Promise.all([online, client.online(), client.online()])
    await client.online()
    expect(server.peers).toHaveLength(1)
    await client.close()
  })

  test('without `reconnect` the first error is the last', async () => {
    await using server = await scriptedServer([], account)
    const { online, failure } = victim(server, { reconnect: false })
    await expect(online).rejects.toMatchObject({ name: 'ConnectionError', code: 'refused' })
    expect((await failure).state).toBe('offline')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('giving up on `online` does not stop the client, closing does', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online()
      await letGo(peer)
    }, account)
    const { client, online } = victim(server)
    await expect(client.online({ signal: AbortSignal.abort('no') })).rejects.toBe('no')
    const controller = new AbortController()
    const given = client.online({ signal: controller.signal })
    controller.abort('enough')
    await expect(given).rejects.toBe('enough')
    await online
    expect(client.status.state).toBe('online')
    await client.close()
  })

  test('R-048 close says goodbye, waits for what was sent, and ends the stream', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online()
      await letGo(peer)
    }, account)
    const { client, online } = victim(server)
    await online
    const { acked } = client.send(message({ to: 'bob@example.org', body: 'last' }))
    await client.close()
    await expect(acked).resolves.toBeUndefined()
    expect(server.peers[0]?.received).toMatch(
      /<body>last<.*<presence [^>]*type='unavailable'[^>]*\/>.*<\/stream:stream>$/,
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  test('R-048 a server that does not answer is left after two seconds', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.secured()
      await peer.login()
      await peer.bind()
      await peer.closed
    }, account)
    const { client, online } = victim(server)
    await online
    const { acked } = client.send(message({ to: 'bob@example.org', body: 'last' }))
    acked.catch(() => {})
    const closed = client.close()
    await vi.advanceTimersByTimeAsync(1000)
    await vi.advanceTimersByTimeAsync(1000)
    await closed
    await expect(acked).rejects.toMatchObject({ name: 'ConnectionError' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what goes wrong at the beginning of a session ends it, and the next one may be better', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online()
      await letGo(peer)
    }, account)
    const boom = new Error('a part that could not be loaded')
    vi.spyOn(PluginHost.prototype, 'startSession').mockRejectedValueOnce(boom)
    const { client, online, failure } = victim(server)
    expect(await failure).toEqual({ error: boom, state: 'waiting' })
    await vi.advanceTimersByTimeAsync(1000)
    await online
    expect(server.peers).toHaveLength(2)
    await client.close()
  })

  test('a plugin that never gets ready does not keep the client from closing', async () => {
    let begun: () => void = () => {}
    const beginning = new Promise<void>((resolve) => {
      begun = resolve
    })
    const stuck: Plugin<'stuck', unknown> = {
      name: 'stuck',
      needs: {},
      setup: (context) =>
        context.onSession(() => {
          begun()
          return new Promise(() => {})
        }),
    }
    await using server = await scriptedServer(async (peer) => {
      await peer.online()
      await letGo(peer)
    }, account)
    const { client, online } = victim(server, { plugins: [stuck] as never })
    await beginning
    await client.close()
    await expect(online).rejects.toMatchObject({ name: 'ConnectionError', code: 'stopped' })
  })
})

describe('table 3.3: whether a token is enough to come back', () => {
  test.each([
    ['connection-timeout', true],
    ['reset', false],
    ['not-authorized', false],
  ] as const)('after %s: %s', async (condition, isEnough) => {
    using time = virtualTime()
    await using server = await startLoopback({ users })
    const inner = server.transport()
    const mechanisms: string[] = []
    const transport: Transport = {
      ...inner,
      async connect(options) {
        const connection = await inner.connect(options)
        const write = (text: string): void => {
          mechanisms.push(...[...text.matchAll(/ mechanism='([A-Z]+)-[^']*' ?/g)].map(([, name]) => name as string))
          connection.write(text)
        }
        return { ...connection, write }
      },
    }
    const { client, next } = observe(transport)
    await time.until(client.online())
    mechanisms.length = 0
    const [waiting, online] = [next('waiting'), next('online')]
    server.endStreams(condition)
    expect(await time.until(waiting)).toMatchObject({ error: { condition } })
    await time.until(online)
    expect(mechanisms[0]).toBe(isEnough ? 'HT' : 'SCRAM')
    await time.until(client.close())
    await time.until(server.stop())
  })
})

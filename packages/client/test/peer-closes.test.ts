import { type Script, scriptedServer } from '@couplet/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { account, letGo, victim, warmUp } from './victim.js'

const closing: Script = async (peer) => {
  await peer.online()
  await peer.expect(/<presence/)
  await peer.close()
  await peer.closed
}
const staying: Script = async (peer) => {
  await peer.online()
  await letGo(peer)
}

beforeAll(warmUp)

describe.each(['memory', 'tls', 'websocket'] as const)('R-049 over %s', (transport) => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  test('a server that ends the stream gets its end back, and the client comes again after a pause', async () => {
    await using server = await scriptedServer([closing, staying], { transport, ...account })
    const { client, online, failure } = victim(server)
    await online
    const { error, state } = await failure
    expect([error.name, error.code, state]).toEqual(['ConnectionError', 'closed', 'waiting'])
    await server.peers[0]?.closed
    expect(server.peers[0]?.received).toMatch(/(<\/stream:stream>|<close [^>]*\/>)$/)
    expect(server.peers).toHaveLength(1)
    const back = client.online()
    const { status } = client
    expect(status.state === 'waiting' && status.delay > 0).toBe(true)
    await vi.advanceTimersByTimeAsync(status.state === 'waiting' ? status.delay : 0)
    await back
    expect(server.peers).toHaveLength(2)
    await client.close()
  })

  test('after our own end there is no coming back, also if both end it at once', async () => {
    await using server = await scriptedServer([closing, staying], { transport, ...account })
    const { client, online } = victim(server)
    await online
    await client.close()
    await vi.advanceTimersByTimeAsync(600_000)
    expect([client.status, server.peers.length]).toEqual([{ state: 'offline' }, 1])
    expect(server.peers[0]?.received).toMatch(/(<\/stream:stream>|<close [^>]*\/>)$/)
  })

  test('nor if the application ends it while the client waits to come back', async () => {
    await using server = await scriptedServer([closing, staying], { transport, ...account })
    const { client, failure } = victim(server)
    expect((await failure).state).toBe('waiting')
    await client.close()
    await vi.advanceTimersByTimeAsync(600_000)
    expect([client.status, server.peers.length, vi.getTimerCount()]).toEqual([{ state: 'offline' }, 1, 0])
  })
})

import type { NetworkEvent, NetworkHooks } from '@couplet/client'
import { faultTransport, type Script, scriptedServer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { onLoopback, server, time } from './loopback-users.js'
import { count, letGo, observe, say, streamError, users } from './outage.js'
import { account } from './victim.js'

onLoopback(users)

/** Hooks that a test operates. */
function hooks(isOnline = true) {
  const listeners = new Set<(event: NetworkEvent) => void>()
  const state = { isOnline }
  const network: NetworkHooks = {
    get isOnline() {
      return state.isOnline
    },
    onChange(listener) {
      listeners.add(listener)
      return { dispose: () => listeners.delete(listener) }
    },
  }
  const tell = (event: NetworkEvent): void => {
    if (event === 'online' || event === 'offline') state.isOnline = event === 'online'
    for (const listener of listeners) listener(event)
  }
  return { network, tell, listeners }
}

const request = /<r xmlns='urn:xmpp:sm:3'/

describe('R-011 after a change of the network or a sleep', () => {
  test.each(['the application says so', 'a hook says so'])(
    'the server is asked at once, and again 30 s later: %s',
    async (by) => {
      await using scripted = await scriptedServer(async (peer) => {
        await peer.online({ management: {} })
        await letGo(peer)
      }, account)
      const { network, tell } = hooks()
      const { client } = observe(scripted.transport(), { network })
      await time.until(client.online())
      await time.advance(5000)
      if (by === 'a hook says so') tell('wake')
      else client.networkChanged()
      await time.settled()
      const asked = (): number => count(scripted.peers[0]?.received, request)
      expect(asked()).toBe(1)
      await time.advance(29_999)
      expect(asked()).toBe(1)
      await time.advance(1)
      expect(asked()).toBe(2)
      expect(client.status.state).toBe('online')
      await time.until(client.close())
    },
  )

  test('a dead link is known after 5 s, and the session goes on in another one', async () => {
    const faults = faultTransport(server.transport())
    const { client, next } = observe(faults)
    await time.until(client.online())
    await time.advance(1000)
    faults.connections[0]?.stall(undefined, { drop: true })
    const lost = next('waiting')
    const { acked } = client.send(say('meanwhile'))
    const at = time.now()
    client.networkChanged()
    const status = await time.until(lost)
    expect(status).toMatchObject({ error: { code: 'timeout' } })
    expect(status.at - at).toBe(5000)
    await expect(time.until(acked)).resolves.toBeUndefined()
    expect(client.status).toMatchObject({ state: 'online', resumed: true })
    await time.until(client.close())
  })

  test('a wait ends at once, and delays begin again', async () => {
    const faults = faultTransport(server.transport())
    faults.refuse()
    const { client, delays, next } = observe(faults)
    client.online().catch(() => {})
    await time.advance(1_200_000)
    expect(client.status).toMatchObject({ state: 'waiting' })
    expect(delays().at(-1)).toBeGreaterThan(100_000)
    const refused = faults.refusedCount
    const again = next('waiting')
    client.networkChanged()
    await time.settled()
    expect(faults.refusedCount).toBe(refused + 1)
    await again
    expect(delays().at(-1)).toBeLessThanOrEqual(1000)
    await time.until(client.close())
  })

  test('but not a wait that is for the good of the server or the account', async () => {
    const replaced: Script = async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      await peer.send(`${streamError('conflict')}</stream:stream>`)
      await peer.closed
    }
    await using scripted = await scriptedServer(replaced, account)
    const { network, tell } = hooks()
    const { client, next } = observe(scripted.transport(), { network })
    const waiting = next('waiting')
    client.online().catch(() => {})
    await time.until(waiting)
    client.networkChanged()
    tell('change')
    await time.advance(4999)
    expect(scripted.peers).toHaveLength(1)
    // The network goes meanwhile, and comes back when the time is over: then nothing is left to wait for.
    tell('offline')
    await time.advance(60_000)
    expect(scripted.peers).toHaveLength(1)
    tell('online')
    await time.advance(1000)
    expect(scripted.peers).toHaveLength(2)
    await time.until(client.close())
  })
})

describe('R-012 without a network', () => {
  test('nothing is tried, and as soon as there is one it is', async () => {
    const faults = faultTransport(server.transport())
    const { network, tell, listeners } = hooks(false)
    const { client, statuses } = observe(faults, { network })
    const online = client.online()
    await time.advance(3_600_000)
    expect([faults.connectionCount, faults.refusedCount]).toEqual([0, 0])
    expect(statuses).toMatchObject([{ state: 'waiting', error: { code: 'offline' }, delay: Number.POSITIVE_INFINITY }])
    client.networkChanged() // says nothing about whether there is one
    tell('wake')
    await time.advance(1000)
    expect(faults.connectionCount).toBe(0)
    const at = time.now()
    tell('online')
    await time.until(online)
    expect(time.now() - at).toBeLessThanOrEqual(1000)
    expect(faults.connectionCount).toBe(1)
    await time.until(client.close())
    expect([listeners.size, time.timerCount]).toEqual([0, 0])
  })

  test('a connection that it took with it is made again when it is back, and not before', async () => {
    const faults = faultTransport(server.transport())
    const { network, tell } = hooks()
    const { client, next } = observe(faults, { network })
    await time.until(client.online())
    tell('offline')
    const waiting = next('waiting')
    faults.cutNow()
    await time.until(waiting)
    await time.advance(600_000)
    expect(faults.connectionCount).toBe(1)
    tell('online')
    await time.advance(1000)
    expect([faults.connectionCount, client.status]).toEqual([2, { state: 'online', resumed: false }])
    await time.until(client.close())
  })

  test('a client can be closed', async () => {
    const { network } = hooks(false)
    const { client } = observe(server.transport(), { network })
    const online = client.online()
    online.catch(() => {})
    await time.advance(1000)
    await client.close()
    await expect(online).rejects.toMatchObject({ code: 'stopped' })
    expect(time.timerCount).toBe(0)
  })
})

import type { LookupFunction } from 'node:net'
import type { Transport } from '@couplet/client'
import { NS_COMPONENT } from '@couplet/component'
import { message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { type ScriptedPeer, scriptedServer } from '@couplet/testing'
import { webSocket } from '@couplet/websocket'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { componentOf, domain, header, next, secret, serve, streamError, welcome } from './scripted.js'

/** Every name is this machine. */
const lookup = ((_name: string, _options: object, callback: (error: null, found: object[]) => void) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as LookupFunction

const refuse = (condition: string) => async (peer: ScriptedPeer) => {
  await peer.expect(/<stream:stream [^>]*>/)
  await peer.send(header())
  await peer.expectElement(NS_COMPONENT, 'handshake')
  await peer.send(streamError(condition))
  await peer.closed
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a connection without TLS', () => {
  test('to another machine is not used', async () => {
    const server = await serve((peer) => peer.closed)
    const service = `xmpp://server.example.org:${server.service?.port}`
    const component = componentOf(server, { service, transports: [tcp({ lookup })], reconnect: true })
    const error = await component.online().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'tls-required', phase: 'tls', retry: 'user' })
    expect(component.status).toEqual({ state: 'offline', error }) // and it is not tried again
    await server.peers[0]?.closed
    expect(server.peers.map(({ received }) => received)).toEqual([''])
  })

  test('to another machine is used by those who want it', async () => {
    const server = await serve((peer) => welcome(peer))
    const service = `xmpp://server.example.org:${server.service?.port}`
    await componentOf(server, { service, transports: [tcp({ lookup })], dangerouslyAllowUnencrypted: true }).online()
  })

  test('to localhost is used', async () => {
    const server = await serve((peer) => welcome(peer))
    const service = `xmpp://localhost:${server.service?.port}`
    await componentOf(server, { service, transports: [tcp({ lookup })] }).online()
  })
})

test('S-025 sent elsewhere over TCP without TLS, it takes that for a failure, and stays with its server', async () => {
  const elsewhere = streamError('see-other-host').replace(
    /<see-other-host ([^>]*)\/>/,
    '<see-other-host $1>evil.example</see-other-host>',
  )
  const server = await serve([
    async (peer) => {
      await welcome(peer)
      await peer.send(elsewhere)
      await peer.closed
    },
    (peer) => welcome(peer),
  ])
  vi.spyOn(Math, 'random').mockReturnValue(0) // the shortest waits
  const component = componentOf(server, { reconnect: true })
  const waiting = next(component, 'waiting')
  await component.online()
  // Followed, it would be at once; this is a failure like another.
  expect(await waiting).toMatchObject({ error: { condition: 'see-other-host' }, delay: 500 })
  await component.online()
  expect(server.peers).toHaveLength(2)
})

test('a WebSocket has no framing for components: nothing is said there', async () => {
  const server = await scriptedServer((peer) => peer.closed, { domain, transport: 'websocket' })
  onTestFinished(() => server.stop())
  const component = componentOf(server, { transports: [webSocket({ ca: server.ca })], reconnect: true })
  await expect(component.online()).rejects.toMatchObject({ code: 'no-transport', retry: 'user' })
  await server.peers[0]?.closed
  expect(server.peers.map(({ received }) => received)).toEqual([''])
})

describe('who is refused', () => {
  test.each(['not-authorized', 'host-unknown', 'conflict'])('for %s does not try again', async (condition) => {
    const server = await serve(refuse(condition))
    const component = componentOf(server, { reconnect: true })
    await expect(component.online()).rejects.toMatchObject({ condition })
    expect(component.status.state).toBe('offline')
    expect(server.peers).toHaveLength(1)
  })

  test('because our last connection still seems to be there tries again', async () => {
    const hangUp = async (peer: ScriptedPeer) => {
      await welcome(peer)
      await peer.expect(/<message /)
      peer.destroy()
    }
    const server = await serve([hangUp, refuse('conflict'), (peer) => welcome(peer)])
    const component = componentOf(server, { reconnect: true })
    await component.online()
    const lost = next(component, 'waiting')
    component.send(message({ to: 'a@example.org', body: 'x' }))
    expect((await lost).error).toMatchObject({ name: 'ConnectionError', phase: 'session' })
    const refused = next(component, 'waiting')
    const back = component.online() // does not wait
    expect((await refused).error).toMatchObject({ phase: 'handshake', cause: { condition: 'conflict' } })
    component.networkChanged()
    await back
  })

  test('by another instance that takes the place stays away', async () => {
    const server = await serve(async (peer) => {
      await welcome(peer)
      await peer.expect(/<message /)
      await peer.send(streamError('conflict'))
    })
    const component = componentOf(server, { reconnect: true })
    await component.online()
    const over = next(component, 'offline')
    component.send(message({ to: 'a@example.org', body: 'x' }))
    expect((await over).error).toMatchObject({ name: 'StreamError', condition: 'conflict' })
  })
})

describe('a server that does not answer', () => {
  const inMemory = async (script: (peer: ScriptedPeer) => Promise<unknown>) => {
    const server = await scriptedServer(async (peer) => void (await script(peer)), { domain })
    onTestFinished(() => server.stop())
    const transport: Transport = { ...server.transport(), schemes: ['xmpp'] }
    return { server, options: { service: 'xmpp://localhost', transports: [transport] } }
  }

  test.each([
    ['stream', 15_000, async (peer: ScriptedPeer) => peer.closed],
    [
      'stream',
      15_000,
      async (peer: ScriptedPeer) => {
        await peer.send(header(`id=''`))
        await peer.closed
      },
    ],
    [
      'handshake',
      15_000,
      async (peer: ScriptedPeer) => {
        await peer.send(header())
        await peer.closed
      },
    ],
  ])('in the phase %s is left after %i ms', async (phase, limit, script) => {
    const { server, options } = await inMemory(script)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const component = componentOf(server, options)
    const outcome = component.online().catch((reason: unknown) => reason)
    const { received } = await server.peer(0).then(async (peer) => {
      await peer.expect(phase === 'stream' ? /<stream:stream / : /<handshake>/)
      await vi.advanceTimersByTimeAsync(limit)
      await vi.advanceTimersByTimeAsync(1000) // what the server has to close its half
      return peer
    })
    expect(await outcome).toMatchObject({ name: 'ConnectionError', code: 'timeout', phase })
    expect(received).not.toContain(secret)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a secret that never comes is not waited for', async () => {
    const { server, options } = await inMemory(async (peer) => peer.closed)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let ask = (): void => {}
    const asked = new Promise<void>((resolve) => {
      ask = resolve
    })
    const never = (): Promise<string> => {
      ask()
      return new Promise(() => {})
    }
    const outcome = componentOf(server, { ...options, secret: never })
      .online()
      .catch((reason: unknown) => reason)
    await asked
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await outcome).toMatchObject({ name: 'ConnectionError', code: 'timeout', phase: 'handshake' })
  })

  test('closing in the middle of a login ends it at once', async () => {
    const { server, options } = await inMemory(async (peer) => peer.closed)
    const component = componentOf(server, options)
    const outcome = component.online().catch((reason: unknown) => reason)
    const peer = await server.peer(0)
    await peer.expect(/<stream:stream /)
    await component.close()
    expect(await outcome).toMatchObject({ name: 'ConnectionError', code: 'stopped' })
    await peer.closed
  })
})

import { message } from '@couplet/stanza'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient } from './create-client.js'
import type { ClientStatus } from './events.js'
import type { Transport } from './transport.js'

const loading = vi.hoisted(() => ({ fails: false, made: 0 }))

vi.mock('./connection-loop.js', () => {
  class ConnectionLoop {
    status: ClientStatus = { state: 'offline' }
    constructor() {
      if (loading.fails) throw new TypeError('Failed to fetch dynamically imported module')
      loading.made++
    }
    start(): void {
      this.status = { state: 'connecting' }
    }
    stop(): Promise<void> {
      this.status = { state: 'offline' }
      return Promise.resolve()
    }
  }
  return { ConnectionLoop }
})

const transport: Transport = {
  schemes: ['xmpps'],
  find: () => Promise.resolve([]),
  open: () => Promise.reject(),
} as never

function newClient() {
  const client = createClient({ jid: 'me@example.org', password: 'pw', transports: [transport] })
  const statuses: ClientStatus[] = []
  client.on('status', (status) => statuses.push(status))
  return { client, statuses }
}

const toFriend = () => message({ to: 'friend@example.org', body: 'hello' })

describe('what connects is loaded when the client is started', () => {
  beforeEach(() => {
    loading.fails = false
    loading.made = 0
  })

  test('and not before: a client that was never online is just closed', async () => {
    const { client, statuses } = newClient()
    const { acked } = client.send(toFriend())
    await client.close()
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    expect([client.status, statuses, loading.made]).toEqual([{ state: 'offline' }, [], 0])
  })

  test('then it is the loop that says where the connection stands', async () => {
    const { client } = newClient()
    void client.online()
    await vi.waitFor(() => expect(client.status.state).toBe('connecting'))
    void client.online()
    await client.close()
    expect([client.status.state, loading.made]).toEqual(['offline', 1])
  })

  test('a client closed meanwhile is not started', async () => {
    const { client, statuses } = newClient()
    const { acked } = client.send(toFriend())
    const online = client.online()
    await client.close()
    await expect(online).rejects.toMatchObject({ code: 'stopped' })
    await expect(acked).rejects.toMatchObject({ code: 'stopped' })
    expect(statuses).toEqual([{ state: 'offline' }])
    await vi.waitFor(() => expect(loading.made).toBe(1))
    expect(client.status.state).toBe('offline')
  })

  test('what cannot be loaded is an error, and may be tried again', async () => {
    loading.fails = true
    const { client } = newClient()
    const { acked } = client.send(toFriend())
    const error = { name: 'ConnectionError', code: 'unreachable', retry: 'backoff' }
    await expect(client.online()).rejects.toMatchObject(error)
    await expect(acked).rejects.toMatchObject(error)
    expect(client.status).toMatchObject({ state: 'offline', error })
    loading.fails = false
    void client.online()
    const later = client.send(toFriend())
    await vi.waitFor(() => expect(client.status.state).toBe('connecting'))
    expect(later.state).toBe('queued')
  })
})

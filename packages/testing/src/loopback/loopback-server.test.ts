import { createClient, type InboundMessage } from '@couplet/client'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { startLoopback } from './loopback-server.js'

const users = { alice: 'secret', bob: 'hunter2' }

describe('the loopback server', () => {
  test('two clients talk', async () => {
    await using server = await startLoopback({ users })
    await using alice = createClient({ jid: 'alice@example.org', password: 'secret', transports: [server.transport()] })
    await using bob = createClient({
      jid: 'bob@example.org/home',
      password: 'hunter2',
      transports: [server.transport()],
    })
    await Promise.all([alice.online(), bob.online()])
    expect(server.sessions.map(String)).toContain('bob@example.org/home')
    const received = new Promise<InboundMessage>((resolve) => bob.onMessage(resolve))
    await alice.send(message({ to: 'bob@example.org', type: 'chat', body: 'hello' })).acked
    expect((await received).body).toBe('hello')
    expect((await received).from?.toString()).toBe(alice.jid.toString())
  })

  test('a client talks in frames too, and leaves politely', async () => {
    await using server = await startLoopback({ users })
    const transports = [server.transport({ framed: true })]
    await using alice = createClient({ jid: 'alice@example.org/r', password: 'secret', transports })
    await alice.online()
    const received = new Promise<InboundMessage>((resolve) => alice.onMessage(resolve))
    alice.send(message({ to: 'alice@example.org/r', type: 'chat', body: 'note' }))
    expect((await received).body).toBe('note')
    await alice.close()
    expect(server.sessions).toEqual([])
  })

  test('servers side by side know nothing of each other', async () => {
    await using one = await startLoopback({ domain: 'one.example', users: { alice: 'pw' } })
    await using two = await startLoopback({ domain: 'two.example', users: { alice: 'pw' } })
    await using alice = createClient({ jid: 'alice@one.example', password: 'pw', transports: [one.transport()] })
    await alice.online()
    expect(two.sessions).toEqual([])
    await using lost = createClient({ jid: 'alice@one.example', password: 'pw', transports: [two.transport()] })
    await expect(lost.online()).rejects.toMatchObject({ code: 'host-unknown' })
  })

  test('a wrong password is refused', async () => {
    await using server = await startLoopback({ users })
    await using client = createClient({ jid: 'alice@example.org', password: 'wrong', transports: [server.transport()] })
    await expect(client.online()).rejects.toMatchObject({ condition: 'not-authorized' })
  })
})

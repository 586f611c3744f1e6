import { type ClientOptions, createClient, memoryStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { message } from '@couplet/stanza'
import { startLoopback } from '@couplet/testing'
import { describe, expect, test } from 'vitest'

describe('a server that drops what it kept when Bind 2 is used (XEP-0386 §3.2)', () => {
  test('the first login gets what was kept, and the next one what is in the archive', async () => {
    await using server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, bind2ClearsOffline: true })
    const transports = [server.transport()]
    const store = memoryStore()
    const came: (string | undefined)[] = []
    const alice = (options: Partial<ClientOptions> = {}) => {
      const plugins = [disco(), mam({ catchUp: true })] as const
      const client = createClient({ jid: 'alice@example.org', password: 'pw', transports, store, ...options, plugins })
      client.onMessage(({ body }) => void came.push(`live ${body}`))
      client.mam.onMissed(({ body }) => void came.push(`missed ${body}`))
      return client
    }
    await using bob = createClient({ jid: 'bob@example.org', password: 'pw', transports })
    await bob.online()
    for (const body of ['one', 'two']) {
      await bob.send(message({ to: 'alice@example.org', type: 'chat', body })).acked
      const client = alice()
      const caughtUp = new Promise((resolve) => client.mam.onCaughtUp(resolve))
      await client.online()
      await caughtUp
      await client.close()
    }
    expect(came).toEqual(['live one', 'missed two'])
  })

  test('the first login is like any other for who says since when something is missed', async () => {
    await using server = await startLoopback({ users: { alice: 'pw', bob: 'pw' }, bind2ClearsOffline: true })
    const transports = [server.transport()]
    const options = { password: 'pw', transports }
    await using bob = createClient({ ...options, jid: 'bob@example.org' })
    await bob.online()
    await bob.send(message({ to: 'alice@example.org', type: 'chat', body: 'one' })).acked
    const plugins = [disco(), mam({ catchUp: { since: 'beginning' } })] as const
    await using alice = createClient({ ...options, jid: 'alice@example.org', plugins })
    const came: (string | undefined)[] = []
    alice.onMessage(({ body }) => void came.push(`live ${body}`))
    alice.mam.onMissed(({ body }) => void came.push(`missed ${body}`))
    const caughtUp = new Promise((resolve) => alice.mam.onCaughtUp(resolve))
    await alice.online()
    await caughtUp
    expect(came).toEqual(['missed one']) // the server has cleared what it kept: Bind 2 was used
  })
})

import type { ClientOptions, ClientStatus } from '@couplet/client'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { startLab } from '../../src/lab.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { liveTarget, type Scheme, schemes, type Target, targets } from './targets.js'

/** A client that comes back, and a promise of the states it goes through until then. */
const open = async (target: Target, scheme: Scheme, options: Partial<ClientOptions> = {}) => {
  const client = await openClient(target, { scheme, reconnect: true, ...options })
  const states: ClientStatus[] = []
  const back = new Promise<readonly ClientStatus[]>((resolve) => {
    client.on('status', (status) => {
      states.push(status)
      if (status.state === 'online' || status.state === 'offline') resolve(states)
    })
  })
  return { client, back }
}

const names = (states: readonly ClientStatus[]) => states.map(({ state }) => state)

describe.each(await targets())('losing $title', (target) => {
  if (target.kickIsConflict) {
    test.each(schemes)(
      'over %s: stays away after a conflict over its resource, which would go round in circles',
      async (scheme) => {
        const { jid, password } = await target.createUser()
        const { client, back } = await open(target, scheme, { jid: `${jid}/desk`, password })
        await target.kick(client.jid.toString())
        const [status] = await back
        expect(status).toMatchObject({ state: 'offline', error: { name: 'StreamError', condition: 'conflict' } })
      },
    )
  } else {
    test.each(schemes)('over %s: comes back when the server has ended the stream', async (scheme) => {
      const { client, back } = await open(target, scheme)
      const { jid } = client
      await target.kick(jid.toString())
      expect(names(await back)).toEqual(['waiting', 'connecting', 'online'])
      expect(client.jid.bare.equals(jid.bare)).toBe(true)
    })

    test('a send while there is no connection waits for the next one', async () => {
      const [{ client, back }, other] = await Promise.all([open(target, 'xmpps'), openClient(target)])
      const inbox = messagesOf(other)
      let sent: ReturnType<typeof client.send> | undefined
      client.on('status', ({ state }) => {
        if (state === 'waiting') sent = client.send(message({ to: other.jid, type: 'chat', body: 'meanwhile' }))
      })
      await target.kick(client.jid.toString())
      await back
      await sent?.acked
      expect(await inbox.until(1)).toMatchObject([{ body: 'meanwhile' }])
    })
  }

  const drop = target.drop
  if (drop) {
    test('comes back when the connection breaks without a word', async () => {
      const { client, back } = await open(target, 'xmpps')
      await drop(client.jid.toString())
      const states = await back
      expect(names(states)).toEqual(['waiting', 'connecting', 'online'])
      expect(states[0]).toMatchObject({ error: { name: 'ConnectionError', phase: 'session', code: 'closed' } })
    })
  }

  if (target.server) {
    test('comes back when the server has been restarted', { timeout: 60_000 }, async () => {
      await using lab = await startLab([target.server!.name])
      const [own] = lab.servers
      const { client, back } = await open(liveTarget(own!), 'xmpps')
      await own!.restart()
      // By itself it comes over a minute or more: from now on, each wait ends at once.
      client.on('status', ({ state }) => {
        if (state === 'waiting') queueMicrotask(() => client.networkChanged())
      })
      client.networkChanged()
      expect(names(await back).slice(-2)).toEqual(['connecting', 'online'])
      await client.send(message({ to: client.account, body: 'still here' })).acked
      await client.close() // before its server goes
    })
  }
})

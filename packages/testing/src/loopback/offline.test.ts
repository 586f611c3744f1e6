import { createClient, type InboundMessage } from '@couplet/client'
import { Delay } from '@couplet/delay'
import { message } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { startLoopback } from './loopback-server.js'

test('a message for nobody waits for somebody: once, with its time, and not if it is not to be kept', async () => {
  const server = await startLoopback({ users: { alice: 'a', bob: 'b' } })
  const transports = [server.transport()]
  const alice = createClient({ jid: 'alice@example.org', password: 'a', transports })
  const bob = createClient({ jid: 'bob@example.org', password: 'b', transports })
  await alice.online()
  const before = Date.now()
  await alice.send(message({ to: 'bob@example.org', type: 'chat', body: 'one' })).acked
  await alice.send(message({ to: 'bob@example.org', type: 'headline', body: 'gone' })).acked
  const received: InboundMessage[] = []
  const last = new Promise<void>((resolve) => {
    bob.onMessage((each) => {
      received.push(each)
      if (each.body === 'two') resolve()
    })
  })
  await bob.online()
  await alice.send(message({ to: 'bob@example.org', type: 'chat', body: 'two' })).acked
  await last
  expect(received.map(({ body }) => body)).toEqual(['one', 'two'])
  expect(received[0]?.get(Delay)?.stamp.getTime()).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000)
  await Promise.all([alice.close(), bob.close()])
  await server.stop()
})

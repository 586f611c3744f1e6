import { createClient } from '@couplet/client'
import { message } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { startLoopback } from '../loopback/loopback-server.js'
import { faultTransport } from './fault-transport.js'
import { seededRandom } from './seeded-random.js'
import { virtualTime } from './virtual-time.js'

test('R-020 a thousand cuts at any byte, in either direction, by reset or end: the client is back each time', {
  timeout: 120_000,
}, async () => {
  using time = virtualTime()
  await using server = await startLoopback({ users: { u: 'p' } })
  const network = faultTransport(server.transport())
  const client = createClient({ jid: 'u@example.org', password: 'p', transports: [network] })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const random = seededRandom(20)
  const sends: Promise<unknown>[] = []
  void client.online()
  let cutByBytes = 0
  for (let n = 0; n < 1000; n++) {
    const direction = random.pick(['up', 'down'] as const)
    const how = random.pick(['reset', 'end'] as const)
    network.split(1 + random.below(100), direction)
    network.cutAfter(random.below(2000), { direction, how })
    const connection = await time.until(network.connected(n))
    if (n % 10 === 0)
      sends.push(client.send(message({ to: client.account, body: `${n}` })).acked.catch((e: unknown) => e))
    await time.advance(1000)
    if (!connection.isOpen) cutByBytes++
    network.heal()
    connection.cutNow(how)
  }
  network.heal()
  await time.until(client.online())
  await time.until(Promise.all(sends))
  expect(errors).toEqual([])
  expect(cutByBytes).toBeGreaterThan(500)
  expect([network.connectionCount, network.connections.length]).toEqual([1001, 1])
  await time.until(client.close())
  await time.settled()
  expect([network.connections, server.sessions, time.timerCount]).toEqual([[], [], 0])
})

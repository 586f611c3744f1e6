import {
  faultTransport,
  type Script,
  type ScriptedServer,
  scriptedServer,
  startLoopback,
  type VirtualTime,
  virtualTime,
} from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bob, count, letGo, observe, say, users } from './outage.js'
import { account } from './victim.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const ping = /<ping xmlns='urn:xmpp:ping'/
const request = /<r xmlns='urn:xmpp:sm:3'/

/** Online, and then nobody says anything. */
const silent: Script = async (peer) => {
  await peer.online()
  await letGo(peer)
}
const managed: Script = async (peer) => {
  await peer.online({ management: {} })
  await letGo(peer)
}
const received = (server: ScriptedServer): string => server.peers.at(-1)?.received ?? ''

describe('R-009 a connection on which nothing comes is probed', () => {
  test.each([
    ['by <r/> under stream management', managed, request],
    ['by a ping otherwise', silent, ping],
  ])('after 60 s, %s', async (_title, script, probe) => {
    await using server = await scriptedServer(script, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    await time.advance(59_999)
    expect(count(received(server), probe)).toBe(0)
    await time.advance(1)
    expect(count(received(server), probe)).toBe(1)
    // It was answered: the next one is due a minute later.
    await time.advance(59_999)
    expect(count(received(server), probe)).toBe(1)
    await time.advance(1)
    expect(count(received(server), probe)).toBe(2)
    expect(client.status.state).toBe('online')
    await time.until(client.close())
    expect(time.timerCount).toBe(0)
  })

  test.each([
    ['a stanza', `<message from='${bob}'><body>x</body></message>`, ' '],
    ['R-013 whitespace', ' ', ' '],
    ['half an element', '<message ', '/>'],
  ])('any byte puts it off: %s', async (_title, text, rest) => {
    await using server = await scriptedServer(managed, account)
    const { client, errors } = observe(server.transport())
    await time.until(client.online())
    await time.advance(45_000)
    await (await server.peer(0)).send(text)
    await time.advance(59_999)
    expect(count(received(server), request)).toBe(0)
    await (await server.peer(0)).send(rest)
    await time.advance(60_000)
    expect(count(received(server), request)).toBe(1)
    expect([client.status.state, errors]).toEqual(['online', []])
    await time.until(client.close())
  })

  test('`keepAlive` says after how long', async () => {
    await using server = await scriptedServer(managed, account)
    const { client } = observe(server.transport(), { keepAlive: 300_000 })
    await time.until(client.online())
    await time.advance(299_999)
    expect(count(received(server), request)).toBe(0)
    await time.advance(1)
    expect(count(received(server), request)).toBe(1)
    await time.until(client.close())
  })

  const limits = `<limits xmlns='urn:xmpp:stream-limits:0'><idle-seconds>40</idle-seconds></limits>`

  test('within half of what the server allows (XEP-0478), although bytes come', async () => {
    const chatty: Script = async (peer) => {
      await peer.online({ management: {}, features: limits })
      await letGo(peer)
    }
    await using server = await scriptedServer(chatty, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    for (let n = 1; n <= 10; n++) {
      await time.advance(10_000)
      await (await server.peer(0)).send(' ')
    }
    expect(count(received(server), request)).toBe(5)
    await time.until(client.close())
  })

  test('also in a session that was resumed without features in which the server could say so again', async () => {
    const first: Script = async (peer) => {
      await peer.online({ management: {}, features: limits })
      await peer.expect(/<presence/)
      peer.destroy()
    }
    const second: Script = async (peer) => {
      await peer.sasl2Login({ management: {}, resumed: 1 })
      await letGo(peer)
    }
    await using server = await scriptedServer([first, second], account)
    const { client, statuses, next } = observe(server.transport())
    const waiting = next('waiting')
    await time.until(client.online())
    await time.until(waiting)
    await time.until(next('online'))
    expect(statuses.at(-1)).toMatchObject({ resumed: true })
    await time.advance(19_999)
    expect(count(received(server), request)).toBe(0)
    await time.advance(20_001)
    expect(count(received(server), request)).toBe(2)
    await time.until(client.close())
  })
})

describe('R-013 whitespace between stanzas', () => {
  test.each([false, true])('counts as life and is nothing else; framed: %s', async (framed) => {
    await using server = await startLoopback({ users })
    const inner = server.transport({ framed })
    let inject: (text: string) => void = () => {}
    const network = faultTransport({
      ...inner,
      async connect(options) {
        const connection = await inner.connect(options)
        return {
          ...connection,
          listen(listener) {
            inject = (text) => listener.data(framed ? text : new TextEncoder().encode(text))
            connection.listen(listener)
          },
        }
      },
    })
    const { client, errors } = observe(network)
    await time.until(client.online())
    await time.advance(31_000) // what was handled has been acknowledged
    const { up } = network.bytes
    for (let n = 0; n < 10; n++) {
      inject(n % 2 === 0 ? ' ' : '\n')
      await time.advance(50_000)
    }
    expect(network.bytes.up, 'nothing was asked').toBe(up)
    expect([client.status.state, errors]).toEqual(['online', []])
    await time.until(client.close())
    await time.until(server.stop())
  })
})

describe('R-010 a server that is gone without a word', () => {
  test.each([
    ['with stream management', {}],
    ['without', false],
  ] as const)('is known to be dead after 75 s, %s', async (_title, management) => {
    await using server = await startLoopback({ users, management })
    const network = faultTransport(server.transport())
    const { client, next, statuses } = observe(network)
    await time.until(client.online())
    await time.advance(1000)
    const began = time.now()
    network.stall(undefined, { drop: true })
    const dead = next('waiting')
    await time.advance(75_000)
    const status = await dead
    expect(status).toMatchObject({ error: { name: 'ConnectionError', phase: 'session', code: 'timeout' } })
    expect(status.at - began).toBeLessThanOrEqual(75_000)
    expect(status.at - began, 'but not rashly').toBeGreaterThanOrEqual(74_000 - 1000)
    network.heal()
    if (client.status.state !== 'online') await time.until(next('online'))
    expect(statuses.at(-1)).toMatchObject({ state: 'online', resumed: management !== false })
    await time.until(client.close())
    expect(time.timerCount).toBe(0)
    await time.until(server.stop())
  })
})

describe('R-014 what is sent while the link is dead and nobody knows yet', () => {
  test.each([
    ['the session is resumed', 'resumed'],
    ['the session is lost', 'lost'],
    ['there is no stream management', 'unmanaged'],
  ] as const)('50 messages, none of them silently lost: %s', async (_title, fate) => {
    await using server = await startLoopback({ users, management: fate === 'unmanaged' ? false : {} })
    const network = faultTransport(server.transport())
    const receiver = observe(server.transport(), { jid: bob })
    const { client, next } = observe(network)
    await time.until(Promise.all([client.online(), receiver.client.online()]))
    await time.advance(1000)
    const [link] = network.connections
    link?.stall(undefined, { drop: true })
    const dead = next('waiting')
    const sends = Array.from({ length: 50 }, (_, n) => client.send(say(`${n}`)))
    await time.advance(10_000)
    expect(sends.filter(({ state }) => state === 'written').length).toBeGreaterThan(0)
    await time.until(dead)
    if (fate === 'lost') server.forget(String(client.account))
    const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
    const acked = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [`${n}`] : []))
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.name] : []))
    await time.advance(5000)
    expect(receiver.bodies).toEqual(acked)
    expect(acked).toHaveLength(fate === 'resumed' ? 50 : 0)
    expect(new Set(reasons)).toEqual(new Set(fate === 'resumed' ? [] : ['ConnectionError']))
    await time.until(Promise.all([client.close(), receiver.client.close()]))
    await time.until(server.stop())
  })
})

import { memoryStore } from '@couplet/client'
import { NS_CLIENT } from '@couplet/stanza'
import {
  faultTransport,
  type ScriptedPeer,
  scriptedServer,
  startLoopback,
  type VirtualTime,
  virtualTime,
} from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NS_SM } from '../src/elements.js'
import { accept, alice, bob, count, letGo, observe, say, users } from './outage.js'
import { account } from './victim.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

const question = `<r xmlns='${NS_SM}'/>`
const answers = (peer: ScriptedPeer): number[] =>
  [...peer.received.matchAll(/<a xmlns='urn:xmpp:sm:3' h='(\d+)'\/>/g)].map(([, h]) => Number(h))

describe('R-022 how often the server is asked', () => {
  test.each([
    [1, 1],
    [10, 2],
    [1000, 201],
  ])('for a burst of %d messages %d times at most, and one question at a time', async (size, most) => {
    let outstanding = 0
    let highest = 0
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: { autoAck: false } })
      peer.answerElement(NS_SM, 'r', (element) => {
        highest = Math.max(highest, ++outstanding)
        const h = peer.handledBefore(element)
        setTimeout(() => {
          outstanding--
          void peer.ack(h)
        }, 20)
        return ''
      })
      await letGo(peer)
    }, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    await time.advance(1000)
    const peer = server.peers[0] as ScriptedPeer
    const before = count(peer.received, question)
    const sends = Array.from({ length: size }, (_, i) => client.send(say(`${i}`)))
    await time.advance(60_000)
    expect(sends.map(({ state }) => state)).toEqual(sends.map(() => 'acked'))
    expect(highest).toBe(1)
    expect(count(peer.received, question) - before).toBeLessThanOrEqual(most)
    await time.until(client.close())
  })

  test('an idle link is not asked, but for the probe', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await letGo(peer)
    }, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    await time.until(client.send(say('1')).acked)
    const peer = server.peers[0] as ScriptedPeer
    const before = count(peer.received, question)
    await time.advance(59_000)
    expect(count(peer.received, question)).toBe(before)
    await time.advance(2000)
    expect(count(peer.received, question)).toBe(before + 1)
    await time.until(client.close())
  })

  test.each([false, true])('always before the end (with a store: %s)', async (isStored) => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await letGo(peer)
    }, account)
    const { client } = observe(server.transport(), isStored ? { store: memoryStore() } : {})
    await time.until(client.online())
    const { acked } = client.send(say('last words'))
    await time.until(client.close())
    await acked
    const { received } = server.peers[0] as ScriptedPeer
    expect(received).toMatch(/last words.*<presence [^>]*type='unavailable'.*<r xmlns.*<\/stream:stream>/)
  })

  test('with a store too the question comes after what it is about', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await letGo(peer)
    }, account)
    const { client } = observe(server.transport(), { store: memoryStore() })
    await time.until(client.online())
    await time.advance(1000)
    const { received } = server.peers[0] as ScriptedPeer
    const { acked } = client.send(say('1'))
    await time.until(acked)
    expect(server.peers[0]?.received.slice(received.length)).toMatch(/^<message .*<r xmlns='urn:xmpp:sm:3'\/>$/)
    await time.until(client.close())
  })
})

describe('R-023 telling the server how far we are', () => {
  test('at once when it asks, without being asked every 50 stanzas, and after 30 s', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await peer.expectElement(NS_CLIENT, 'presence')
      await peer.stanza(`<message from='${bob}'><body>1</body></message>`)
      await peer.send(question)
      await peer.expect(/<a /)
      for (let i = 0; i < 110; i++) await peer.stanza(`<message from='${bob}' id='m${i}'><body>${i}</body></message>`)
      await letGo(peer)
    }, account)
    const { client, bodies } = observe(server.transport())
    await time.until(client.online())
    await time.settled()
    const peer = server.peers[0] as ScriptedPeer
    expect([bodies.length, answers(peer)]).toEqual([111, [1, 51, 101]])
    await time.advance(29_999)
    expect(answers(peer)).toEqual([1, 51, 101])
    await time.advance(1)
    expect(answers(peer)).toEqual([1, 51, 101, 111])
    await time.advance(3_600_000)
    expect(answers(peer)).toEqual([1, 51, 101, 111])
    await time.until(client.close())
  })

  test('S-173 what is not handled yet does not count, and what failed in the handler does', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: {} })
      await peer.expectElement(NS_CLIENT, 'presence')
      for (const body of ['throws', 'rejects', 'slow', 'fast']) {
        await peer.stanza(`<message from='${body}@example.org'><body>${body}</body></message>`)
      }
      await peer.send(question)
      await letGo(peer)
    }, account)
    const { client, errors } = observe(server.transport())
    client.onMessage(({ body }) => {
      if (body === 'throws') throw new Error(body)
      if (body === 'rejects') return Promise.reject(new Error(body))
      return body === 'slow' ? new Promise((resolve) => setTimeout(resolve, 200)) : undefined
    })
    await time.until(client.online())
    await time.settled()
    const peer = server.peers[0] as ScriptedPeer
    expect(answers(peer)).toEqual([2])
    expect(errors).toHaveLength(2)
    await time.advance(200)
    await peer.send(question)
    await time.settled()
    expect(answers(peer)).toEqual([2, 4])
    await time.until(client.close())
  })

  test('R-029 handlers that run across a resumption are not called again, and count once they are done', async () => {
    await using server = await startLoopback({ users })
    const [mine, friend] = [observe(server.transport(), { jid: alice }), observe(server.transport(), { jid: bob })]
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    let finish: () => void = () => {}
    const running = new Promise<void>((resolve) => (finish = resolve))
    mine.client.onMessage(() => running)
    const bodies = ['1', '2', '3']
    for (const body of bodies) friend.client.send(say(body, alice))
    await time.advance(100)
    for (let i = 0; i < 3; i++) {
      const again = mine.next('online')
      server.drop(alice)
      expect(await time.until(again)).toMatchObject({ resumed: true })
      await time.advance(100)
      if (i === 1) finish()
    }
    expect(mine.bodies).toEqual(bodies)
    server.drop(alice)
    server.expire(alice) // nothing is left for anybody else
    const next = observe(server.transport(), { jid: alice })
    await time.until(mine.client.close())
    await time.until(next.client.online())
    await time.advance(1000)
    expect(next.bodies).toEqual([])
    await time.until(Promise.all([next.client.close(), friend.client.close()]))
  })
})

describe('S-171 a server that never acknowledges', () => {
  test('1,000 messages have a place, the others wait; after 30 s the connection is dead and the session goes on', async () => {
    const bodies: number[] = []
    await using server = await scriptedServer(
      [
        (peer) => accept(peer, { autoAck: false }).then(() => letGo(peer)),
        async (peer) => {
          await accept(peer, { resumed: 1 })
          peer.answerElement(NS_CLIENT, 'message', (element) => {
            bodies.push(Number(element.child('body')?.text))
            return ''
          })
          await letGo(peer)
        },
      ],
      account,
    )
    const { client, error, next } = observe(server.transport())
    await time.until(client.online())
    const sends = Array.from({ length: 3000 }, (_, i) => client.send(say(`${i}`)))
    let accepted = 0
    for (const send of sends) void send.accepted.then(() => accepted++)
    await time.advance(29_000)
    expect([accepted, sends.filter(({ state }) => state === 'failed').length]).toEqual([999, 0]) // and the presence
    const written = count(server.peers[0]?.received, '<message ')
    expect(written, 'not all at once: a slow server is not dead').toBeGreaterThan(400)
    await time.until(next('waiting'))
    expect(error()).toMatchObject({ name: 'ConnectionError', code: 'timeout' })
    expect(await time.until(next('online'))).toMatchObject({ resumed: true })
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    expect(accepted).toBe(3000)
    expect(bodies).toEqual(sends.map((_, i) => i))
    await time.until(client.close())
    expect(time.timerCount).toBe(0)
  })
})

describe('R-027 new messages while the session is resumed', () => {
  test('come after the old ones, which say when they were sent', async () => {
    await using server = await startLoopback({ users })
    const network = faultTransport(server.transport())
    const [mine, friend] = [observe(network, { jid: alice }), observe(server.transport(), { jid: bob })]
    const stamps: (Date | undefined)[] = []
    const { Delay } = await import('@couplet/delay')
    friend.client.onMessage((message) => void stamps.push(message.get(Delay)?.stamp))
    await time.until(Promise.all([mine.client.online(), friend.client.online()]))
    await time.advance(1000)
    network.stall('up', { drop: true })
    const begin = Date.now()
    for (const body of ['1', '2', '3']) mine.client.send(say(body))
    await time.advance(10_000)
    mine.client.on('status', ({ state }) => {
      if (state === 'waiting') mine.client.send(say('4'))
      if (state === 'connecting') mine.client.send(say('5'))
      if (state === 'online') mine.client.send(say('6'))
    })
    network.cutNow()
    network.heal()
    await time.until(mine.next('online'))
    await time.until(mine.client.send(say('7')).acked)
    await time.advance(1000)
    expect(friend.bodies).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(stamps.map((stamp) => stamp && Math.abs(stamp.getTime() - begin) < 1000)).toEqual([
      ...[true, true, true],
      ...[undefined, undefined, undefined, undefined],
    ])
    await time.until(Promise.all([mine.client.close(), friend.client.close()]))
  })
})

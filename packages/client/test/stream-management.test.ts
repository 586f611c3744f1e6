import { inspect } from 'node:util'
import type { Plugin } from '@couplet/client'
import { NS_CLIENT } from '@couplet/stanza'
import { type Script, type ScriptedPeer, scriptedServer, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Enabled, NS_SM } from '../src/elements.js'
import { accept, letGo, observe, say } from './outage.js'
import { account } from './victim.js'

const secret = 'sm-canary-4711'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** Says that everything was handled by the old session: what an archive would find out. */
const archive = (): Plugin<'archive', unknown> => ({
  name: 'archive',
  needs: {},
  setup: (context) => context.findSent(async (sent) => sent.map(() => 'handled' as const)),
})

/** A server that lets the first session begin and then plays this; whoever comes back gets a new session. */
async function play(first: (peer: ScriptedPeer) => Promise<void>, plugins: readonly unknown[] = []) {
  const script: Script = async (peer) => {
    if (server.peers.length > 1) {
      await accept(peer)
    } else {
      await peer.online({ management: { id: secret, autoAck: false } })
      await peer.expectElement(NS_CLIENT, 'presence')
      await first(peer)
    }
    await letGo(peer)
  }
  const server = await scriptedServer(script, account)
  const observed = observe(server.transport(), { plugins: plugins as never })
  await time.until(observed.client.online())
  return { ...observed, server }
}

const a = (h: string): string => `<a xmlns='${NS_SM}' h='${h}'/>`

describe('S-164 a server that has handled more than it was sent', () => {
  test('in the middle of a session: it is told the figures, and the session is given up', async () => {
    const told: string[] = []
    const { client, server, next } = await play(async (peer) => {
      await peer.expectElement(NS_CLIENT, 'message')
      await peer.send(a('5'))
      told.push((await peer.expect(/<stream:error>.*<\/stream:error>/))[0])
    })
    const again = next('online')
    const { acked } = client.send(say('1'))
    await expect(time.until(acked)).rejects.toMatchObject({ name: 'ConnectionError', code: 'unacknowledged' })
    expect(told[0]).toContain(`<undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`)
    expect(told[0]).toContain(`<handled-count-too-high xmlns='${NS_SM}' h='5' send-count='2'/>`)
    expect(await time.until(again)).toMatchObject({ resumed: false })
    expect(server.peers[1]?.received).not.toContain('<resume')
    await time.until(client.close())
    await server.stop()
  })

  test('what becomes of the messages is looked up, where that is possible', async () => {
    const { client, server } = await play(
      async (peer) => {
        await peer.expectElement(NS_CLIENT, 'message')
        await peer.send(a('5'))
      },
      [archive()],
    )
    const sends = ['1', '2'].map((body) => client.send(say(body)))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    expect(server.peers[1]?.received).not.toContain('<message')
    await time.until(client.close())
    await server.stop()
  })

  test('when it resumes the session: that one is given up as well', async () => {
    let error = ''
    const scripts: Script[] = [
      async (peer) => {
        await peer.online({ management: { id: secret, autoAck: false } })
        await peer.expectElement(NS_CLIENT, 'message')
        peer.destroy()
      },
      async (peer) => {
        await peer.resumed({ h: 9 })
        error = (await peer.expect(/<stream:error>.*<\/stream:error>/))[0]
        await letGo(peer)
      },
      (peer) => accept(peer).then(() => letGo(peer)),
    ]
    await using server = await scriptedServer(scripts, account)
    const { client, statuses } = observe(server.transport())
    await time.until(client.online())
    const { acked } = client.send(say('1'))
    await expect(time.until(acked)).rejects.toMatchObject({ code: 'unacknowledged' })
    expect(error).toContain(`h='9' send-count='2'`)
    expect(server.peers[2]?.received).not.toContain('<resume')
    expect(statuses.flatMap((status) => (status.state === 'online' ? [status.resumed] : []))).toEqual([false, false])
    await time.until(client.online())
    await time.until(client.close())
  })

  test('when it does not resume the session: that says nothing', async () => {
    const scripts: Script[] = [
      async (peer) => {
        await peer.online({ management: { id: secret, autoAck: false } })
        await peer.expectElement(NS_CLIENT, 'message')
        peer.destroy()
      },
      (peer) => accept(peer, { known: 9 }).then(() => letGo(peer)),
    ]
    await using server = await scriptedServer(scripts, account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    const { acked } = client.send(say('1'))
    await expect(time.until(acked)).rejects.toMatchObject({ code: 'unacknowledged' })
    await time.until(client.close())
  })
})

describe('S-165 counts that are none', () => {
  test.each([
    ['negative', a('-1')],
    ['a word', a('abc')],
    ['a fraction', a('1.5')],
    ['empty', a('')],
    ['absent', `<a xmlns='${NS_SM}'/>`],
    ['of 33 bits', a('4294967296')],
    ['far too large', a('9007199254740993')],
    ['less than before', a('2') + a('1')],
  ])('%s: the stream ends with an error, and the session is not resumed', async (_title, text) => {
    const { client, server, error, next } = await play(async (peer) => {
      await peer.expectElement(NS_CLIENT, 'message')
      await peer.send(text)
      await peer.expect(/<stream:error>/)
    })
    const lost = next('waiting')
    const send = client.send(say('1'))
    await time.until(lost)
    expect(error()).toMatchObject({ name: 'StreamError' })
    await time.until(next('online'))
    expect(send.state, 'of what was acknowledged before').toBe(text.startsWith(a('2')) ? 'acked' : 'failed')
    expect(server.peers[1]?.received).not.toContain('<resume')
    await time.until(client.close())
    await server.stop()
  })

  test('more than it was asked for is no matter: the same count again and again', async () => {
    const { client, server, errors } = await play(async (peer) => {
      await peer.expectElement(NS_CLIENT, 'message')
      await peer.send(a('2').repeat(3))
    })
    await time.until(client.send(say('1')).acked)
    await time.settled()
    expect([client.status.state, errors]).toEqual(['online', []])
    await time.until(client.close())
    await server.stop()
  })
})

describe('what belongs to the negotiation, in the middle of a session', () => {
  test.each([
    ['S-167 resumed', `<resumed xmlns='${NS_SM}' previd='${secret}' h='0'/>`],
    ['enabled', `<enabled xmlns='${NS_SM}' id='other' resume='true'/>`],
    ['failed', `<failed xmlns='${NS_SM}' h='1'/>`],
    ['resume', `<resume xmlns='${NS_SM}' previd='x' h='0'/>`],
    ['something unknown', `<other xmlns='${NS_SM}'/>`],
  ])('%s: the stream ends, and the next session is a new one', async (_title, text) => {
    const { client, server, error, next } = await play(async (peer) => {
      await peer.expectElement(NS_CLIENT, 'message')
      await peer.send(text)
      await peer.expect(/<stream:error><policy-violation /)
    })
    client.send(say('now'))
    await time.until(next('waiting'))
    expect(error()).toMatchObject({ name: 'StreamError', condition: 'policy-violation' })
    await time.until(next('online'))
    expect(server.peers[1]?.received).not.toContain('<resume')
    await time.until(client.close())
    await server.stop()
  })
})

test.each([
  [7, ['1', '2', '3', '4', '5', '6'], ['7', '8']],
  [1, [], ['1', '2', '3', '4', '5', '6', '7', '8']],
  [9, ['1', '2', '3', '4', '5', '6', '7', '8'], []],
])('S-170 R-025 a refusal that says that %d stanzas were handled', async (h, handled, unknown) => {
  const asked: (string | undefined)[] = []
  const finder: Plugin<'finder', unknown> = {
    name: 'finder',
    needs: {},
    setup: (context) =>
      context.findSent(async (sent) => {
        asked.push(...sent.map(({ message }) => message.body))
        return sent.map(() => 'missing' as const)
      }),
  }
  const scripts: Script[] = [
    async (peer) => {
      await peer.online({ management: { id: secret, autoAck: false } })
      for (let i = 0; i < 8; i++) await peer.expectElement(NS_CLIENT, 'message')
      peer.destroy()
    },
    (peer) => accept(peer, { known: h }).then(() => letGo(peer)), // the presence is the first of them
  ]
  await using server = await scriptedServer(scripts, account)
  const { client } = observe(server.transport(), { plugins: [finder] as never })
  await time.until(client.online())
  const sends = Array.from({ length: 8 }, (_, i) => client.send(say(`${i + 1}`)))
  await time.until(Promise.all(sends.map(({ acked }) => acked)))
  expect(asked).toEqual(unknown)
  const again = [...(server.peers[1]?.received.matchAll(/<body>(\d+)<\/body>/g) ?? [])].map(([, body]) => body)
  expect(again).toEqual(unknown)
  expect([...handled, ...again]).toHaveLength(8)
  await time.until(client.close())
})

test('S-174 a session that is kept for 136 years makes no timer fire', async () => {
  const scripts: Script[] = [
    async (peer) => {
      await peer.online({ management: { id: secret, max: 4_294_967_295 } })
      await peer.expectElement(NS_CLIENT, 'presence')
      peer.destroy()
    },
    (peer) => accept(peer, { resumed: 1 }).then(() => letGo(peer)),
  ]
  await using server = await scriptedServer(scripts, account)
  const { client, next, statuses } = observe(server.transport())
  await time.until(client.online())
  expect(await time.until(next('online'))).toMatchObject({ resumed: true })
  await time.advance(3_600_000)
  expect(server.peers).toHaveLength(2)
  expect(statuses.map(({ state }) => state)).toEqual(['connecting', 'online', 'waiting', 'connecting', 'online'])
  await time.until(client.close())
  expect(time.timerCount).toBe(0)
})

test('R-030 a session that was kept for 300 seconds, after 301: a new one on the same connection', async () => {
  const scripts: Script[] = [
    async (peer) => {
      await peer.online({ management: { id: secret, max: 300 } })
      await peer.expectElement(NS_CLIENT, 'presence')
      peer.destroy()
    },
    (peer) => accept(peer, { known: 1 }).then(() => letGo(peer)),
  ]
  await using server = await scriptedServer(scripts, account)
  let isOnline = true
  let changed = (_event: 'online'): void => {}
  const network = {
    get isOnline() {
      return isOnline
    },
    onChange: (listener: (event: 'online' | 'offline' | 'change') => void) => {
      changed = listener
      return { dispose: () => {} } as never
    },
  }
  const { client, next, statuses } = observe(server.transport(), { network })
  await time.until(client.online())
  isOnline = false
  await time.until(next('waiting'))
  await time.advance(301_000)
  isOnline = true
  changed('online')
  expect(await time.until(next('online'))).toMatchObject({ resumed: false })
  expect(server.peers).toHaveLength(2)
  expect(server.peers[1]?.received).toMatch(new RegExp(`<resume [^>]*previd='${secret}'.*<bind `))
  expect(statuses.at(-1)?.state).toBe('online')
  await time.until(client.close())
})

test('the SM-ID, with which anybody who logs in could take the session over, shows nowhere', async () => {
  const { client, server, statuses, errors, next } = await play(async (peer) => {
    await peer.expectElement(NS_CLIENT, 'message')
    await peer.send(String(Enabled({ id: secret, resume: true })))
    await peer.expect(/<stream:error>/)
  })
  client.send(say('now'))
  await time.until(next('online'))
  await time.until(client.close())
  const options = { depth: 20, showHidden: true, getters: true }
  for (const value of [
    client,
    statuses,
    errors,
    ...statuses.map((status) => ('error' in status ? status.error : '')),
  ]) {
    expect(inspect(value, options)).not.toContain(secret)
    if (value instanceof Error) expect(`${value.message} ${value.stack}`).not.toContain(secret)
  }
  await server.stop()
})

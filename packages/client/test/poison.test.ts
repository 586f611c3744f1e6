import { type ClientEvents, memoryStore, type Plugin } from '@couplet/client'
import { iqSet, marker, NS_CLIENT } from '@couplet/stanza'
import { type Script, type ScriptedPeer, scriptedServer, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NS_SM } from '../src/elements.js'
import { accept, letGo, observe, say, streamError } from './outage.js'
import { account } from './victim.js'

let time: VirtualTime
beforeEach(() => {
  time = virtualTime()
})
afterEach(() => time.restore())

/** How a server takes sessions up again whose stream it has ended. */
type Manner = 'resumes' | 'forgets, but knows how far it had come' | 'forgets'

/** A server that handles what comes, one by one, and does this when a certain message arrives. */
function intolerant(manner: Manner, onPoison: (peer: ScriptedPeer) => string) {
  const handled: string[] = []
  let connections = 0
  let deaths = 0
  let h = 0
  const logIn = async (peer: ScriptedPeer): Promise<void> => {
    const isFirst = connections++ === 0
    if (manner === 'resumes' && !isFirst) return accept(peer, { resumed: h, autoAck: false })
    const known = manner === 'forgets' ? undefined : h
    h = 0
    await accept(peer, { known, autoAck: false })
  }
  const script: Script = async (peer) => {
    await logIn(peer)
    let isOver = false
    peer.answerElement(NS_CLIENT, 'presence', () => {
      h++
      return ''
    })
    peer.answerElement(NS_CLIENT, 'message', (element) => {
      const body = element.child('body', NS_CLIENT)?.text ?? ''
      if (isOver) return ''
      isOver = body === 'poison'
      if (isOver) {
        deaths++
        return onPoison(peer)
      }
      h++
      handled.push(body)
      return ''
    })
    peer.answerElement(NS_CLIENT, 'iq', (element) => {
      h++
      return `<iq type='result' id='${element.attr('id')}'/>`
    })
    peer.answerElement(NS_SM, 'r', () => (isOver ? '' : `<a xmlns='${NS_SM}' h='${h}'/>`))
    await letGo(peer)
  }
  return { script, handled, deaths: () => deaths, connections: () => connections }
}

/** What an archive would know: whether the server has handled a message. */
const archive = (handled: readonly string[]): Plugin<'archive', unknown> => ({
  name: 'archive',
  needs: {},
  setup: (context) =>
    context.findSent(async (sent) =>
      sent.map(({ message }) => (handled.includes(message.body ?? '') ? 'handled' : 'missing')),
    ),
})

/** Asks something whenever a session begins, and does not wait for more than the answer. */
const curious: Plugin<'curious', unknown> = {
  name: 'curious',
  needs: {},
  setup: (context) => context.onSession(() => context.request(iqSet(marker('urn:example:curious', 'query')), true)),
}

const killing = (condition: string) => (): string => `${streamError(condition)}</stream:stream>`

describe('R-028 a stanza over which the server ends the stream', () => {
  test.each([
    ['policy-violation', 'resumes'],
    ['bad-format', 'resumes'],
    ['unsupported-stanza-type', 'resumes'],
    ['policy-violation', 'forgets, but knows how far it had come'],
    ['policy-violation', 'forgets'],
    ['bad-format', 'forgets'],
  ] as const)(
    '%s, by a server that %s: it fails after two deaths, and the others arrive in order',
    async (condition, manner) => {
      const server = intolerant(manner, killing(condition))
      await using scripted = await scriptedServer(server.script, account)
      const { client, errors } = observe(scripted.transport(), { plugins: [archive(server.handled)] as never })
      await time.until(client.online())
      const sends = ['1', 'poison', '2', '3'].map((body) => client.send(say(body)))
      const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
      expect(outcomes[1]).toMatchObject({ reason: { name: 'ConnectionError', code: 'refused-stanza' } })
      expect([server.handled, server.deaths(), server.connections()]).toEqual([['1', '2', '3'], 2, 3])
      expect(client.status).toMatchObject({ state: 'online', resumed: manner === 'resumes' })
      expect(errors).toEqual([])
      await time.until(client.close())
    },
  )

  test.each(['forgets, but knows how far it had come', 'forgets'] as const)(
    'by a server that %s: what a plugin asks when the next session begins is not to blame',
    async (manner) => {
      const server = intolerant(manner, killing('policy-violation'))
      await using scripted = await scriptedServer(server.script, account)
      const { client, errors } = observe(scripted.transport(), { plugins: [archive(server.handled), curious] as never })
      await time.until(client.online())
      const sends = ['1', 'poison', '2'].map((body) => client.send(say(body)))
      const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect([server.handled, server.deaths(), errors]).toEqual([['1', '2'], 2, []])
      await time.until(client.close())
    },
  )

  test('which an earlier process has left: the application is told', async () => {
    const server = intolerant('resumes', killing('policy-violation'))
    await using scripted = await scriptedServer(server.script, account)
    const { get, batch } = memoryStore()
    const network = { isOnline: false, onChange: () => ({ dispose() {} }) }
    const first = observe(scripted.transport(), { store: { get, batch }, network })
    first.client.online().catch(() => {})
    await time.advance(1000)
    const sends = ['1', 'poison', '2'].map((body) => first.client.send(say(body)))
    await time.until(Promise.all(sends.map(({ accepted }) => accepted)))
    const { client, errors } = observe(scripted.transport(), { store: { get, batch } })
    const unsent: ClientEvents['unsent'][] = []
    client.on('unsent', (event) => unsent.push(event))
    await time.until(client.online())
    await time.advance(60_000)
    expect([server.handled, server.deaths(), errors]).toEqual([['1', '2'], 2, []])
    expect(unsent).toMatchObject([{ error: { code: 'refused-stanza' }, message: { body: 'poison' } }])
    await time.until(client.close())
    await time.until(first.client.close())
  })

  test('a second one is found out as well', async () => {
    const server = intolerant('resumes', killing('policy-violation'))
    await using scripted = await scriptedServer(server.script, account)
    const { client } = observe(scripted.transport())
    await time.until(client.online())
    const sends = ['poison', '1', 'poison', '2'].map((body) => client.send(say(body)))
    const outcomes = await time.until(Promise.allSettled(sends.map(({ acked }) => acked)))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    expect([server.handled, server.deaths()]).toEqual([['1', '2'], 4])
    await time.until(client.close())
  })

  test('nothing is blamed for a connection that breaks', async () => {
    let breaks = 0
    const server = intolerant('resumes', (peer) => {
      if (breaks++ < 5) peer.destroy()
      return killing('policy-violation')()
    })
    await using scripted = await scriptedServer(server.script, account)
    const { client, next } = observe(scripted.transport())
    await time.until(client.online())
    const sends = ['1', 'poison'].map((body) => client.send(say(body)))
    for (let n = 0; n < 5; n++) {
      await time.until(next('waiting'))
      expect(sends[1]?.state).toBe('written')
    }
    await expect(time.until(sends[1]?.acked as Promise<void>)).rejects.toMatchObject({ code: 'refused-stanza' })
    expect(server.deaths()).toBe(7)
    await time.until(client.close())
  })

  test('and nothing if there was nothing', async () => {
    const quiet: Script = async (peer) => {
      await accept(peer)
      await peer.closed
    }
    const server = intolerant('resumes', killing('policy-violation'))
    await using scripted = await scriptedServer(async (peer) => {
      if (scripted.peers.length > 2) return server.script(peer)
      await quiet(peer)
    }, account)
    const { client, next } = observe(scripted.transport())
    await time.until(client.online())
    for (let n = 0; n < 2; n++) {
      await time.settled()
      const waiting = next('waiting')
      await scripted.peers.at(-1)?.send(killing('policy-violation')())
      await time.until(waiting)
      await time.until(next('online'))
    }
    await expect(time.until(client.send(say('fine')).acked)).resolves.toBeUndefined()
    await time.until(client.close())
  })

  test('nor for what a server says before we are logged in', async () => {
    const throttled: Script = async (peer) => {
      await peer.streamHeader()
      await peer.send(killing('policy-violation')())
      peer.end()
    }
    const broken: Script = async (peer) => {
      await accept(peer, { resumed: 1, autoAck: false })
      await peer.expectElement(NS_CLIENT, 'message')
      peer.destroy()
    }
    const begun: Script = async (peer) => {
      await accept(peer, { autoAck: false })
      await peer.expectElement(NS_CLIENT, 'message')
      peer.destroy()
    }
    const last: Script = async (peer) => {
      await accept(peer, { resumed: 1 })
      await letGo(peer)
    }
    await using server = await scriptedServer([begun, throttled, broken, throttled, last], account)
    const { client } = observe(server.transport())
    await time.until(client.online())
    await expect(time.until(client.send(say('innocent')).acked)).resolves.toBeUndefined()
    await time.until(client.close())
  })
})

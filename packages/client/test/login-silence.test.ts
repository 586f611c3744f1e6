import type { ScriptedPeer } from '@couplet/testing'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { NS_BIND, NS_SASL2, NS_SM } from '../src/elements.js'
import {
  bare,
  begin,
  bound,
  classicBind,
  freshMemory,
  full,
  logIn,
  memoryWithToken,
  prove,
  serve,
  success,
  welcome,
} from './modern-server.js'

const sm = `<sm xmlns='${NS_SM}'/>`
const resumption = { previd: 'old-id', jid: `${bare}/old` as never, handled: () => 0 }

/** Loads what is loaded on demand: with fake timers, it would be counted. */
beforeAll(async () => {
  await using server = await serve((peer) => welcome(peer).then(() => {}))
  await using login = await logIn(server)
  expect(String(login.jid)).toBe(full)
})

const stalls: readonly [string, string, number, (peer: ScriptedPeer) => Promise<unknown>][] = [
  ['before the challenge', 'sasl', 30_000, (peer) => begin(peer)],
  ['before the success', 'sasl', 30_000, async (peer) => prove(peer, await begin(peer))],
  [
    'before the features that follow',
    'stream',
    15_000,
    async (peer) => peer.send(success(await prove(peer, await begin(peer)), bound())),
  ],
  [
    'before it says whether it resumes',
    'bind',
    15_000,
    async (peer) => {
      await peer.login()
      await peer.streamHeader()
      await peer.offer(classicBind + sm)
      await peer.expectElement(NS_SM, 'resume')
    },
  ],
  [
    'before stream management is on',
    'bind',
    15_000,
    async (peer) => {
      await peer.login()
      await peer.streamHeader()
      await peer.offer(classicBind + sm)
      await peer.expectElement(NS_SM, 'resume')
      await peer.send(`<failed xmlns='${NS_SM}'/>`)
      await peer.reply(await peer.expectRequest(NS_BIND, 'bind'), `<bind xmlns='${NS_BIND}'><jid>${full}</jid></bind>`)
    },
  ],
]

describe('S-093 R-006 a server that falls silent', () => {
  test.each(stalls)('%s', async (_, phase, limit, script) => {
    let stalled: () => void = () => {}
    const stall = new Promise<void>((resolve) => {
      stalled = resolve
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      await using server = await serve((peer) => script(peer).then(stalled))
      const outcome = logIn(server, { request: { resumption, inline: [], bind2: true } }).catch(
        (error: unknown) => error,
      )
      await stall
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
      let isOver = false
      void outcome.then(() => {
        isOver = true
      })
      await vi.advanceTimersByTimeAsync(limit - 1)
      expect(isOver).toBe(false)
      await vi.advanceTimersByTimeAsync(1001) // a second for the end of the stream
      expect(await outcome).toMatchObject({ name: 'ConnectionError', phase, code: 'timeout' })
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('an abort ends a login at once', () => {
  const aborting = async (script: (peer: ScriptedPeer) => Promise<unknown>, memory = freshMemory()) => {
    const stop = new AbortController()
    await using server = await serve(async (peer) => {
      await script(peer)
      stop.abort(new Error('changed my mind'))
    })
    const options = { signal: stop.signal, memory, request: { resumption, inline: [], bind2: true } }
    await expect(logIn(server, options)).rejects.toThrow('changed my mind')
  }

  test.each(stalls)('%s', (_, __, ___, script) => aborting(script))

  test('during the login by a token', async () => aborting((peer) => begin(peer), await memoryWithToken()))

  test('also while the password is being fetched', async () => {
    const stop = new AbortController()
    let asked: () => void = () => {}
    const fetching = new Promise<void>((resolve) => {
      asked = resolve
    })
    await using server = await serve(async (peer) => {
      const { initial } = await begin(peer)
      const nonce = /r=(.*)$/.exec(initial)?.[1]
      const first = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`).toString('base64')
      await peer.send(`<challenge xmlns='${NS_SASL2}'>${first}</challenge>`)
      await fetching
      stop.abort(new Error('changed my mind'))
    })
    const password = (): Promise<string> => {
      asked()
      return new Promise(() => {})
    }
    await expect(logIn(server, { signal: stop.signal, credentials: { password } })).rejects.toThrow('changed my mind')
  })
})

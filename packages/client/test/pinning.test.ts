import { describe, expect, test } from 'vitest'
import { NS_SASL, NS_SASL2 } from '../src/elements.js'
import type { LoginPin } from '../src/login-memory.js'
import {
  begin,
  bound,
  freshMemory,
  full,
  listHash,
  logIn,
  type Offer,
  prove,
  serve,
  success,
  unbase64,
  welcome,
} from './modern-server.js'

const plus: Offer = { mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'], bindings: ['tls-exporter'], fast: [] }
const weak: Offer = { mechanisms: ['SCRAM-SHA-256'], fast: [] }

async function pinned(pin: LoginPin) {
  const memory = freshMemory()
  await memory.load()
  await memory.update({ pin })
  return memory
}

describe('S-042 the pin of earlier logins', () => {
  test('remembers the best mechanism, with whether our side could bind', async () => {
    const memory = freshMemory()
    for (const transport of ['tls', 'websocket'] as const) {
      await using server = await serve((peer) => welcome(peer, plus, bound()).then(() => {}), transport)
      await using login = await logIn(server, { memory })
      expect(String(login.jid)).toBe(full)
    }
    // Over WebSocket nothing can be bound: that is no attack, and lowers no pin.
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-256-PLUS', unbindable: 'SCRAM-SHA-256' })
  })

  test.each([
    ['only SCRAM without binding', weak, {}],
    ['only PLAIN, which is allowed', { ...weak, mechanisms: ['PLAIN'] }, { policy: { allowPlain: true } }],
  ])('%s: refused, before anything is proven', async (_, offer, options) => {
    const memory = await pinned({ bindable: 'SCRAM-SHA-256-PLUS' })
    await using server = await serve(async (peer) => {
      await Promise.race([begin(peer, offer).then((asking) => prove(peer, asking)), peer.closed])
    }, 'tls')
    await expect(logIn(server, { memory, ...options })).rejects.toMatchObject({ code: 'downgrade', retry: 'user' })
    expect(server.peers[0]?.received).not.toMatch(/<response/)
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-256-PLUS' })
    await server.done.catch(() => {})
  })

  test('the same in the classic profile', async () => {
    const memory = await pinned({ bindable: 'SCRAM-SHA-256-PLUS' })
    await using server = await serve(async (peer) => {
      await peer.streamHeader()
      await peer.offer(`<mechanisms xmlns='${NS_SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`)
      const [, initial = ''] = await peer.expect(/<auth [^>]*>([^<]*)</)
      const nonce = /r=(.*)$/.exec(unbase64(initial))?.[1]
      const first = Buffer.from(`r=${nonce}x,s=c2FsdA==,i=4096`).toString('base64')
      await peer.send(`<challenge xmlns='${NS_SASL}'>${first}</challenge>`)
    }, 'tls')
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'downgrade' })
    expect(server.peers[0]?.received).toContain(`<abort xmlns='${NS_SASL}'/>`)
  })

  test('unless the server proves that it has nothing better (XEP-0474)', async () => {
    const memory = await pinned({ bindable: 'SCRAM-SHA-256-PLUS' })
    await using server = await serve(async (peer) => {
      await peer.send(success(await prove(peer, await begin(peer, weak), listHash('SCRAM-SHA-256')), bound()))
      await peer.offer()
    }, 'tls')
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-256-PLUS' }) // it does not fall
  })

  test('S-049 a proof of another list is none', async () => {
    const memory = await pinned({ bindable: 'SCRAM-SHA-256-PLUS' })
    await using server = await serve(async (peer) => {
      const hash = listHash('SCRAM-SHA-256\x1eSCRAM-SHA-256-PLUS\x1ftls-exporter')
      await Promise.race([begin(peer, weak).then((asking) => prove(peer, asking, hash)), peer.closed])
    }, 'tls')
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'downgrade' })
    expect(server.peers[0]?.received).toContain(`<abort xmlns='${NS_SASL2}'/>`)
    await server.done.catch(() => {})
  })

  test('the user can clear it', async () => {
    const memory = await pinned({ bindable: 'SCRAM-SHA-256-PLUS' })
    await memory.forgetPin()
    await using server = await serve((peer) => welcome(peer, weak, bound()).then(() => {}), 'tls')
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
    expect(memory.pin).toEqual({ bindable: 'SCRAM-SHA-256' })
  })

  test('a mechanism that the user has ruled out since is no floor', async () => {
    const memory = await pinned({ unbindable: 'SCRAM-SHA-512' })
    await using server = await serve((peer) => welcome(peer, weak, bound()).then(() => {}))
    await using login = await logIn(server, { memory, policy: { order: ['SCRAM-SHA-256'] } })
    expect(String(login.jid)).toBe(full)
  })
})

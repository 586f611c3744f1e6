import { describe, expect, test } from 'vitest'
import { NS_BIND, NS_SASL2, NS_SM, NS_TLS } from '../src/elements.js'
import type { LoginMemory } from '../src/login-memory.js'
import {
  authenticate,
  bare,
  begin,
  bound,
  classicBind,
  enabled,
  failed,
  features,
  freshMemory,
  full,
  listHash,
  logIn,
  memoryWithToken,
  nothing,
  type Offer,
  prove,
  proveToken,
  serve,
  success,
  welcome,
} from './modern-server.js'

const canary = 'canary-token'

/** Lets the memory learn what the server offers. */
async function acquainted(memory: LoginMemory, offer: Offer = {}): Promise<LoginMemory> {
  await using server = await serve((peer) => welcome(peer, offer).then(() => {}))
  await using login = await logIn(server, { memory })
  expect(String(login.jid)).toBe(full)
  return memory
}

describe('a server that is known is not waited for (XEP-0305)', () => {
  test('by token: two flights, one of them ours', async () => {
    const memory = await acquainted(freshMemory())
    await memory.update({
      token: { mechanism: 'HT-SHA-256-NONE', token: canary, expiry: '2999-01-01T00:00:00Z', count: 0 },
    })
    await using server = await serve(async (peer) => {
      const asking = await authenticate(peer) // the server has said nothing yet
      await peer.streamHeader()
      await peer.offer(features())
      await peer.send(success(proveToken(asking, canary), bound(enabled)))
      await peer.offer()
    })
    await using login = await logIn(server, { memory, credentials: nothing })
    expect([String(login.jid), login.management?.id]).toEqual([full, 'sm-1'])
  })

  test('by SCRAM: the features come with the challenge', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      const asking = await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(features())
      await peer.send(success(await prove(peer, asking), bound(enabled)))
      await peer.offer()
    })
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
  })

  test('but never before TLS', async () => {
    const memory = await memoryWithToken()
    for (let i = 0; i < 2; i++) {
      await using server = await serve(async (peer) => {
        await peer.expectElement(NS_TLS, 'starttls')
        expect(peer.received).not.toContain('<authenticate')
        await peer.streamHeader()
        await peer.offer(`<starttls xmlns='${NS_TLS}'/>`)
        await peer.send(`<proceed xmlns='${NS_TLS}'/>`)
        await peer.upgradeTls()
        // Only now, and only the second time, before the server has said anything.
        const early = i === 1 ? await authenticate(peer) : undefined
        const asking = early ?? (await begin(peer, { fast: [] }))
        if (early !== undefined) {
          await peer.streamHeader()
          await peer.offer(features({ fast: [] }))
        }
        await peer.send(success(await prove(peer, asking), bound()))
        await peer.offer()
      }, 'tcp')
      await using login = await logIn(server, { memory })
      expect(String(login.jid)).toBe(full)
    }
  })

  test('and never with what gives the password away', async () => {
    const memory = freshMemory()
    for (let i = 0; i < 2; i++) {
      await using server = await serve(async (peer) => {
        await peer.expect(/<stream:stream/)
        expect(peer.received).not.toContain('<authenticate')
        await begin(peer, { mechanisms: ['PLAIN'], fast: [] })
        await peer.send(success(undefined, bound()))
        await peer.offer()
      })
      await using login = await logIn(server, { memory, policy: { allowPlain: true } })
      expect(String(login.jid)).toBe(full)
    }
  })

  test('what it offered is remembered by scheme', async () => {
    const memory = freshMemory()
    await acquainted(memory)
    expect(memory.offer('wss')).toBeUndefined()
    expect(memory.offer('memory')).toMatchObject({ mechanisms: ['SCRAM-SHA-256'], resume: true })
  })
})

describe('a server that has changed', () => {
  test.each([
    ['what we use is there', ['SCRAM-SHA-256', 'X-NEW'], 'SCRAM-SHA-256\x1eX-NEW'],
    ['what is better can wait', ['SCRAM-SHA-256', 'SCRAM-SHA-512'], 'SCRAM-SHA-256\x1eSCRAM-SHA-512'],
  ])('another list, but %s: it goes on, and the proof is about the list of now', async (_, mechanisms, list) => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      const asking = await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(features({ mechanisms }))
      await peer.send(success(await prove(peer, asking, listHash(list)), bound()))
      await peer.offer()
    })
    await using login = await logIn(server, { memory })
    expect(String(login.jid)).toBe(full)
    expect(memory.offer('memory')?.mechanisms).toEqual([...mechanisms].sort())
    expect(server.peers[0]?.received).not.toContain('<abort')
  })

  test('S-049 another list, and the proof is about that of the last time', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      const asking = await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(features({ mechanisms: ['SCRAM-SHA-256', 'X-NEW'] }))
      await Promise.race([prove(peer, asking, listHash('SCRAM-SHA-256')), peer.closed])
    })
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'downgrade' })
    expect(server.peers[0]?.received).not.toContain('<response')
    await server.done.catch(() => {})
  })

  test.each([
    ['', []],
    [', after the server had refused it by itself', [failed('not-authorized')]],
  ])('another list, by which it would have begun otherwise: it begins again%s', async (_, before) => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      expect((await authenticate(peer)).mechanism).toBe('SCRAM-SHA-256')
      await peer.streamHeader()
      await peer.offer(features({ mechanisms: ['SCRAM-SHA-512'] }))
      await peer.send(before[0] ?? `<challenge xmlns='${NS_SASL2}'>cj14</challenge>`) // it was on its way
      await peer.expectElement(NS_SASL2, 'abort')
      await peer.send(failed('aborted'))
      expect((await authenticate(peer)).mechanism).toBe('SCRAM-SHA-512')
      await peer.send(failed('not-authorized'))
    })
    const failure = logIn(server, { memory })
    await expect(failure).rejects.toMatchObject({ code: 'not-authorized', mechanism: 'SCRAM-SHA-512' })
    expect(server.peers[0]?.received).not.toContain('<response')
  })

  test('S-042 a weaker list is a downgrade, as ever', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(features({ mechanisms: ['PLAIN'] }))
      await peer.expectElement(NS_SASL2, 'abort')
      await peer.send(failed('aborted'))
    })
    const failure = logIn(server, { memory, policy: { allowPlain: true } })
    await expect(failure).rejects.toMatchObject({ name: 'AuthenticationError', code: 'downgrade' })
    expect(memory.offer('memory')).toBeUndefined() // the next attempt waits for the features
  })

  test('no SASL2 any more: given up, and not hasty the next time', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(
        `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`,
      )
    })
    await expect(logIn(server, { memory })).rejects.toMatchObject({ code: 'unexpected-element', retry: 'backoff' })
    expect(memory.offer('memory')).toBeUndefined()
    await using next = await serve(async (peer) => {
      await peer.login()
      await peer.bind()
    })
    await using login = await logIn(next, { memory })
    expect(login.jid.bare.toString()).toBe(bare)
  })

  test('a server that cannot bear haste gets none the next time', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      await authenticate(peer)
      await peer.streamHeader()
      const condition = `<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`
      await peer.send(`<stream:error>${condition}</stream:error></stream:stream>`)
    })
    await expect(logIn(server, { memory })).rejects.toMatchObject({ name: 'StreamError' })
    expect(memory.offer('memory')).toBeUndefined()
  })

  test('no tokens any more: the server refuses it, and the password is used', async () => {
    const memory = await acquainted(freshMemory())
    await memory.update({
      token: { mechanism: 'HT-SHA-256-NONE', token: canary, expiry: '2999-01-01T00:00:00Z', count: 0 },
    })
    await using server = await serve(async (peer) => {
      expect((await authenticate(peer)).mechanism).toBe('HT-SHA-256-NONE')
      await peer.streamHeader()
      await peer.offer(features({ fast: [] }))
      await peer.send(failed('invalid-mechanism'))
      const second = await authenticate(peer)
      await peer.send(success(await prove(peer, second), bound()))
      await peer.offer()
    })
    await using login = await logIn(server, { memory })
    expect([String(login.jid), memory.token]).toEqual([full, undefined])
  })

  test('Bind 2 any more: the resource is bound on the features that follow', async () => {
    const memory = await acquainted(freshMemory())
    await using server = await serve(async (peer) => {
      const asking = await authenticate(peer)
      await peer.streamHeader()
      await peer.offer(features({ bind: undefined }))
      await peer.send(success(await prove(peer, asking), '', bare))
      await peer.offer(classicBind)
      await peer.reply(
        await peer.expectRequest(NS_BIND, 'bind'),
        `<bind xmlns='${NS_BIND}'><jid>${bare}/r</jid></bind>`,
      )
    })
    await using login = await logIn(server, { memory })
    expect([String(login.jid), login.management]).toEqual([`${bare}/r`, undefined])
  })
})

describe('round trips of a server nobody knows', () => {
  test('STARTTLS is asked for along with the header, and stream management along with the resource', async () => {
    await using server = await serve(async (peer) => {
      await peer.expectElement(NS_TLS, 'starttls') // 1, after TCP's own
      await peer.streamHeader()
      await peer.offer(`<starttls xmlns='${NS_TLS}'><required/></starttls>`)
      await peer.send(`<proceed xmlns='${NS_TLS}'/>`)
      await peer.upgradeTls() // 1
      await peer.login() // 1 for the features, 2 for SCRAM
      await peer.streamHeader() // 1
      await peer.offer(`${classicBind}<sm xmlns='${NS_SM}'/>`)
      const { element } = await peer.expectRequest(NS_BIND, 'bind') // 1
      await peer.expectElement(NS_SM, 'enable')
      const jid = `<bind xmlns='${NS_BIND}'><jid>${full}</jid></bind>`
      await peer.send(`<iq type='result' id='${element.attr('id')}'>${jid}</iq>${enabled}`)
    }, 'tcp')
    await using login = await logIn(server)
    expect([String(login.jid), login.management?.id]).toEqual([full, 'sm-1'])
  })
})

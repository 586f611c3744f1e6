import { Jid } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { NS_BIND, NS_SM } from '../src/elements.js'
import type { Resumption } from '../src/login.js'
import { bare, begin, bound, classicBind, enabled, full, logIn, prove, serve, success } from './modern-server.js'

const old = Jid.parse(`${bare}/old`)
const sm = `<sm xmlns='${NS_SM}'/>`

function resuming(previd = 'canary-sm-id') {
  const handled = vi.fn(() => 4_294_967_295)
  const resumption = { previd, jid: old, handled } as Resumption
  return { handled, options: { request: { resumption, inline: [], bind2: true } } }
}

/** The classic login, up to the features after it. */
async function classic(peer: ScriptedPeer, features = classicBind + sm): Promise<void> {
  await peer.login()
  await peer.streamHeader()
  await peer.offer(features)
}

/** Answers the request for a resource. */
async function bind(peer: ScriptedPeer, more = ''): Promise<void> {
  const { id } = await peer.expectRequest(NS_BIND, 'bind')
  const jid = `<bind xmlns='${NS_BIND}'><jid>${bare}/new</jid></bind>`
  await peer.send(`<iq type='result' id='${id}'>${jid}</iq>${more}`)
}

describe('stream management after the classic login (XEP-0198)', () => {
  test('is asked for along with the resource, and what comes early is kept', async () => {
    const message = `<message from='bob@example.org'><body>early</body></message>`
    await using server = await serve(async (peer) => {
      await classic(peer)
      await peer.expectElement(NS_SM, 'enable') // before the server has bound
      await bind(peer, message)
      await peer.stanza(`<presence from='bob@example.org'/>`)
      await peer.send(enabled)
      await peer.stanza(`<message from='bob@example.org'><body>late</body></message>`)
    })
    await using login = await logIn(server)
    expect(String(login.jid)).toBe(`${bare}/new`)
    expect(login.management).toEqual({ id: 'sm-1', resume: true, max: 300 })
    expect(login.early.map(({ name }) => name)).toEqual(['message', 'presence'])
    expect(login.features?.child('sm', NS_SM)).toBeDefined()
    expect(login.inlined.size).toBe(0)
  })

  test('is not asked for where it is not offered', async () => {
    await using server = await serve(async (peer) => {
      await classic(peer, classicBind)
      await bind(peer)
    })
    await using login = await logIn(server, resuming().options)
    expect([login.management, login.resumed, login.resumptionFailed]).toEqual([undefined, undefined, undefined])
    expect(server.peers[0]?.received).not.toContain(NS_SM)
  })

  test('that fails is no obstacle', async () => {
    await using server = await serve(async (peer) => {
      await classic(peer)
      await bind(peer, `<failed xmlns='${NS_SM}'/>`)
    })
    await using login = await logIn(server)
    expect([String(login.jid), login.management]).toEqual([`${bare}/new`, undefined])
  })

  test('a server that takes the request before it has bound is asked again', async () => {
    await using server = await serve(async (peer) => {
      await classic(peer)
      await peer.expectElement(NS_SM, 'enable')
      await peer.send(`<failed xmlns='${NS_SM}'/>`)
      await bind(peer)
      await peer.expectElement(NS_SM, 'enable')
      await peer.send(enabled)
    })
    await using login = await logIn(server)
    expect(login.management?.id).toBe('sm-1')
  })

  test.each([
    [
      'a resource that was not granted',
      `<iq type='error' id='ID'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
      { name: 'StanzaError', condition: 'conflict' },
    ],
    ['an answer before the resource', enabled, { phase: 'bind', code: 'unexpected-element' }],
    [
      'two refusals',
      `<failed xmlns='${NS_SM}'/><failed xmlns='${NS_SM}'/>`,
      { phase: 'bind', code: 'unexpected-element' },
    ],
    [
      'S-167 resumed, unasked',
      `<resumed xmlns='${NS_SM}' previd='x' h='0'/>`,
      { phase: 'bind', code: 'unexpected-element' },
    ],
  ])('%s', async (_, answer, error) => {
    await using server = await serve(async (peer) => {
      await classic(peer)
      const { id } = await peer.expectRequest(NS_BIND, 'bind')
      await peer.send(answer.replace('ID', id))
    })
    await expect(logIn(server)).rejects.toMatchObject(error)
  })

  test('S-168 what is offered before the login is not used', async () => {
    await using server = await serve(async (peer) => {
      await peer.streamHeader()
      const mechanisms = `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`
      await peer.offer(mechanisms + sm)
      await peer.expect(/<auth /)
      await peer.send(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>`)
    })
    await expect(logIn(server, resuming().options)).rejects.toMatchObject({ code: 'not-authorized' })
    expect(server.peers[0]?.received).not.toContain(NS_SM)
    expect(server.peers[0]?.received).not.toContain('canary-sm-id')
  })

  test('S-029 compression is never used', async () => {
    const compression = `<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>`
    await using server = await serve(async (peer) => {
      await classic(peer, classicBind + compression)
      await bind(peer)
    })
    await using login = await logIn(server)
    expect(String(login.jid)).toBe(`${bare}/new`)
    expect(server.peers[0]?.received).not.toContain('compress')
  })
})

describe('resumption after the classic login (XEP-0198 §5)', () => {
  test('goes on with the session', async () => {
    const { handled, options } = resuming()
    await using server = await serve(async (peer) => {
      await classic(peer)
      const resume = await peer.expectElement(NS_SM, 'resume')
      expect([resume.attr('previd'), resume.attr('h')]).toEqual(['canary-sm-id', '4294967295'])
      await peer.send(`<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='12'/>`)
    })
    await using login = await logIn(server, options)
    expect([String(login.jid), login.resumed]).toEqual([`${bare}/old`, { h: 12 }])
    expect([login.management, login.resumptionFailed, login.early]).toEqual([undefined, undefined, []])
    expect(server.peers[0]?.received).not.toContain(NS_BIND)
    expect(handled).toHaveBeenCalledOnce()
  })

  test.each([
    [
      'with a count',
      `<failed xmlns='${NS_SM}' h='5'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
      5,
    ],
    ['without', `<failed xmlns='${NS_SM}'/>`, undefined],
  ])('R-030 too late, %s: a new session in the same stream', async (_, answer, h) => {
    await using server = await serve(async (peer) => {
      await classic(peer)
      await peer.expectElement(NS_SM, 'resume')
      expect(peer.received).not.toContain(NS_BIND) // one after the other
      await peer.send(answer)
      await bind(peer, enabled)
    })
    await using login = await logIn(server, resuming().options)
    expect([String(login.jid), login.resumptionFailed, login.management?.id]).toEqual([`${bare}/new`, { h }, 'sm-1'])
    expect(server.peers).toHaveLength(1)
  })

  test.each([
    [
      'S-167 another session',
      `<resumed xmlns='${NS_SM}' previd='other' h='0'/>`,
      { name: 'ConnectionError', code: 'unexpected-element' },
    ],
    ['no session', `<resumed xmlns='${NS_SM}' h='0'/>`, { name: 'MalformedElementError' }],
    [
      'a count that is none',
      `<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='x'/>`,
      { name: 'MalformedElementError' },
    ],
    [
      'a count of 33 bits',
      `<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='4294967296'/>`,
      { name: 'MalformedElementError' },
    ],
    [
      'a stanza before the answer',
      `<message from='boss@example.org'/>`,
      { name: 'ConnectionError', code: 'unexpected-element' },
    ],
  ])('%s', async (_, answer, error) => {
    await using server = await serve(async (peer) => {
      await classic(peer)
      await peer.expectElement(NS_SM, 'resume')
      await peer.send(answer)
    })
    const failure = (await logIn(server, resuming().options).catch((reason) => reason)) as Error
    expect(failure).toMatchObject(error)
    expect(`${failure.message} ${failure.stack}`).not.toContain('canary-sm-id')
  })
})

describe('resumption inside of SASL2 (XEP-0198 §9.2)', () => {
  test('asks to bind as well, in case it fails', async () => {
    const { handled, options } = resuming()
    await using server = await serve(async (peer) => {
      const asking = await begin(peer)
      const resume = asking.element.child('resume', NS_SM)
      expect([resume?.attr('previd'), resume?.attr('h')]).toEqual(['canary-sm-id', '4294967295'])
      const results = `<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='3'/>`
      await peer.send(success(await prove(peer, asking), results, `${bare}/old`))
    })
    await using login = await logIn(server, options)
    expect([String(login.jid), login.resumed, login.features]).toEqual([`${bare}/old`, { h: 3 }, undefined])
    expect(handled).toHaveBeenCalledOnce()
  })

  test('features that a server sends all the same, behind the first stanzas, disturb nobody', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer)
      const results = `<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='3'/>`
      await peer.send(`${success(await prove(peer, asking), results)}<r xmlns='${NS_SM}'/><stream:features/>`)
      await peer.send(`<stream:features/><presence/>`)
    })
    await using login = await logIn(server, resuming().options)
    const seen: string[] = []
    await new Promise<void>((resolve) => {
      login.stream.listen((event) => {
        if (event.type === 'element') seen.push(event.element.name)
        if (seen.includes('presence')) resolve()
      })
    })
    expect(seen).toEqual(['r', 'features', 'presence']) // one is forgiven, a second is not
  })

  test('R-030 too late: a new session with the same success', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer)
      await peer.send(success(await prove(peer, asking), `<failed xmlns='${NS_SM}' h='9'/>${bound(enabled)}`))
      await peer.offer()
    })
    await using login = await logIn(server, resuming().options)
    expect([String(login.jid), login.resumptionFailed, login.management?.id]).toEqual([full, { h: 9 }, 'sm-1'])
  })

  test('R-030 too late, for a user who wants this very resource', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer)
      await peer.send(success(await prove(peer, asking), `<failed xmlns='${NS_SM}' h='9'/>`, bare))
      await peer.offer(classicBind + sm)
      await bind(peer, enabled)
    })
    await using login = await logIn(server, { ...resuming().options, resource: 'new' })
    expect([login.resumptionFailed, login.management?.id]).toEqual([{ h: 9 }, 'sm-1'])
    expect(server.peers[0]?.received.match(/<resume /g)).toHaveLength(1) // not tried twice
  })

  test('a server that cannot do that inline is asked on the features that follow', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer, { sm: false, bind: undefined })
      expect(asking.element.child('resume', NS_SM)).toBeUndefined()
      await peer.send(success(await prove(peer, asking), '', bare))
      await peer.offer(classicBind + sm)
      await peer.expectElement(NS_SM, 'resume')
      await peer.send(`<resumed xmlns='${NS_SM}' previd='canary-sm-id' h='12'/>`)
    })
    await using login = await logIn(server, resuming().options)
    expect(login.resumed).toEqual({ h: 12 })
  })
})

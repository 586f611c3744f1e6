import { xml } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { NS_BIND, NS_BIND2, NS_SM } from '../src/elements.js'
import type { InlineFeature, Resumption } from '../src/login.js'
import type { LoginOptions } from '../src/negotiation.js'
import {
  bare,
  begin,
  bound,
  classicBind,
  enabled,
  freshMemory,
  full,
  logIn,
  type Offer,
  prove,
  serve,
  success,
  token,
  welcome,
} from './modern-server.js'

const carbons = 'urn:xmpp:carbons:2'
const switchOn = (feature: string): InlineFeature => ({ feature, build: () => xml(feature, 'enable') })
const resumption = (): Resumption => ({ previd: 'old-id', jid: `${bare}/old` as never, handled: () => 7 })
const request = (inline: readonly InlineFeature[], resume?: Resumption): Partial<LoginOptions> => ({
  request: { resumption: resume, inline, bind2: true },
})

describe('Bind 2 (XEP-0386)', () => {
  test('switches on what both sides have, and nothing else', async () => {
    const unwanted = vi.fn()
    const features = [
      switchOn(carbons),
      { feature: 'urn:xmpp:csi:0', build: () => undefined },
      { feature: 'urn:not:listed', build: unwanted },
    ]
    await using server = await serve(async (peer) => {
      const { element } = await welcome(peer, { bind: [carbons, 'urn:xmpp:csi:0', NS_SM] })
      const bind = element.child('bind', NS_BIND2)
      expect(bind?.child('tag')?.text).toBe('couplet')
      expect([...(bind?.elements() ?? [])].map(({ name, ns }) => `${name} ${ns}`)).toEqual([
        `tag ${NS_BIND2}`,
        `enable ${carbons}`,
        `enable ${NS_SM}`,
      ])
      expect(bind?.child('enable', NS_SM)?.attr('resume')).toBe('true')
    })
    await using login = await logIn(server, request(features))
    expect(String(login.jid)).toBe(full)
    expect([...login.inlined]).toEqual([carbons])
    expect(login.management).toEqual({ id: 'sm-1', resume: true, max: 300 })
    expect(login.features?.name).toBe('features')
    expect(unwanted).not.toHaveBeenCalled()
  })

  test('stream management that is not listed is not asked for', async () => {
    await using server = await serve(async (peer) => {
      const { element } = await welcome(peer, { bind: [carbons] }, bound())
      expect(element.child('bind', NS_BIND2)?.child('enable', NS_SM)).toBeUndefined()
    })
    await using login = await logIn(server)
    expect(login.management).toBeUndefined()
  })

  test('stream management that fails is no obstacle', async () => {
    await using server = await serve((peer) => welcome(peer, {}, bound(`<failed xmlns='${NS_SM}'/>`)).then(() => {}))
    await using login = await logIn(server, request([switchOn(carbons)]))
    expect([login.management, [...login.inlined]]).toEqual([undefined, [carbons]])
  })

  const classically = (offer: Offer, results = '') =>
    serve(async (peer) => {
      const asking = await begin(peer, offer)
      await peer.send(success(await prove(peer, asking), results, bare))
      await peer.offer(`${classicBind}<sm xmlns='${NS_SM}'/>`)
      const { element } = await peer.expectRequest(NS_BIND, 'bind')
      await peer.expectElement(NS_SM, 'enable') // pipelined
      const resource = element.child('bind', NS_BIND)?.child('resource')?.text ?? 'made-up'
      const jid = `<bind xmlns='${NS_BIND}'><jid>${bare}/${resource}</jid></bind>`
      await peer.send(`<iq type='result' id='${element.attr('id')}'>${jid}</iq>${enabled}`)
    })

  test.each([
    ['a server without it', { bind: undefined }, undefined, `${bare}/made-up`],
    ['a server that does not bind though it was asked', {}, undefined, `${bare}/made-up`],
    ['a user who wants this very resource', {}, 'desk', `${bare}/desk`],
  ] as const)('%s: the resource is bound on the features that follow', async (_, offer, resource, jid) => {
    await using server = await classically(offer)
    await using login = await logIn(server, { resource, ...request([switchOn(carbons)]) })
    expect([String(login.jid), login.management?.id, [...login.inlined]]).toEqual([jid, 'sm-1', []])
    const received = server.peers[0]?.received ?? ''
    expect(received.includes(NS_BIND2)).toBe(resource === undefined && 'bind' in offer === false)
    expect(received.match(/<stream:stream/g)).toHaveLength(1)
  })
})

describe('S-057 results that were not asked for, or contradict each other', () => {
  const resumed = `<resumed xmlns='${NS_SM}' previd='old-id' h='3'/>`
  const refused = `<failed xmlns='${NS_SM}'/>`
  const attacks: readonly [string, string, string, Partial<Offer>, Resumption | undefined][] = [
    ['resumed, unasked', resumed, full, {}, undefined],
    ['resuming failed, unasked', refused + bound(), full, {}, undefined],
    ['resumed and bound', resumed + bound(), full, {}, resumption()],
    ['resumed and not', resumed + refused, full, {}, resumption()],
    ['resumed, asked of a server that cannot', resumed, full, { sm: false }, resumption()],
    ['bound, unasked', bound(), full, { bind: undefined }, undefined],
    ['managed, unasked', bound(enabled), full, { bind: [] }, undefined],
    ['managed and not', bound(enabled + refused), full, {}, undefined],
    ['managed, outside of what is bound', bound() + enabled, full, {}, undefined],
    ['a token, unasked', bound() + token('secret-token'), full, { fast: [] }, undefined],
  ]
  test.each(attacks)('%s', async (_, results, jid, offer, resume) => {
    await using server = await serve(async (peer) => {
      await peer.send(success(await prove(peer, await begin(peer, offer)), results, jid))
      await peer.offer(classicBind)
    })
    const error = { name: 'ConnectionError', phase: 'sasl', code: 'unexpected-element' }
    await expect(logIn(server, request([], resume))).rejects.toMatchObject(error)
    expect(server.peers[0]?.received).toContain('<policy-violation')
  })

  test('a token with a resumption, which the session asked for when it was bound, is left alone', async () => {
    const memory = freshMemory()
    await using server = await serve(async (peer) => {
      const asking = await begin(peer, { fast: [] })
      await peer.send(success(await prove(peer, asking), resumed + token('secret-token'), `${bare}/old`))
    })
    await using login = await logIn(server, { ...request([], resumption()), memory })
    expect([login.resumed, memory.token]).toEqual([{ h: 3 }, undefined])
  })

  test('S-167 resumed, but another session', async () => {
    await using server = await serve(async (peer) => {
      const results = `<resumed xmlns='${NS_SM}' previd='other' h='0'/>`
      await peer.send(success(await prove(peer, await begin(peer)), results))
    })
    const failure = logIn(server, request([], resumption()))
    await expect(failure).rejects.toMatchObject({ name: 'ConnectionError', code: 'unexpected-element' })
  })

  test.each([
    ['a count that is none', `<resumed xmlns='${NS_SM}' previd='old-id' h='many'/>`],
    ['a count of 33 bits', `<resumed xmlns='${NS_SM}' previd='old-id' h='4294967296'/>`],
    ['no count', `<resumed xmlns='${NS_SM}' previd='old-id'/>`],
    ['a broken count of what failed', `<failed xmlns='${NS_SM}' h='-1'/>${bound()}`],
    ['a broken answer to enable', bound(`<enabled xmlns='${NS_SM}' resume='maybe'/>`)],
  ])('malformed: %s', async (_, results) => {
    await using server = await serve(async (peer) => {
      await peer.send(success(await prove(peer, await begin(peer)), results))
      await peer.offer()
    })
    const failure = logIn(server, request([], resumption()))
    await expect(failure).rejects.toMatchObject({ name: 'MalformedElementError' })
  })
})

import { type Message, type MessageInit, message, StanzaError, type XmlElement, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { carbons } from './carbons.js'
import { disableCarbons, EnableCarbons, enableCarbons, NS_CARBONS, ReceivedCarbon, SentCarbon } from './elements.js'

const own = 'me@example.org'
const boss = 'boss@example.org/desk'
const inner = { from: boss, to: own, type: 'chat', body: 'pay' } as const
const ours = { from: `${own}/phone`, to: boss, type: 'chat', body: 'paid' } as const

const received = (init: MessageInit = inner, ...payloads: XmlElement[]): XmlElement =>
  ReceivedCarbon({ forwarded: { message: message(init, ...payloads) } })
const sent = (init: MessageInit = ours): XmlElement => SentCarbon({ forwarded: { message: message(init) } })
const outer = (from: string | undefined, ...payloads: XmlElement[]): Message =>
  message({ from, to: `${own}/here`, type: 'chat' }, ...payloads)

function setUp() {
  const session = fakeSession()
  const api = session.install(carbons())
  const [copies, plain] = [vi.fn(), vi.fn()]
  const seen: string[] = []
  api.onMessage((copy, direction) => {
    copies(copy)
    seen.push(`${direction} ${copy.provenance} ${copy.from} ${copy.body}`)
  })
  session.onMessage(plain)
  return { session, api, seen, copies, plain }
}

describe('enabling', () => {
  test('happens in every session', async () => {
    const { session, api } = setUp()
    session.answer(enableCarbons, undefined)
    expect(api.enabled).toBe(false)
    await session.begin()
    expect([api.enabled, session.requests.length, session.requests[0]?.to]).toEqual([true, 1, undefined])
    session.lose()
    expect(api.enabled).toBe(false)
    await session.begin()
    expect([api.enabled, session.requests.length]).toEqual([true, 2])
  })

  test('happens in a session that an earlier process has begun, for all we know', async () => {
    const { session, api } = setUp()
    session.answer(enableCarbons, undefined)
    session.lose()
    await session.resume(true)
    expect([api.enabled, session.requests.length]).toEqual([true, 1])
  })

  test.each(['feature-not-implemented', 'service-unavailable', 'forbidden', 'not-allowed'] as const)(
    'a server that says %s is left alone',
    async (condition) => {
      const { session, api } = setUp()
      session.answer(enableCarbons, new StanzaError({ condition }))
      await session.begin()
      expect([api.enabled, session.errors]).toEqual([false, []])
      await expect(api.enable()).rejects.toMatchObject({ condition })
    },
  )

  test('another error is reported, a lost connection is not', async () => {
    const { session, api } = setUp()
    session.answer(enableCarbons, new StanzaError({ condition: 'internal-server-error' }))
    await session.begin()
    expect(api.enabled).toBe(false)
    expect(session.errors).toMatchObject([{ condition: 'internal-server-error' }])
    const other = setUp()
    const begun = other.session.begin()
    other.session.lose()
    await begun
    expect(other.session.errors).toEqual([])
  })

  test('disable lasts until enable', async () => {
    const { session, api } = setUp()
    session.answer(enableCarbons, undefined)
    session.answer(disableCarbons, undefined)
    await session.begin()
    await api.disable()
    expect(api.enabled).toBe(false)
    session.lose()
    await session.begin()
    expect([api.enabled, session.requests.length]).toEqual([false, 2])
    await api.enable()
    expect(api.enabled).toBe(true)
  })
})

describe('while binding (XEP-0386 §3.2)', () => {
  test('what is on already is not asked for', async () => {
    const { session, api } = setUp()
    expect(session.inline).toEqual([{ feature: NS_CARBONS, element: EnableCarbons() }])
    await session.begin([NS_CARBONS])
    expect([api.enabled, session.requests]).toEqual([true, []])
  })

  test('what the server does not do while binding is asked for', async () => {
    const { session, api } = setUp()
    session.answer(enableCarbons, undefined)
    await session.begin(['urn:xmpp:csi:0'])
    expect([api.enabled, session.requests.length]).toEqual([true, 1])
  })

  test('who wants none asks for none, and takes back what was asked for meanwhile', async () => {
    const { session, api } = setUp()
    session.answer(disableCarbons, undefined)
    await api.disable()
    expect(session.inline).toEqual([{ feature: NS_CARBONS, element: undefined }])
    await session.begin([NS_CARBONS])
    expect(api.enabled).toBe(false)
    expect(session.requests.map(({ payload }) => payload?.name)).toEqual(['disable', 'disable'])
  })

  test('a session that goes on still has them', async () => {
    const { session, api } = setUp()
    await session.begin([NS_CARBONS])
    session.lose()
    await session.resume()
    expect([api.enabled, session.requests]).toEqual([true, []])
  })
})

describe('copies', () => {
  test('are delivered with their direction, and to nobody else', () => {
    const { session, seen, plain } = setUp()
    session.receive(outer(own, received()))
    session.receive(outer(own, sent()))
    session.receive(outer(undefined, received()))
    expect(seen).toEqual([
      `received carbon ${boss} pay`,
      `sent carbon ${own}/phone paid`,
      `received carbon ${boss} pay`,
    ])
    expect(plain).not.toHaveBeenCalled()
  })

  test('wait for what was missed, in their order', () => {
    const { session, seen } = setUp()
    const hold = session.holdMessages()
    for (const body of ['1', '2', '3']) session.receive(outer(own, received({ ...inner, body })))
    expect(seen).toEqual([])
    hold.dispose()
    expect(seen.map((each) => each.at(-1))).toEqual(['1', '2', '3'])
  })

  test('keep what they carry, and can be answered by hand', () => {
    const { session, copies } = setUp()
    session.receive(outer(own, received({ ...inner, id: 'm1', thread: 't' }, xml('urn:example', 'x'))))
    const [copy] = copies.mock.calls[0] ?? []
    expect([copy.id, copy.element.child('x', 'urn:example') !== undefined]).toEqual(['m1', true])
    copy.reply('yes')
    expect(String(session.sent[0]?.to)).toBe(boss)
  })

  test('a subscription ends', () => {
    const { session, api } = setUp()
    const handler = vi.fn()
    api.onMessage(handler).dispose()
    session.receive(outer(own, received()))
    expect(handler).not.toHaveBeenCalled()
  })

  test.each(['mallory@evil.net/x', 'boss@example.org', boss])(
    'S-118 from %s: no message, and nothing to show',
    (from) => {
      const { session, copies, plain } = setUp()
      session.receive(outer(from, received()))
      session.receive(outer(from, sent()))
      expect(copies).not.toHaveBeenCalled()
      expect(session.rejected).toMatchObject([{ reason: 'origin' }, { reason: 'origin' }])
      expect(plain.mock.calls.map(([shown]) => [String(shown.from), shown.body])).toEqual([
        [from, undefined],
        [from, undefined],
      ])
    },
  )

  test.each([
    `${own}/other`,
    `${own}/here`,
    'example.org',
    'room@muc.example.org',
    'me@example.org.evil.net',
    'me@ex\u0430mple.org', // a Cyrillic a
  ])('S-119 from %s: ignored', (from) => {
    const { session, copies } = setUp()
    session.receive(outer(from, received()))
    expect(copies).not.toHaveBeenCalled()
    expect(session.rejected).toHaveLength(1)
  })

  test('S-119 the own address counts in any spelling', () => {
    const { session, copies } = setUp()
    session.receive(outer(undefined, received()).element.with({ from: 'ME@EXAMPLE.ORG' }))
    expect(copies).toHaveBeenCalledOnce()
  })

  const wrap = (...messages: XmlElement[]): XmlElement =>
    xml(
      'urn:xmpp:carbons:2',
      'received',
      {},
      ...messages.map((each) => xml('urn:xmpp:forward:0', 'forwarded', {}, each)),
    )
  const two = wrap(message(inner).element, message(inner).element)
  test.each([
    ['a copy in a copy', [received(inner, received())]],
    ['a copy of what was sent in a copy', [received(inner, sent())]],
    ['two forwarded messages', [two]],
    ['sent and received', [sent(), received()]],
    ['received twice', [received(), received()]],
    ['nothing', [xml('urn:xmpp:carbons:2', 'received')]],
    ['an empty forward', [ReceivedCarbon({ forwarded: {} })]],
  ])('S-121 %s: ignored', async (_what, payloads) => {
    const { session, copies, plain } = setUp()
    session.receive(outer(own, ...payloads))
    await session.settled().catch(() => {})
    expect([copies.mock.calls.length, plain.mock.calls.length]).toEqual([0, 0])
    expect(session.errors).toMatchObject([{ name: 'MalformedElementError' }])
  })

  test.each([
    ['received by somebody else', received({ ...inner, to: 'other@example.org' })],
    ['received by somebody who is no JID', wrap(message(inner).element.with({ to: '@' }))],
    ['sent by somebody else', sent({ ...ours, from: 'mallory@evil.net/x' })],
  ])('S-122 %s: ignored', async (_what, copy) => {
    const { session, copies } = setUp()
    session.receive(outer(own, copy))
    await session.settled().catch(() => {})
    expect(copies).not.toHaveBeenCalled()
    expect(session.errors).toMatchObject([{ name: 'MalformedElementError' }])
  })

  test('rooms and errors are not for other clients', () => {
    const { session, copies } = setUp()
    session.receive(outer(own, received({ ...inner, from: 'room@muc.example.org/x', type: 'groupchat' })))
    session.receive(outer(own, received({ ...inner, type: 'error' })))
    expect(copies).not.toHaveBeenCalled()
  })
})

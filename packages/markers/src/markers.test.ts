import { InboundMessage } from '@couplet/client'
import type { Contact, Roster } from '@couplet/roster'
import { Jid, type MessageInit, message, type XmlElement } from '@couplet/stanza'
import { NS_STANZA_ID, StanzaId } from '@couplet/stanza-id'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { Displayed, Markable, NS_MARKERS } from './elements.js'
import { type MarkersOptions, type MarkersRosterOptions, markers } from './markers.js'

const friend = 'friend@example.org/x'
const room = 'room@muc.example.org'
const to = 'me@example.org/here'

function setUp(options: MarkersOptions | MarkersRosterOptions = {}, roster: Partial<Roster> = {}) {
  const session = fakeSession()
  const supports = vi.fn(async (jid: Jid | string, feature: string) => String(jid) === room && feature === NS_STANZA_ID)
  const plugin = markers(options as MarkersRosterOptions)
  const api = session.install(plugin, { disco: { supports }, roster })
  return { session, api, supports }
}
const received = (init: MessageInit = {}, ...payloads: XmlElement[]) =>
  message({ id: 'm1', type: 'chat', from: friend, to, body: 'hi', ...init }, Markable(), ...payloads)

describe('between two', () => {
  test('S-160 nobody is told by default, and the feature is not advertised', async () => {
    const { session, api } = setUp()
    expect(await api.displayed(received())).toBeUndefined()
    expect(session.sent).toHaveLength(0)
    expect(session.features).not.toContain(NS_MARKERS)
  })

  test.each(['chat', 'normal'] as const)('who may know is told, of type %s, in the thread', async (type) => {
    const { session, api } = setUp({ answer: (from) => from.toString() === friend })
    const handle = await api.displayed(received({ type, thread: 't1' }))
    expect(handle?.id).toBe(session.sent[0]?.id)
    expect(session.sent[0]?.get(Displayed)).toEqual({ id: 'm1' })
    expect(session.sent[0]).toMatchObject({ type, thread: 't1', body: undefined })
    expect(String(session.sent[0]?.to)).toBe(friend)
    expect(session.sent[0]?.get(Markable)).toBeUndefined()
    expect(session.features).toContain(NS_MARKERS)
    expect(await api.displayed(received({ from: 'stranger@evil.net/x' }))).toBeUndefined()
    expect(session.sent).toHaveLength(1)
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', async () => {
    const { session, api } = setUp({ answer: (async () => false) as never })
    expect(await api.displayed(received())).toBeUndefined()
    expect(session.sent).toHaveLength(0)
  })

  test('S-160 nothing is sent by itself', async () => {
    const { session } = setUp({ answer: () => true })
    session.receive(received())
    await session.settled()
    expect(session.sent).toHaveLength(0)
  })

  test('S-160 with contacts, those who may see our presence', async () => {
    const contacts: Record<string, Contact['subscription']> = { a: 'none', b: 'to', c: 'from', d: 'both' }
    const get = (jid: Jid | string): Contact | undefined => {
      const { local, bare } = typeof jid === 'string' ? Jid.parse(jid) : jid
      const subscription = contacts[local ?? '']
      return subscription && { jid: bare, name: undefined, subscription, asked: false, approved: false, groups: [] }
    }
    const { session, api } = setUp({ answer: 'contacts' }, { get })
    for (const name of ['a', 'b', 'c', 'd', 'stranger'])
      await api.displayed(received({ from: `${name}@example.org/x` }))
    expect(session.sent.map(({ to: each }) => each?.local)).toEqual(['c', 'd'])
  })

  test.each([
    ['does not ask', message({ id: 'm1', type: 'chat', from: friend, to, body: 'hi' })],
    ['has no id', received({ id: undefined })],
    ['is an error', received({ type: 'error' })],
    ['is a marker itself (XEP-0333 §4.2)', received({}, Displayed({ id: 'm0' }))],
    ['is our own', received({ from: 'me@example.org/phone', to: friend })],
    ['has no sender', received({ from: undefined })],
  ])('not for a message that %s', async (_what, original) => {
    const { session, api } = setUp({ answer: () => true, rooms: () => true })
    expect(await api.displayed(original)).toBeUndefined()
    expect(session.sent).toHaveLength(0)
  })
})

describe('in rooms', () => {
  const spoken = (init: MessageInit = {}, ...payloads: XmlElement[]) =>
    message({ id: 'm1', type: 'groupchat', from: `${room}/bob`, to, body: 'hi', ...init }, ...payloads)
  const id = (by = room) => StanzaId({ id: 's1', by: Jid.parse(by) })

  test('by the id that the room has assigned, whether it was asked for or not', async () => {
    const { session, api } = setUp({ rooms: () => true })
    await api.displayed(spoken({ thread: 't1' }, id()))
    await api.displayed(spoken({}, id(), Markable()))
    expect(session.sent.map((each) => each.get(Displayed))).toEqual([{ id: 's1' }, { id: 's1' }])
    expect(session.sent[0]).toMatchObject({ type: 'groupchat', thread: 't1' })
    expect(String(session.sent[0]?.to)).toBe(room)
  })

  test('a room is asked once in a session whether it assigns ids', async () => {
    const { session, api, supports } = setUp({ rooms: () => true })
    await api.displayed(spoken({}, id()))
    await api.displayed(spoken({}, id()))
    expect(supports).toHaveBeenCalledTimes(1)
    await session.begin()
    await api.displayed(spoken({}, id()))
    expect(supports).toHaveBeenCalledTimes(2)
  })

  test('S-136 what is remembered about rooms is bounded', async () => {
    const { api, supports } = setUp({ rooms: () => true })
    await api.displayed(spoken({}, id()))
    for (let i = 0; i < 1000; i++) await api.displayed(spoken({ from: `r${i}@evil.net/x` }, id(`r${i}@evil.net`)))
    supports.mockClear()
    await api.displayed(spoken({}, id()))
    expect(supports).toHaveBeenCalledTimes(1)
  })

  test('S-130 an id that somebody may have forged is not repeated', async () => {
    const { session, api, supports } = setUp({ rooms: () => true })
    const elsewhere = 'old@muc.example.org'
    expect(await api.displayed(spoken({ from: `${elsewhere}/bob` }, id(elsewhere)))).toBeUndefined()
    expect(supports).toHaveBeenCalledTimes(1)
    expect(await api.displayed(spoken({}, id('evil.net')))).toBeUndefined()
    expect(await api.displayed(spoken({}, id(), id()))).toBeUndefined()
    expect(await api.displayed(spoken())).toBeUndefined()
    expect(session.sent).toHaveLength(0)
  })

  test('S-160 not by default, nor what the application leaves out', async () => {
    const silent = setUp({ answer: () => true })
    expect(await silent.api.displayed(spoken({}, id(), Markable()))).toBeUndefined()
    const later = setUp({ rooms: (async () => false) as never })
    expect(await later.api.displayed(spoken({}, id()))).toBeUndefined()
    const { session, api } = setUp({ rooms: ({ from }) => from?.resource !== 'me' })
    expect(await api.displayed(spoken({ from: `${room}/me` }, id()))).toBeUndefined()
    expect(await api.displayed(spoken({ from: room }, id()))).toBeUndefined()
    expect(await api.displayed(spoken({}, id(), Displayed({ id: 's0' })))).toBeUndefined()
    expect(session.sent).toHaveLength(0)
  })

  test('a private message is answered privately', async () => {
    const { session, api } = setUp({ answer: () => true })
    await api.displayed(received({ from: `${room}/bob` }))
    expect(String(session.sent[0]?.to)).toBe(`${room}/bob`)
    expect(session.sent[0]?.get(Displayed)).toEqual({ id: 'm1' })
  })

  test('it comes from the address that the message was sent to, as any answer: a component has many', async () => {
    const { session, api } = setUp({ answer: () => true, rooms: () => true })
    const reply = vi.spyOn(InboundMessage.prototype, 'reply')
    const inbound: InboundMessage[] = []
    session.onMessage((message) => void inbound.push(message))
    session.receive(received({ from: `${room}/bob` }))
    session.receive(spoken({}, id()))
    for (const each of inbound) await api.displayed(each)
    expect(reply).toHaveBeenCalledTimes(2)
    expect(session.sent.map(({ to, element }) => [String(to), element.attr('type')])).toEqual([
      [`${room}/bob`, 'chat'],
      [room, 'groupchat'],
    ])
    reply.mockRestore()
  })

  test('a signal ends it, and a room that does not answer is an error', async () => {
    const { session, api, supports } = setUp({ rooms: () => true })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(api.displayed(spoken({}, id()), { signal })).rejects.toThrow('enough')
    supports.mockRejectedValueOnce(new Error('no answer'))
    await expect(api.displayed(spoken({}, id()))).rejects.toThrow('no answer')
    expect(session.sent).toHaveLength(0)
    expect(await api.displayed(spoken({}, id()))).toBeDefined()
  })
})

import { getItems, NS_PUBSUB_EVENT, pubsub, retractItems } from '@couplet/pubsub'
import { attr, element, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { pepNode } from './elements.js'
import { pep } from './pep.js'

const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
const Secret = pepNode(Mood, { name: 'secrets', access: 'private' })
const mood = (text: string) => `<mood xmlns='urn:example:mood' text='${text}'/>`

const setUp = () => {
  const session = fakeSession()
  const api = session.install(pep(), { pubsub: session.install(pubsub()), disco: {}, caps: {} })
  const tell = (from: string | null, node: string, content: string): void =>
    session.receive(`<message type='headline'${from === null ? '' : ` from='${from}'`}>
      <event xmlns='${NS_PUBSUB_EVENT}'><items node='${node}'>${content}</items></event></message>`)
  return { session, api, tell }
}

describe('reading', () => {
  test('one item in one line: the newest of somebody, or the one with an id', async () => {
    const { session, api } = setUp()
    session.answer(getItems, { items: { node: 'n', items: [{ id: '1', payload: Mood({ text: 'happy' }) }] } })
    expect(await api.get(Mood, { from: 'bob@example.org/x' })).toEqual({ text: 'happy' })
    expect(await api.get(Secret, { id: '1' })).toEqual({ text: 'happy' })
    expect(await api.get(Secret, { id: '2' })).toBeUndefined()
    expect(session.requests.map((request) => [String(request.to), request.get(getItems.request)?.items])).toEqual([
      ['bob@example.org', { node: 'urn:example:mood', maxItems: 1, items: [] }],
      ['me@example.org', { node: 'secrets', items: [{ id: '1' }] }],
      ['me@example.org', { node: 'secrets', items: [{ id: '2' }] }],
    ])
  })

  test('nothing there is nothing, but what may not be read rejects', async () => {
    const { session, api } = setUp()
    session.answer(getItems, new StanzaError({ condition: 'item-not-found' }))
    expect(await api.get(Mood, { from: 'bob@example.org' })).toBeUndefined()
    session.answer(getItems, new StanzaError({ condition: 'not-authorized' }))
    await expect(api.get(Mood, { from: 'bob@example.org' })).rejects.toMatchObject({ condition: 'not-authorized' })
  })

  test('the node is there for everything else', async () => {
    const { session, api } = setUp()
    session.answer(retractItems, undefined)
    await api.node(Secret).retract('1')
    expect([String(session.requests[0]?.to), session.requests[0]?.get(retractItems.request)?.node]).toEqual([
      'me@example.org',
      'secrets',
    ])
    expect(String(api.node(Mood, 'bob@example.org/x').service)).toBe('bob@example.org')
  })
})

describe('being told', () => {
  test('is what the client advertises, for as long as somebody listens (XEP-0163 §4.3)', () => {
    const { session, api } = setUp()
    expect(session.features).toEqual([])
    const [one, other] = [api.onChange(Mood, () => {}), api.onChange(Mood, () => {})]
    api.onChange(Secret, () => {})
    expect(session.features).toEqual(['secrets+notify', 'urn:example:mood+notify'])
    one.dispose()
    one.dispose()
    expect(session.features).toEqual(['secrets+notify', 'urn:example:mood+notify'])
    other.dispose()
    expect(session.features).toEqual(['secrets+notify'])
  })

  test('values come with who has published them; without a value the type says why', () => {
    const { api, tell } = setUp()
    const handler = vi.fn()
    const subscription = api.onChange(Mood, handler)
    tell('bob@example.org', Mood.ns, `<item id='1'>${mood('happy')}</item>`)
    tell(null, Mood.ns, `<item id='2'>${mood('calm')}</item>`)
    tell('bob@example.org', Mood.ns, `<retract id='1'/><item id='3'><mood xmlns='urn:example:mood'/></item>`)
    tell('bob@example.org', 'other', `<item id='4'>${mood('none')}</item>`)
    subscription.dispose()
    tell('bob@example.org', Mood.ns, `<item id='5'>${mood('sad')}</item>`)
    expect(handler.mock.calls.map(([value, { from, id, type }]) => [value, String(from), id, type])).toEqual([
      [{ text: 'happy' }, 'bob@example.org', '1', 'published'],
      [{ text: 'calm' }, 'me@example.org', '2', 'published'],
      [undefined, 'bob@example.org', '1', 'retracted'],
      [undefined, 'bob@example.org', '3', 'malformed'],
    ])
  })

  const item = `<item id='1'>${mood('x')}</item>`

  test.each(['bob@example.org/phone', 'me@example.org/other', 'example.org/x'])('%s is no owner of a node', (from) => {
    const { session, api, tell } = setUp()
    const handler = vi.fn()
    api.onChange(Mood, handler)
    tell(from, Mood.ns, item)
    expect([handler.mock.calls, session.rejected.map(({ allowed }) => allowed)]).toEqual([[], ['anyAccount']])
  })

  test('what is private comes from the own account only (XEP-0223 §7)', () => {
    const { session, api, tell } = setUp()
    const handler = vi.fn()
    api.onChange(Secret, handler, { from: 'anyAccount' })
    for (const from of ['bob@example.org', 'example.org', 'me@example.org/x']) tell(from, 'secrets', item)
    expect([handler.mock.calls.length, session.rejected.length]).toEqual([0, 3])
    tell('me@example.org', 'secrets', item)
    tell(null, 'secrets', item)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  test('only from one account', () => {
    const { api, tell } = setUp()
    const handler = vi.fn()
    api.onChange(Mood, handler, { from: 'bob@example.org/x' })
    for (const from of ['bob@example.org', 'eve@example.org', 'me@example.org']) tell(from, Mood.ns, item)
    expect(handler.mock.calls.map(([, { from }]) => String(from))).toEqual(['bob@example.org'])
  })

  test('S-149 malformed events do not throw', () => {
    const { session, api, tell } = setUp()
    const handler = vi.fn()
    api.onChange(Mood, handler)
    tell('bob@example.org', Mood.ns, '')
    tell('bob@example.org', Mood.ns, '<item/>')
    session.receive(
      `<message from='bob@example.org'><event xmlns='${NS_PUBSUB_EVENT}'><purge node='${Mood.ns}'/></event></message>`,
    )
    session.receive(`<message from='bob@example.org'><event xmlns='${NS_PUBSUB_EVENT}'><purge/></event></message>`)
    expect(handler.mock.calls.map(([value, { type }]) => [value, type])).toEqual([
      [undefined, 'published'],
      [undefined, 'published'],
      [undefined, 'purged'],
    ])
    expect([session.errors, session.malformed.length]).toEqual([[], 1])
  })
})

import { memoryStore } from '@couplet/client'
import { iq, Jid, StanzaError } from '@couplet/stanza'
import { type FakeSession, type FakeSessionOptions, fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { getRoster, type RosterItem, RosterQuery, RosterVersioning, setRoster } from './elements.js'
import { type Roster, roster } from './roster.js'

const item = (jid: string, more: Partial<RosterItem> = {}): RosterItem => ({ jid: Jid.parse(jid), groups: [], ...more })
const versioned = { serverFeatures: [RosterVersioning()] }
const bob = 'bob@example.org'

/** A session with a roster, and what has changed in it. */
function setUp(options: FakeSessionOptions = {}) {
  const session = fakeSession(options)
  const api = session.install(roster())
  const changes: string[] = []
  api.onChange(({ type, contact }) => void changes.push(`${type} ${contact.jid}`))
  return { session, api, changes }
}

/** The same, with these contacts in it. */
async function online(items: readonly RosterItem[], options: FakeSessionOptions & { readonly ver?: string } = {}) {
  const { ver } = options
  const set = setUp(options)
  set.session.answer(getRoster, { ...(ver !== undefined && { ver }), items })
  await set.session.begin()
  await set.session.settled()
  return set
}

const push = (session: FakeSession, items: readonly RosterItem[], from?: string, ver?: string): Promise<void> =>
  session.ask(setRoster, { items, ...(ver !== undefined && { ver }) }, from ?? 'me@example.org')

const names = (api: Roster): string[] => [...api.contacts.keys()]

describe('fetching', () => {
  test('the contacts are there when the session begins', async () => {
    const { session, api, changes } = await online([
      item(bob, { name: 'Bob', subscription: 'both', groups: ['Friends', 'Friends'], approved: true }),
      item('carol@example.org', { ask: 'subscribe' }),
    ])
    expect(session.requests[0]?.get(getRoster.request)).toEqual({ items: [] })
    expect(api.get(`${bob}/x`)).toEqual({
      jid: Jid.parse(bob),
      name: 'Bob',
      subscription: 'both',
      asked: false,
      approved: true,
      groups: ['Friends'],
    })
    expect(api.get(Jid.parse('carol@example.org'))).toMatchObject({
      name: undefined,
      subscription: 'none',
      asked: true,
    })
    expect(api.get('dave@example.org')).toBeUndefined()
    expect(changes).toEqual([`added ${bob}`, 'added carol@example.org'])
  })

  test('the next session tells what has changed since', async () => {
    const { session, changes } = await online([item(bob), item('carol@example.org'), item('dave@example.org')])
    changes.length = 0
    session.lose()
    session.answer(getRoster, { items: [item(bob), item('dave@example.org', { name: 'D' }), item('eve@example.org')] })
    await session.begin()
    expect(changes).toEqual(['removed carol@example.org', 'updated dave@example.org', 'added eve@example.org'])
  })

  test('R-031 a session that goes on in a new stream asks for nothing, and takes the pushes that come with it', async () => {
    const { session, api } = await online([item(bob)])
    session.lose()
    await session.resume()
    await push(session, [item('carol@example.org')])
    expect([session.requests.length, names(api)]).toEqual([1, [bob, 'carol@example.org']])
  })

  test('S-116 items that are no contacts are left out', async () => {
    const { api } = await online([item(`${bob}/x`), item('eve@example.org', { subscription: 'remove' }), item(bob)])
    expect(names(api)).toEqual([bob])
  })

  test('a server without a roster is reported, and nothing is lost', async () => {
    const { session, api } = setUp()
    session.answer(getRoster, new StanzaError({ condition: 'service-unavailable' }))
    await session.begin()
    expect(session.errors).toMatchObject([{ condition: 'service-unavailable' }])
    expect(names(api)).toEqual([])
  })

  test('a connection that is lost meanwhile is not an error of the roster', async () => {
    const { session } = setUp()
    const begun = session.begin()
    await session.settled()
    session.lose()
    await begun
    expect(session.errors).toEqual([])
  })
})

describe('versions (RFC 6121 §2.6)', () => {
  const asked = (session: FakeSession): (string | undefined)[] =>
    session.requests.map((request) => request.get(getRoster.request)?.ver)

  test('are not asked for unless the server offers them', async () => {
    const { session } = await online([item(bob)], { ver: 'v1' })
    await session.begin()
    expect(asked(session)).toEqual([undefined, undefined])
  })

  test('R-038 an empty result keeps the cache, in a later process, too', async () => {
    const store = memoryStore()
    const first = await online([item(bob, { name: 'Bob', groups: ['A'] })], { ...versioned, store, ver: 'v1' })
    await push(first.session, [item('carol@example.org')], undefined, 'v2')
    await first.session.settled()
    const second = setUp({ ...versioned, store })
    second.session.answer(getRoster, undefined)
    await second.session.begin()
    expect([asked(first.session), asked(second.session)]).toEqual([[''], ['v2']])
    expect(names(second.api)).toEqual([bob, 'carol@example.org'])
    expect(second.api.get(bob)).toEqual(first.api.get(bob))
  })

  test('R-038 hundreds of pushes at once do not write hundreds of rosters, and the last one is kept', async () => {
    const store = memoryStore()
    const batch = vi.spyOn(store, 'batch')
    const first = await online([item(bob)], { ...versioned, store, ver: 'v0' })
    const pushes = Array.from({ length: 300 }, (_, i) =>
      push(first.session, [item(`friend${i}@example.org`)], undefined, `v${i + 1}`),
    )
    await Promise.all(pushes)
    await first.session.settled()
    expect(batch.mock.calls.length).toBeLessThan(10)
    const second = setUp({ ...versioned, store })
    second.session.answer(getRoster, undefined)
    await second.session.begin()
    expect([asked(second.session), second.api.contacts.size]).toEqual([['v300'], 301])
  })

  test('R-038 a roster replaces the cache, and its version the old one', async () => {
    const { session, api } = await online([item(bob)], { ...versioned, ver: 'v1' })
    session.answer(getRoster, { ver: 'v9', items: [item('carol@example.org')] })
    await session.begin()
    await session.begin()
    expect(asked(session)).toEqual(['', 'v1', 'v9'])
    expect(names(api)).toEqual(['carol@example.org'])
  })

  test('R-038 a push during the fetch is applied after it', async () => {
    const { session, api, changes } = setUp(versioned)
    const receive = (ver: string, changed: RosterItem): void =>
      session.receive(iq({ type: 'set', id: ver }, RosterQuery({ ver, items: [changed] })))
    session.answer(getRoster, () => {
      receive('v2', item(bob, { name: 'new' }))
      receive('v3', item('eve@example.org', { subscription: 'remove' }))
      return { ver: 'v1', items: [item(bob, { name: 'old' }), item('eve@example.org')] }
    })
    await session.begin()
    expect(session.replies.map(({ type }) => type)).toEqual(['result', 'result'])
    expect(names(api)).toEqual([bob])
    expect(api.get(bob)?.name).toBe('new')
    expect(changes).toEqual([`added ${bob}`, 'added eve@example.org', `updated ${bob}`, 'removed eve@example.org'])
    session.answer(getRoster, undefined)
    await session.begin()
    expect(asked(session)).toEqual(['', 'v3'])
  })

  test('a push after a fetch that failed does not hide what was missed', async () => {
    const { session } = await online([item(bob)], { ...versioned, ver: 'v1' })
    session.answer(getRoster, new StanzaError({ condition: 'internal-server-error' }))
    await session.begin()
    await push(session, [item('carol@example.org')], undefined, 'v7').catch(() => {})
    session.answer(getRoster, undefined)
    await session.begin()
    expect(asked(session)).toEqual(['', 'v1', 'v1'])
  })

  test.each([
    ['another version of the record', { version: 2, value: { ver: 'v1', contacts: [] } }],
    ['no contacts', { version: 1, value: { ver: 'v1' } }],
    ['a contact without an address', { version: 1, value: { ver: 'v1', contacts: [{ subscription: 'both' }] } }],
    ['nothing', { version: 1, value: null }],
  ])('a cache with %s is not used', async (_what, record) => {
    const store = memoryStore()
    await store.batch([{ key: 'me@example.org/roster/roster', record }])
    const { session, api } = setUp({ ...versioned, store })
    session.answer(getRoster, { ver: 'v2', items: [item(bob)] })
    await session.begin()
    expect(asked(session)).toEqual([''])
    expect(names(api)).toEqual([bob])
  })
})

describe('pushes', () => {
  test('add, change and remove, and are answered', async () => {
    const { session, api, changes } = await online([])
    await push(session, [item(bob)])
    await push(session, [item(bob, { subscription: 'to' })])
    await push(session, [item(bob, { subscription: 'to' })])
    expect(api.get(bob)?.subscription).toBe('to')
    await push(session, [item(bob, { subscription: 'remove' })])
    expect(names(api)).toEqual([])
    expect(changes).toEqual([`added ${bob}`, `updated ${bob}`, `removed ${bob}`])
    expect(session.replies.map(({ type }) => type)).toEqual(['result', 'result', 'result', 'result'])
  })

  test.each([undefined, 'me@example.org', 'ME@EXAMPLE.ORG'])('S-115 from %s count', async (from) => {
    const { session, api } = await online([])
    const sender = from === undefined ? '' : ` from='${from}'`
    session.receive(`<iq type='set' id='p'${sender}><query xmlns='jabber:iq:roster'><item jid='${bob}'/></query></iq>`)
    await session.settled()
    expect(names(api)).toEqual([bob])
  })

  test.each([
    `${bob}/x`,
    bob,
    'example.org',
    'me@example.org/here',
    'me@example.org/other',
    'me@example.org.evil.net',
    'mе@example.org', // a Cyrillic е
  ])('S-115 from %s change nothing', async (from) => {
    const { session, api, changes } = await online([])
    const evil = item('evil@evil.net', { subscription: 'both' })
    await expect(push(session, [evil], from)).rejects.toMatchObject({ condition: 'service-unavailable' })
    expect([names(api), changes]).toEqual([[], []])
    expect(session.rejected).toMatchObject([{ reason: 'origin', allowed: 'ownAccount' }])
  })

  test('S-116 not exactly one contact is a bad request', async () => {
    const { session, api } = await online([item(bob)])
    const carol = item('carol@example.org')
    for (const items of [[], [carol, item('dave@example.org')], [item('carol@example.org/x')]]) {
      await expect(push(session, items)).rejects.toMatchObject({ condition: 'bad-request' })
    }
    session.receive(
      `<iq type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='${bob}' subscription='all'/></query></iq>`,
    )
    await session.settled()
    expect(session.replies.at(-1)?.error?.condition).toBe('bad-request')
    expect(names(api)).toEqual([bob])
  })

  test('S-116 a result nobody has asked for changes nothing', async () => {
    const { session, api } = await online([item(bob)])
    session.receive(
      `<iq type='result' id='x' from='me@example.org'><query xmlns='jabber:iq:roster'><item jid='eve@evil.net'/></query></iq>`,
    )
    expect(names(api)).toEqual([bob])
  })
})

describe('changing', () => {
  const last = (session: FakeSession) => session.requests.at(-1)?.get(setRoster.request)?.items[0]

  test('add sends the bare address, name and groups', async () => {
    const { session, api } = await online([])
    session.answer(setRoster, undefined)
    await api.add(`${bob}/x`, { name: 'Bob', groups: ['A', 'A', 'B'] })
    expect(last(session)).toEqual({ jid: Jid.parse(bob), name: 'Bob', groups: ['A', 'B'] })
    await api.add(bob)
    expect(last(session)).toEqual({ jid: Jid.parse(bob), groups: [] })
    expect(api.get(bob)).toBeUndefined() // the server has not told yet
  })

  test('update keeps what is not given', async () => {
    const { session, api } = await online([item(bob, { name: 'Bob', groups: ['A'], subscription: 'both' })])
    session.answer(setRoster, undefined)
    await api.update(bob, { groups: [] })
    expect(last(session)).toEqual({ jid: Jid.parse(bob), name: 'Bob', groups: [] })
    await api.update(bob, { name: undefined })
    expect(last(session)).toEqual({ jid: Jid.parse(bob), groups: ['A'] })
    await expect(api.update('eve@example.org', {})).rejects.toThrow(RangeError)
  })

  test('remove says so, and what the server refuses rejects', async () => {
    const { session, api } = await online([])
    session.answer(setRoster, new StanzaError({ condition: 'item-not-found' }))
    await expect(api.remove(bob)).rejects.toMatchObject({ condition: 'item-not-found' })
    expect(last(session)).toEqual({ jid: Jid.parse(bob), subscription: 'remove', groups: [] })
    await expect(api.add('@')).rejects.toMatchObject({ name: 'InvalidJidError' })
  })
})

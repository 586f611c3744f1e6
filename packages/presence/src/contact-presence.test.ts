import { type PresenceInit, type PresenceType, presence, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { contactPresence } from './contact-presence.js'
import { PreApproval, RoomUser } from './elements.js'

const bob = 'bob@example.org'

function setUp(options: Parameters<typeof fakeSession>[0] = {}) {
  const session = fakeSession(options)
  const api = session.install(contactPresence())
  const seen = (jid: string): (string | undefined)[] => api.of(jid).map(({ from }) => from?.resource)
  const receive = (from: string, init: PresenceInit = {}, ...payloads: ReturnType<typeof xml>[]): void =>
    session.receive(presence({ from, ...init }, ...payloads))
  return { session, api, seen, receive }
}

describe('who is available', () => {
  test('the best resource comes first: by priority, then by show, then who spoke last', () => {
    const { api, seen, receive } = setUp()
    receive(`${bob}/negative`, { priority: -1 })
    receive(`${bob}/away`, { show: 'away' })
    receive(`${bob}/first`)
    receive(`${bob}/dnd`, { show: 'dnd' })
    receive(`${bob}/last`)
    receive(`${bob}/high`, { priority: 5, show: 'xa', status: 'asleep' })
    expect(seen(bob)).toEqual(['high', 'last', 'first', 'away', 'dnd', 'negative'])
    expect(api.of(`${bob}/whatever`)[0]?.status).toBe('asleep')
    receive(`${bob}/first`)
    expect(seen(bob).slice(1, 3)).toEqual(['first', 'last'])
    expect(api.of('carol@example.org')).toEqual([])
  })

  test('onChange tells what is left', () => {
    const { api, receive } = setUp()
    const changes: string[] = []
    const subscription = api.onChange((jid, resources) => {
      changes.push(`${jid}: ${resources.map(({ from }) => from?.resource)}`)
    })
    receive(`${bob}/a`)
    receive(`${bob}/b`, { priority: 1 })
    receive(`${bob}/c`, { type: 'unavailable' }) // was not there
    receive(`${bob}/b`, { type: 'unavailable' })
    receive(`${bob}/a`, { type: 'unavailable' })
    subscription.dispose()
    receive(`${bob}/a`)
    expect(changes).toEqual([`${bob}: a`, `${bob}: b,a`, `${bob}: a`, `${bob}: `])
  })

  test.each(['unavailable', 'error'] as const)('%s from the account is about all of it', (type) => {
    const { seen, receive } = setUp()
    receive(`${bob}/a`)
    receive(`${bob}/b`)
    receive(`${bob}/a`, { type })
    expect(seen(bob)).toEqual(['b'])
    receive(bob, { type })
    expect(seen(bob)).toEqual([])
  })

  test('occupants of rooms, nobody, and other types do not count', () => {
    const { session, seen, receive } = setUp()
    receive('cave@rooms.example.org/bob', {}, RoomUser())
    for (const type of ['probe', 'subscribe', 'subscribed'] as const) receive(`${bob}/a`, { type })
    session.receive(presence())
    expect([seen('cave@rooms.example.org'), seen(bob)]).toEqual([[], []])
  })

  test('a service has no resource', () => {
    const { api, receive } = setUp()
    receive('gateway.example.org')
    expect(api.of('gateway.example.org')).toHaveLength(1)
  })

  test('a new session begins without anybody', async () => {
    const { session, api, seen, receive } = setUp()
    receive(`${bob}/a`)
    receive('carol@example.org/a')
    const handler = vi.fn()
    api.onChange(handler)
    session.lose()
    await session.begin()
    expect([seen(bob), handler.mock.calls.map(([jid, left]) => [String(jid), left])]).toEqual([
      [],
      [
        [bob, []],
        ['carol@example.org', []],
      ],
    ])
  })

  test('a flood of resources or accounts does not fill the memory', () => {
    const { seen, receive } = setUp()
    for (let i = 0; i < 150; i++) receive(`mallory@evil.net/${i}`)
    expect(seen('mallory@evil.net')).toHaveLength(100)
    receive(`${bob}/a`)
    for (let i = 0; i < 10_000; i++) receive(`m${i}@evil.net/x`)
    expect([seen('m9997@evil.net'), seen('m9998@evil.net'), seen(bob)]).toEqual([['x'], [], ['a']])
  })
})

describe('our own', () => {
  const shown = (session: ReturnType<typeof fakeSession>): string[] =>
    session.sent.map(({ element }) => String(element.with({ id: undefined })))

  test('set says it at once', () => {
    const { session, api } = setUp()
    expect(api.set({ show: 'dnd', status: 'busy', priority: 3 }, xml('urn:example', 'caps'))?.state).toBe('written')
    expect(shown(session)).toEqual([
      `<presence xmlns='jabber:client'><show>dnd</show><status>busy</status><priority>3</priority><caps xmlns='urn:example'/></presence>`,
    ])
    expect(() => api.set({ priority: 128 })).toThrow(RangeError)
  })

  test('R-047 a new session begins with the last presence, and the directed ones', async () => {
    const { session, api } = setUp()
    api.set({ show: 'dnd' })
    api.set({ show: 'away' })
    api.sendTo(`${bob}/x`, { status: 'hi' })
    api.sendTo('carol@example.org', {})
    api.sendTo('carol@example.org', false)
    expect(session.sent).toHaveLength(5)
    session.lose()
    await session.begin()
    expect(shown(session).slice(5)).toEqual([
      `<presence xmlns='jabber:client'><show>away</show></presence>`,
      `<presence xmlns='jabber:client' to='${bob}/x'><status>hi</status></presence>`,
    ])
  })

  test('R-047 a session that goes on in a new stream knows it all: nothing is said, and nobody is gone', async () => {
    const { session, api, receive, seen } = setUp()
    receive(`${bob}/a`)
    api.set({ show: 'away' })
    api.sendTo(`${bob}/x`, { status: 'hi' })
    session.lose()
    await session.resume()
    expect([session.sent.length, seen(bob)]).toEqual([2, ['a']])
  })

  test('without a session only the last one is said, when it begins', async () => {
    const { session, api } = setUp()
    session.lose()
    expect(api.set({ show: 'dnd' })).toBeUndefined()
    expect(api.set({ show: 'xa' })).toBeUndefined()
    await session.begin()
    expect(shown(session)).toEqual([`<presence xmlns='jabber:client'><show>xa</show></presence>`])
  })

  test('who is unavailable stays so, and has told everybody', async () => {
    const { session, api } = setUp()
    api.sendTo(bob, {})
    api.set(false)
    expect(session.sent.at(-1)?.type).toBe('unavailable')
    session.lose()
    await session.begin()
    expect(session.sent).toHaveLength(2)
  })

  test('unless something was set, the client announces what it was told to', async () => {
    const { session } = setUp()
    await session.begin()
    expect(session.sent).toEqual([])
  })
})

describe('subscriptions', () => {
  test.each([
    ['subscribe', 'subscribe'],
    ['unsubscribe', 'unsubscribe'],
    ['approve', 'subscribed'],
    ['deny', 'unsubscribed'],
  ] as const)('%s sends %s to the account', (method, type) => {
    const { session, api } = setUp()
    api[method](`${bob}/x`)
    expect(session.sent.map(({ type: sent, to }) => [sent, String(to)])).toEqual([[type, bob]])
  })

  test('whom we do not want to see any more is gone', () => {
    const { api, seen, receive } = setUp()
    receive(`${bob}/x`)
    const handler = vi.fn()
    api.onChange(handler)
    api.unsubscribe(bob)
    api.unsubscribe(bob)
    expect([seen(bob), handler.mock.calls.length]).toEqual([[], 1])
  })

  test('a reason can be given', () => {
    const { session, api } = setUp()
    api.subscribe(bob, { status: 'It is me' })
    expect(session.sent[0]?.element.child('status')?.text).toBe('It is me')
  })

  test('a request can be approved or denied', () => {
    const { session, api, receive } = setUp()
    api.onRequest(({ from, presence: asked, approve, deny }) => {
      if (from.toString() === bob && asked.status === 'please') approve()
      else deny()
    })
    receive(`${bob}/x`, { type: 'subscribe', status: 'please' })
    receive('mallory@evil.net', { type: 'subscribe' })
    expect(session.sent.map(({ type, to }) => `${type} ${to}`)).toEqual([
      `subscribed ${bob}`,
      'unsubscribed mallory@evil.net',
    ])
  })

  test('S-158 nobody is approved but by the application', async () => {
    const { session, api, receive } = setUp()
    const stalker = 'stalker@evil.net'
    const requests: string[] = []
    api.onRequest(({ from }) => void requests.push(from.toString()))
    for (const type of ['subscribed', 'subscribe', 'unsubscribe', 'unsubscribed', 'subscribe', 'probe'] as const) {
      receive(stalker, { type })
    }
    await session.settled()
    expect(session.sent).toEqual([])
    expect(requests).toEqual([stalker, stalker])
  })

  test('what others decide is told', () => {
    const { api, receive } = setUp()
    const changes: [PresenceType, string][] = []
    api.onSubscription(({ type, from }) => void changes.push([type, from.toString()]))
    for (const type of ['subscribed', 'unsubscribed', 'unsubscribe', 'subscribe', 'unavailable'] as const) {
      receive(`${bob}/x`, { type })
    }
    expect(changes).toEqual([
      ['subscribed', bob],
      ['unsubscribed', bob],
      ['unsubscribe', bob],
    ])
  })

  test('nothing in our own name is a request', () => {
    const { session, api, receive } = setUp()
    const handler = vi.fn()
    api.onRequest(handler)
    api.onSubscription(handler)
    for (const type of ['subscribe', 'subscribed'] as const) {
      receive('me@example.org/other', { type })
      session.receive(presence({ type }))
    }
    expect(handler).not.toHaveBeenCalled()
  })

  test('approval in advance is up to the server', () => {
    expect(setUp().api.canPreApprove).toBe(false)
    expect(setUp({ serverFeatures: [PreApproval()] }).api.canPreApprove).toBe(true)
  })
})

import { inspect } from 'node:util'
import { memoryStore, type StateStore } from '@couplet/client'
import { PreApproval } from '@couplet/presence'
import { Presence, presence, type XmlElement } from '@couplet/stanza'
import { fakeSession, parseXml } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Preauth } from './elements.js'
import { parseInvitation } from './invite-link.js'
import { invites } from './invites.js'
import type { Redemption } from './subscriptions.js'

const juliet = 'juliet@capulet.net'
const week = 7 * 24 * 60 * 60 * 1000

const setUp = (store: StateStore = memoryStore(), serverFeatures: readonly XmlElement[] = []) => {
  const session = fakeSession({ store, serverFeatures })
  const api = session.install(invites(), { adhoc: {} })
  const redeemed: string[] = []
  api.onRedeemed(({ from, reason }: Redemption) => void redeemed.push(`${from} ${reason}`))
  const request = async (from: string, token?: string, more = '') => {
    const preauth = token === undefined ? '' : `<preauth xmlns='urn:xmpp:pars:0' token='${token}'/>`
    session.receive(`<presence from='${from}' type='subscribe'>${preauth}${more}</presence>`)
    await session.settled()
    await Promise.resolve()
  }
  const sent = () => session.sent.map(({ type, to }) => `${type} ${to}`)
  return { session, api, redeemed, request, sent }
}
const own = { issuer: 'client' } as const

afterEach(() => vi.useRealTimers())

describe('who brings a token of ours', () => {
  test('is let in and asked back, once, without a name (XEP-0379 §3.5)', async () => {
    const { api, redeemed, request, sent, session } = setUp()
    const { uri, token = '' } = await api.contact(own)
    expect(token).toMatch(/^[a-z2-7]{26}$/)
    expect(uri).toBe(`xmpp:me@example.org?roster;preauth=${token}`)
    await request(`${juliet}/balcony`, token)
    expect([sent(), redeemed]).toEqual([[`subscribed ${juliet}`, `subscribe ${juliet}`], [`${juliet} token`]])
    expect(session.sent.every(({ element }) => element.children.length === 0)).toBe(true)
    await request('mallory@evil.net', token)
    await request(juliet, token)
    expect(sent()).toHaveLength(2)
  })

  test('S-158 nobody else is let in: not without a token, and not with one that is none of ours', async () => {
    const { api, redeemed, request, sent } = setUp()
    const { token = '' } = await api.contact(own)
    const wrong = [undefined, '', token.slice(0, -1), `${token}a`, token.toUpperCase(), 'x'.repeat(60_000), `${token} `]
    for (const each of wrong) await request('stalker@evil.net', each)
    await request('stalker@evil.net', undefined, `<preauth xmlns='urn:xmpp:pars:0'/>`)
    await request('stalker@evil.net', undefined, `<preauth xmlns='urn:example:other' token='${token}'/>`)
    expect([sent(), redeemed]).toEqual([[], []])
  })

  test('S-158 only with a request to subscribe, and not in the name of the own account', async () => {
    const { api, session, request, sent } = setUp()
    const { token = '' } = await api.contact(own)
    for (const type of ['subscribed', 'unsubscribe', 'probe', 'unavailable']) {
      session.receive(presence({ from: juliet, type: type as 'subscribed' }, Preauth({ token })))
    }
    session.receive(`<presence from='${juliet}'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`)
    await request('me@example.org', token)
    await session.settled()
    expect(sent()).toEqual([])
    await request(juliet, token)
    expect(sent()).toHaveLength(2)
  })

  test('two with the same token in the same moment: one is let in', async () => {
    const { api, session, redeemed } = setUp()
    const { token = '' } = await api.contact(own)
    for (const from of [juliet, 'mallory@evil.net'])
      session.receive(presence({ from, type: 'subscribe' }, Preauth({ token })))
    await vi.waitFor(() => expect(redeemed).toHaveLength(1))
    await session.settled()
    expect(redeemed).toEqual([`${juliet} token`])
  })

  test('after its end it is good for nothing', async () => {
    vi.useFakeTimers({ now: new Date('2027-01-01T00:00:00Z'), toFake: ['Date'] })
    const { api, request, sent } = setUp()
    const [short, long] = [await api.contact({ ...own, validity: 1000 }), await api.contact(own)]
    expect([short.expires, long.expires]).toEqual([new Date('2027-01-01T00:00:01Z'), new Date('2027-01-08T00:00:00Z')])
    vi.setSystemTime(Date.now() + 1000)
    await request(juliet, short.token)
    expect(sent()).toEqual([])
    vi.setSystemTime(Date.now() + week)
    await request(juliet, long.token)
    expect(sent()).toEqual([])
  })

  test('a token for one person is for that person, and is not used up by others (XEP-0379 §5.2)', async () => {
    const { api, request, sent } = setUp()
    const { token, issuer } = await api.contact({ only: juliet })
    expect(issuer).toBe('client')
    await request('mallory@evil.net', token)
    expect(sent()).toEqual([])
    await request(juliet, token)
    expect(sent()).toHaveLength(2)
    await expect(api.contact({ only: juliet, issuer: 'server' })).rejects.toThrow(TypeError)
  })

  test('a token lives in the store, and is revoked', async () => {
    const store = memoryStore()
    const first = setUp(store)
    const [one, other] = [await first.api.contact(own), await first.api.contact(own)]
    const second = setUp(store)
    expect([await second.api.revoke(one.uri), await second.api.revoke(one)]).toEqual([true, false])
    await second.request(juliet, one.token)
    await second.request(juliet, other.token)
    expect(second.redeemed).toEqual([`${juliet} token`])
    expect(await first.api.revoke('xmpp:a@b.c?roster')).toBe(false)
  })

  test('without a store that works nobody is let in, and the application hears of it', async () => {
    const store = memoryStore()
    const { api, session, sent } = setUp(store)
    const { token = '' } = await api.contact(own)
    store.batch = async () => {
      throw new Error('disk full')
    }
    session.receive(presence({ from: juliet, type: 'subscribe' }, Preauth({ token })))
    await expect(session.settled()).rejects.toThrow('disk full')
    expect(sent()).toEqual([])
    expect(inspect(session.errors)).not.toContain(token)
  })

  test('what the store has may be anything', async () => {
    const store = memoryStore()
    const { api, request, sent } = setUp(store)
    const keys: string[] = []
    const { batch } = store
    store.batch = async (changes) => {
      keys.push(...changes.map(({ key }) => key))
      await batch(changes)
    }
    await api.contact(own)
    const key = keys.find((each) => each.endsWith('tokens')) ?? ''
    for (const value of [
      null,
      'x',
      [null, 1, {}, { token: 1, expires: 1 }, { token: 'T' }, { token: 'T', expires: 1e15, only: 5 }],
    ]) {
      await batch([{ key, record: { version: 1, value } }])
      await request(juliet, 'T')
    }
    await batch([{ key, record: { version: 2, value: [{ token: 'T', expires: 1e15 }] } }])
    await request(juliet, 'T')
    expect(sent()).toEqual([])
  })

  test('the application is told which requests need nobody to answer them', async () => {
    const { api, session } = setUp()
    const { token = '' } = await api.contact(own)
    const needsNobody: Promise<boolean>[] = []
    session.onPresence((received) => void needsNobody.push(api.isRedeemed(received)))
    session.receive(presence({ from: juliet, type: 'subscribe' }, Preauth({ token })))
    session.receive(presence({ from: 'mallory@evil.net', type: 'subscribe' }, Preauth({ token })))
    expect(await Promise.all(needsNobody)).toEqual([true, false])
    const known = new Presence(parseXml(`<presence from='${juliet}' type='subscribe'/>`))
    expect(await api.isRedeemed(known)).toBe(false)
  })

  test('a validity that is none', async () => {
    const { api } = setUp()
    for (const validity of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(api.contact({ ...own, validity })).rejects.toThrow(RangeError)
    }
  })
})

describe('accepting an invitation', () => {
  const romeo = 'romeo@montague.net'
  const uri = `xmpp:${romeo}?roster;preauth=1tMFqYDdKhfe2pwp;name=Romeo`

  test('asks with the token, and lets them ask back, once (XEP-0379 §3.4)', async () => {
    const { api, session, request, sent, redeemed } = setUp()
    void api.accept(uri)
    await vi.waitFor(() => expect(sent()).toEqual([`subscribe ${romeo}`]))
    expect(session.sent[0]?.get(Preauth)).toEqual({ token: '1tMFqYDdKhfe2pwp' })
    await request('romeo@montague.net.evil.net')
    await request('stalker@evil.net', '1tMFqYDdKhfe2pwp')
    expect(sent()).toHaveLength(1)
    await request(`${romeo}/orchard`)
    expect([sent().at(-1), redeemed]).toEqual([`subscribed ${romeo}`, [`${romeo} expected`]])
    await request(romeo)
    expect(sent()).toHaveLength(2)
  })

  test('on servers that take approvals in advance, by one', async () => {
    const { api, request, sent } = setUp(memoryStore(), [PreApproval()])
    void api.accept(parseInvitation(uri)!)
    await vi.waitFor(() => expect(sent()).toEqual([`subscribe ${romeo}`, `subscribed ${romeo}`]))
    await request(romeo)
    expect(sent()).toHaveLength(2)
  })

  test('S-158 after a week they have to be asked about', async () => {
    vi.useFakeTimers({ now: new Date('2027-01-01T00:00:00Z'), toFake: ['Date'] })
    const { api, request, sent } = setUp()
    void api.accept(uri)
    await request('nobody@nowhere.lit')
    vi.setSystemTime(Date.now() + week)
    await request(romeo)
    expect(sent()).toEqual([`subscribe ${romeo}`])
  })

  test.each(['xmpp:example.org?register;preauth=T', 'xmpp:me@example.org?roster;preauth=T', 'https://example.org', ''])(
    'not what is none for us: %j',
    async (other) => {
      const { api, sent } = setUp()
      await expect(api.accept(other)).rejects.toThrow(TypeError)
      expect(sent()).toEqual([])
    },
  )

  test('a signal that has ended asks nobody', async () => {
    const { api, sent } = setUp()
    await expect(api.accept(uri, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(sent()).toEqual([])
  })
})

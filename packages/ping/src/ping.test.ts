import { type RosterItem, roster, setRoster } from '@couplet/roster'
import { Jid, StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { sendPing } from './elements.js'
import { ping } from './ping.js'

const friend = 'friend@example.org/x'
const me = 'me@example.org'

describe('send', () => {
  test('pings the own server by default, and resolves with its answer', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, undefined)
    expect(await api.send()).toBeUndefined()
    expect(session.requests[0]?.to).toBeUndefined()
    expect(session.requests[0]?.type).toBe('get')
  })

  test('pings whom it is told to', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, undefined)
    await api.send(friend)
    expect(session.requests[0]?.to?.toString()).toBe(friend)
  })

  const outcomes: [to: string | undefined, condition: StanzaErrorCondition, alive: boolean][] = [
    [undefined, 'service-unavailable', true],
    ['me@example.org', 'service-unavailable', true],
    ['example.net', 'service-unavailable', true],
    ['example.net', 'feature-not-implemented', true],
    ['example.net', 'remote-server-not-found', false],
    [friend, 'feature-not-implemented', true],
    [friend, 'service-unavailable', false],
    ['room@example.org', 'service-unavailable', false],
    [friend, 'forbidden', false],
  ]
  test.each(outcomes)('%s says %s: a sign of life? %s', async (to, condition, alive) => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, new StanzaError({ condition }))
    const outcome = api.send(to)
    if (alive) await outcome
    else await expect(outcome).rejects.toMatchObject({ condition })
  })

  test('a lost connection and a signal are no signs of life', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    const lost = api.send()
    session.lose()
    await expect(lost).rejects.toMatchObject({ name: 'ConnectionError' })
    await session.begin()
    const controller = new AbortController()
    const ended = api.send(undefined, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(ended).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  const others = [
    friend,
    'stranger@evil.net/x',
    'friend@example.org',
    'transport.example.org', // S-163: a gateway is not the server it is a part of
    'example.org/x',
    'm\u0435@example.org/here', // a Cyrillic look-alike
    'me@example.org.evil.net/here',
  ]
  /** Who of these gets an answer; the others get the one of a missing resource. */
  const answered = async (session: ReturnType<typeof fakeSession>, all: readonly string[]): Promise<string[]> => {
    const refused = { type: 'cancel', condition: 'service-unavailable', text: undefined }
    const found: string[] = []
    for (const from of all) {
      const outcome = await session.ask(sendPing, true, from).catch((error: unknown) => error)
      if (outcome === undefined) found.push(from)
      else expect(outcome).toMatchObject(refused)
    }
    return found
  }

  test('a ping gets an empty result', async () => {
    const session = fakeSession()
    session.install(ping())
    await session.ask(sendPing, true)
    expect(session.replies[0]?.type).toBe('result')
    expect(session.replies[0]?.payload).toBeUndefined()
  })

  test('S-160 S-163 by default only the own account and its server learn that we are online', async () => {
    const session = fakeSession()
    session.install(ping())
    const own = ['me@example.org', 'me@example.org/here', 'me@example.org/other', 'example.org']
    expect(await answered(session, [...own, ...others])).toEqual(own)
    session.receive(`<iq type='get' id='nobody'><ping xmlns='urn:xmpp:ping'/></iq>`)
    await session.settled()
    expect(session.replies.at(-1)?.type).toBe('result')
  })

  test('S-160 whom the application allows learns it, too', async () => {
    const session = fakeSession()
    session.install(ping({ answer: (from) => from.toString() === friend }))
    expect(await answered(session, [...others, 'example.org'])).toEqual([friend, 'example.org'])
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', async () => {
    const session = fakeSession()
    session.install(ping({ answer: (async () => false) as unknown as () => boolean }))
    expect(await answered(session, [...others, 'example.org'])).toEqual(['example.org'])
  })

  test('S-160 with contacts, those who may see our presence, as long as they may', async () => {
    const session = fakeSession()
    const contacts = session.install(roster())
    session.install(ping({ answer: 'contacts' }), { roster: contacts })
    const push = (subscription: RosterItem['subscription'], name: string = subscription ?? 'x') =>
      session.ask(setRoster, { items: [{ jid: Jid.parse(`${name}@example.org`), subscription, groups: [] }] }, me)
    for (const subscription of ['none', 'to', 'from', 'both'] as const) await push(subscription)
    const all = ['none', 'to', 'from', 'both', 'stranger'].map((name) => `${name}@example.org/x`)
    expect(await answered(session, all)).toEqual(['from@example.org/x', 'both@example.org/x'])
    await push('remove', 'from')
    await push('to', 'both')
    expect(await answered(session, [...all, 'example.org'])).toEqual(['example.org'])
  })

  test('contacts need the roster', () => {
    expect(ping().needs).toEqual({})
    expect(() => fakeSession().install(ping({ answer: 'contacts' }), {} as never)).toThrow(
      'plugin "ping" needs plugin "roster"',
    )
  })
})

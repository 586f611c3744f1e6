import { type Contact, roster } from '@couplet/roster'
import { Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { queryLastActivity } from './elements.js'
import { getLastActivity } from './get-last-activity.js'
import { lastActivity } from './last-activity.js'

const friend = 'friend@example.org/x'

afterEach(() => {
  vi.useRealTimers()
})

describe('asking', () => {
  test('whom it is told to', async () => {
    const session = fakeSession()
    session.answer(queryLastActivity, { seconds: 903, status: 'Heading Home' })
    expect(await getLastActivity(session, 'juliet@capulet.com')).toEqual({ seconds: 903, status: 'Heading Home' })
    expect(session.requests.map(({ to, type }) => `${type} ${to}`)).toEqual(['get juliet@capulet.com'])
  })

  test('a refusal and an answer without seconds reject', async () => {
    const session = fakeSession()
    session.answer(queryLastActivity, new StanzaError({ condition: 'forbidden' }))
    await expect(getLastActivity(session, friend)).rejects.toMatchObject({ condition: 'forbidden', retry: 'user' })
    const asked = getLastActivity(session, 'example.net')
    session.receive(`<iq type='result' id='${session.requests[1]?.id}' from='example.net'>
      <query xmlns='jabber:iq:last'/></iq>`)
    await expect(asked).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('a signal ends it', async () => {
    const asked = getLastActivity(fakeSession(), friend, { signal: AbortSignal.abort(new Error('enough')) })
    await expect(asked).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  /** Who of these gets an answer; the others get the one of a missing resource. */
  const answered = async (session: ReturnType<typeof fakeSession>, all: readonly string[]): Promise<string[]> => {
    const found: string[] = []
    for (const from of all) {
      const outcome = await session.ask(queryLastActivity, true, from).catch((error: unknown) => error)
      if (outcome instanceof StanzaError) {
        expect(outcome).toMatchObject({ type: 'cancel', condition: 'service-unavailable', text: undefined })
      } else found.push(from)
    }
    return found
  }

  test('how long the user has been idle', async () => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
    const session = fakeSession()
    const api = session.install(lastActivity())
    vi.setSystemTime(1_123_999)
    expect(await session.ask(queryLastActivity, true)).toEqual({ seconds: 123 })
    api.active()
    expect(await session.ask(queryLastActivity, true)).toEqual({ seconds: 0 })
    vi.setSystemTime(1_130_000)
    expect(api.idleSeconds).toBe(6)
  })

  test('never less than zero, if the clock is set back', () => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] })
    const api = fakeSession().install(lastActivity())
    vi.setSystemTime(0)
    expect(api.idleSeconds).toBe(0)
  })

  test('S-160 S-163 by default only the own account and its server get one', async () => {
    const session = fakeSession()
    session.install(lastActivity())
    const own = ['me@example.org', 'me@example.org/here', 'me@example.org/other', 'example.org']
    const others = [
      friend,
      'stranger@evil.net/x',
      'transport.example.org', // S-163: a gateway is not the server it is a part of
      'example.org/x',
      'm\u0435@example.org/here', // a Cyrillic look-alike
    ]
    expect(await answered(session, [...own, ...others])).toEqual(own)
  })

  test('S-160 whom the application allows gets one, too', async () => {
    const session = fakeSession()
    session.install(lastActivity({ answer: (from) => from.toString() === friend }))
    expect(await answered(session, [friend, 'friend@example.org/y', 'example.org'])).toEqual([friend, 'example.org'])
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', async () => {
    const session = fakeSession()
    session.install(lastActivity({ answer: (async () => false) as unknown as () => boolean }))
    expect(await answered(session, [friend, 'example.org'])).toEqual(['example.org'])
  })

  test('S-160 with contacts, those who may see our presence', async () => {
    const contacts = { none: 'none', to: 'to', from: 'from', both: 'both' } as const
    const session = fakeSession()
    const get = (jid: Jid | string): Contact | undefined => {
      const { local, bare } = typeof jid === 'string' ? Jid.parse(jid) : jid
      const subscription = contacts[local as keyof typeof contacts]
      return subscription && { jid: bare, name: undefined, subscription, asked: false, approved: false, groups: [] }
    }
    session.install(lastActivity({ answer: 'contacts' }), { roster: { get } })
    const all = [...Object.keys(contacts), 'stranger'].map((name) => `${name}@example.org/x`)
    expect(await answered(session, all)).toEqual(['from@example.org/x', 'both@example.org/x'])
  })

  test('contacts need the roster', () => {
    expect(lastActivity().needs).toEqual({})
    expect(lastActivity({ answer: 'contacts' }).needs).toEqual({ [roster().name]: true })
  })
})

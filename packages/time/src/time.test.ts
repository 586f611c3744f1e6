import { type Contact, roster } from '@couplet/roster'
import { Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { queryTime } from './elements.js'
import { getTime } from './get-time.js'
import { time } from './time.js'

const friend = 'friend@example.org/x'
const utc = new Date('2006-12-19T17:58:35Z')

afterEach(() => {
  vi.useRealTimers()
})

describe('asking', () => {
  test('the own server by default, and whom it is told to', async () => {
    const session = fakeSession()
    session.answer(queryTime, { tzo: 60, utc })
    expect(await getTime(session)).toEqual({ tzo: 60, utc })
    await getTime(session, friend)
    expect(session.requests.map(({ to, type }) => `${type} ${to}`)).toEqual(['get example.org', `get ${friend}`])
  })

  test('a refusal and an answer that is no time reject', async () => {
    const session = fakeSession()
    session.answer(queryTime, new StanzaError({ condition: 'service-unavailable' }))
    await expect(getTime(session)).rejects.toMatchObject({ condition: 'service-unavailable' })
    const asked = getTime(session, 'example.net')
    session.receive(`<iq type='result' id='${session.requests[1]?.id}' from='example.net'>
      <time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>20061219T17:58:35</utc></time></iq>`)
    await expect(asked).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('a signal ends it', async () => {
    const asked = getTime(fakeSession(), friend, { signal: AbortSignal.abort(new Error('enough')) })
    await expect(asked).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  /** Who of these gets an answer; the others get the one of a missing resource. */
  const answered = async (session: ReturnType<typeof fakeSession>, all: readonly string[]): Promise<string[]> => {
    const found: string[] = []
    for (const from of all) {
      const outcome = await session.ask(queryTime, true, from).catch((error: unknown) => error)
      if (outcome instanceof StanzaError) {
        expect(outcome).toMatchObject({ type: 'cancel', condition: 'service-unavailable', text: undefined })
      } else found.push(from)
    }
    return found
  }

  test('what time it is, and in which zone, unless that is not to be told', async () => {
    vi.useFakeTimers({ now: utc, toFake: ['Date'] })
    vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(360)
    const local = fakeSession()
    const api = local.install(time())
    expect(await local.ask(queryTime, true)).toEqual({ tzo: -360, utc })
    expect(api.now()).toEqual({ tzo: -360, utc })
    const secret = fakeSession()
    secret.install(time({ zone: 'utc' }))
    expect(await secret.ask(queryTime, true)).toEqual({ tzo: 0, utc })
  })

  test('S-160 S-163 by default only the own account and its server get one', async () => {
    const session = fakeSession()
    session.install(time())
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
    session.install(time({ answer: (from) => from.toString() === friend }))
    expect(await answered(session, [friend, 'friend@example.org/y', 'example.org'])).toEqual([friend, 'example.org'])
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', async () => {
    const session = fakeSession()
    session.install(time({ answer: (async () => false) as unknown as () => boolean }))
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
    session.install(time({ answer: 'contacts' }), { roster: { get } })
    const all = [...Object.keys(contacts), 'stranger'].map((name) => `${name}@example.org/x`)
    expect(await answered(session, all)).toEqual(['from@example.org/x', 'both@example.org/x'])
  })

  test('contacts need the roster', () => {
    expect(time().needs).toEqual({})
    expect(time({ answer: 'contacts' }).needs).toEqual({ [roster().name]: true })
  })
})

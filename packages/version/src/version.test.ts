import { type Contact, roster } from '@couplet/roster'
import { Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { queryVersion } from './elements.js'
import { getVersion } from './get-version.js'
import { version } from './version.js'

const friend = 'friend@example.org/x'
const self = { name: 'Puck', version: '1.2' }

describe('asking', () => {
  test('the own server by default, and whom it is told to', async () => {
    const session = fakeSession()
    session.answer(queryVersion, { name: 'Prospero', version: '7', os: 'Linux' })
    expect(await getVersion(session)).toEqual({ name: 'Prospero', version: '7', os: 'Linux' })
    await getVersion(session, friend)
    expect(session.requests.map(({ to, type }) => `${type} ${to}`)).toEqual(['get example.org', `get ${friend}`])
  })

  test('a refusal and an answer without a version reject', async () => {
    const session = fakeSession()
    session.answer(queryVersion, new StanzaError({ condition: 'service-unavailable' }))
    await expect(getVersion(session)).rejects.toMatchObject({ condition: 'service-unavailable' })
    const asked = getVersion(session, 'example.net')
    session.receive(`<iq type='result' id='${session.requests[1]?.id}' from='example.net'>
      <query xmlns='jabber:iq:version'><name>Puck</name></query></iq>`)
    await expect(asked).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('a signal ends it', async () => {
    const asked = getVersion(fakeSession(), friend, { signal: AbortSignal.abort(new Error('enough')) })
    await expect(asked).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  /** Who of these gets an answer; the others get the one of a missing resource. */
  const answered = async (session: ReturnType<typeof fakeSession>, all: readonly string[]): Promise<string[]> => {
    const found: string[] = []
    for (const from of all) {
      const outcome = await session.ask(queryVersion, true, from).catch((error: unknown) => error)
      if (outcome instanceof StanzaError) {
        expect(outcome).toMatchObject({ type: 'cancel', condition: 'service-unavailable', text: undefined })
      } else found.push(from)
    }
    return found
  }

  test('with name and version, and the operating system only if it is given', async () => {
    const plain = fakeSession()
    expect(plain.install(version(self)).self).toEqual(self)
    expect(await plain.ask(queryVersion, true)).toEqual(self)
    expect(String(plain.replies[0]?.payload)).not.toContain('os')
    const open = fakeSession()
    open.install(version({ ...self, os: 'Plan 9' }))
    expect(await open.ask(queryVersion, true)).toEqual({ ...self, os: 'Plan 9' })
  })

  test('S-160 S-163 by default only the own account and its server get one', async () => {
    const session = fakeSession()
    session.install(version(self))
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
    session.install(version({ ...self, answer: (from) => from.toString() === friend }))
    expect(await answered(session, [friend, 'friend@example.org/y', 'example.org'])).toEqual([friend, 'example.org'])
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', async () => {
    const session = fakeSession()
    session.install(version({ ...self, answer: (async () => false) as unknown as () => boolean }))
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
    session.install(version({ ...self, answer: 'contacts' }), { roster: { get } })
    const all = [...Object.keys(contacts), 'stranger'].map((name) => `${name}@example.org/x`)
    expect(await answered(session, all)).toEqual(['from@example.org/x', 'both@example.org/x'])
  })

  test('contacts need the roster', () => {
    expect(version(self).needs).toEqual({})
    expect(version({ ...self, answer: 'contacts' }).needs).toEqual({ [roster().name]: true })
  })
})

import type { DataForm } from '@couplet/forms'
import { StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { queryRegistration, Registration, submitRegistration } from './elements.js'
import {
  answerRegistration,
  changePassword,
  deleteAccount,
  registerWith,
  registrationOf,
  unregisterFrom,
} from './registration.js'

const gateway = 'icq.example.org'
const secret = 'Gr0undl!ngs'
const accepting = (jid = 'me@example.org/here') => {
  const session = fakeSession({ jid })
  session.answer(submitRegistration, undefined)
  return session
}
const asked = (session: ReturnType<typeof fakeSession>) =>
  session.requests.map(({ type, to, element }) => [type, to && String(to), element.get(Registration)])

describe.each([
  ['changePassword', (session: ReturnType<typeof fakeSession>) => changePassword(session, secret)],
  ['deleteAccount', (session: ReturnType<typeof fakeSession>) => deleteAccount(session)],
] as const)('%s', (_name, run) => {
  test('S-067 only the own server can say that it is done', async () => {
    const session = fakeSession()
    let done = false
    const changed = run(session).then(() => {
      done = true
    })
    const reply = (from: string) =>
      session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='${from}'/>`)
    for (const from of [
      'mallory@evil.net/x',
      'evil.net',
      'mallory@example.org/here',
      'x.example.org',
      'example.org/x',
    ]) {
      reply(from)
    }
    await session.settled()
    expect(done).toBe(false)
    reply('example.org')
    await changed
  })

  test('S-067 nor can anyone else say that it has failed', async () => {
    const session = fakeSession()
    const changed = run(session)
    session.receive(`<iq type='error' id='${session.requests[0]?.id}' from='mallory@evil.net/x'>
      <error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`)
    session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='me@example.org'/>`)
    await changed
  })

  test.each<StanzaErrorCondition>(['not-authorized', 'not-allowed', 'bad-request', 'unexpected-request'])(
    'the server says %s',
    async (condition) => {
      const session = fakeSession()
      session.answer(submitRegistration, new StanzaError({ condition }))
      await expect(run(session)).rejects.toMatchObject({ name: 'StanzaError', condition })
    },
  )

  test('not without an account', async () => {
    const session = accepting('gateway.example.org/x')
    await expect(run(session)).rejects.toThrow(TypeError)
    expect(session.requests).toHaveLength(0)
  })
})

describe('changePassword', () => {
  test('asks the own account, with its name', async () => {
    const session = accepting()
    await changePassword(session, secret)
    expect(asked(session)).toEqual([['set', undefined, { username: 'me', password: secret }]])
  })

  test('an empty password is a mistake (XEP-0077 §3.3)', async () => {
    const session = accepting()
    await expect(changePassword(session, '')).rejects.toThrow(TypeError)
    expect(session.requests).toHaveLength(0)
  })

  test('no error tells the password', async () => {
    const session = fakeSession()
    session.answer(submitRegistration, new StanzaError({ condition: 'not-allowed' }))
    const signal = AbortSignal.abort()
    const errors = await Promise.all(
      [
        changePassword(session, secret),
        changePassword(session, `${secret}\0`),
        changePassword(session, secret, { signal }),
      ].map((each) => each.catch((error: unknown) => error)),
    )
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error)
      expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain(secret)
    }
  })

  test('a signal ends it', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(changePassword(fakeSession(), secret, { signal })).rejects.toThrow('enough')
    await expect(deleteAccount(fakeSession(), { signal })).rejects.toThrow('enough')
  })
})

test('deleteAccount asks without an addressee, as the XEP wants', async () => {
  const session = accepting()
  await deleteAccount(session)
  expect(asked(session)).toEqual([['set', undefined, { remove: true }]])
})

describe('services', () => {
  const wanted: Registration = { instructions: 'Who?', username: '', password: '', email: 'me@example.org' }
  const form: DataForm = {
    type: 'form',
    instructions: [],
    fields: [
      { var: 'FORM_TYPE', type: 'hidden', values: ['jabber:iq:register'], options: [] },
      { var: 'first', type: 'text-single', required: true, values: [], options: [] },
    ],
    items: [],
  }

  test('are asked what they want, and told', async () => {
    const session = accepting()
    session.answer(queryRegistration, wanted)
    const found = await registrationOf(session, gateway)
    expect(found).toEqual(wanted)
    await registerWith(session, gateway, answerRegistration(found, { username: 'bill', password: 'x' }))
    expect(asked(session)).toEqual([
      ['get', gateway, {}],
      ['set', gateway, { username: 'bill', password: 'x', email: 'me@example.org' }],
    ])
  })

  test('a form stands above the fields', async () => {
    const session = accepting()
    await registerWith(session, gateway, answerRegistration({ ...wanted, form }, { first: 'Juliet' }))
    const sent = session.requests[0]?.element.get(Registration)
    expect(sent).toMatchObject({ form: { type: 'submit' } })
    expect(sent?.form?.fields.map((each) => [each.var, each.values])).toEqual([
      ['FORM_TYPE', ['jabber:iq:register']],
      ['first', ['Juliet']],
    ])
    expect(sent).not.toHaveProperty('username')
  })

  test('an answer with too much or too little is a mistake', async () => {
    expect(() => answerRegistration(wanted, { username: 'bill', password: 'x', phone: '1' })).toThrow(RangeError)
    expect(() => answerRegistration(wanted, { username: 'bill' })).toThrow(RangeError)
    expect(() => answerRegistration(wanted, { username: 'bill', password: 'x', instructions: 'y' })).toThrow(RangeError)
    expect(() => answerRegistration({ ...wanted, form }, {})).toThrow(RangeError)
    expect(() => answerRegistration(wanted, { username: 'bill', password: 'x', constructor: 'y' })).toThrow(RangeError)
    const both = { username: 'bill', form } as { form: DataForm }
    await expect(registerWith(accepting(), gateway, both)).rejects.toThrow(TypeError)
  })

  test.each(['conflict', 'not-acceptable'] as const)('say %s', async (condition) => {
    const session = fakeSession()
    session.answer(submitRegistration, new StanzaError({ condition }))
    await expect(registerWith(session, gateway, { username: 'bill' })).rejects.toMatchObject({ condition })
  })

  test('S-067 only the service itself can answer', async () => {
    const session = fakeSession()
    const found = registrationOf(session, gateway)
    const reply = (from: string, url: string) =>
      session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='${from}'>
        <query xmlns='jabber:iq:register'><x xmlns='jabber:x:oob'><url>${url}</url></x></query></iq>`)
    for (const from of ['evil.net', 'example.org', `x@${gateway}`, `${gateway}/x`, 'me@example.org']) {
      reply(from, 'https://evil.net/')
    }
    reply(gateway, 'https://icq.example.org/')
    expect((await found).oob).toEqual({ url: 'https://icq.example.org/' })
  })

  test('are left', async () => {
    const session = accepting()
    await unregisterFrom(session, gateway)
    await unregisterFrom(session, `room@${gateway}`)
    expect(asked(session).map(([type, to]) => [type, to])).toEqual([
      ['set', gateway],
      ['set', `room@${gateway}`],
    ])
  })

  test.each(['example.org', 'EXAMPLE.org', 'example.org/x', 'me@example.org', 'me@example.org/here'])(
    'the own server (%s) is not left by accident: that would delete the account',
    async (own) => {
      const session = accepting()
      await expect(unregisterFrom(session, own)).rejects.toThrow(TypeError)
      expect(session.requests).toHaveLength(0)
    },
  )
})

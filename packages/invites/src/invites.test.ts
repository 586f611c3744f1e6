import { type Adhoc, adhoc, type CommandResult, executeCommand } from '@couplet/adhoc'
import { disco } from '@couplet/disco'
import { DataForm, type DataForm as Form, type FormField } from '@couplet/forms'
import { StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { CREATE_ACCOUNT_COMMAND, INVITE_COMMAND } from './elements.js'
import { invites } from './invites.js'

const textField = (name: string, ...values: string[]): FormField => ({ var: name, values, options: [] })
const formOf = (type: Form['type'], ...fields: readonly FormField[]) =>
  DataForm({ type, instructions: [], fields, items: [] })
const result = (uri: string, ...more: readonly FormField[]) => formOf('result', textField('uri', uri), ...more)

const setUp = () => {
  const session: FakeSession = fakeSession()
  const api = session.install(invites(), {
    adhoc: session.install(adhoc(), { disco: session.install(disco()) }) as Adhoc,
  })
  return { session, api }
}
/** A server that answers a command at once, or after a form. */
const serving = (session: FakeSession, form: ReturnType<typeof DataForm>, asks?: readonly FormField[]): unknown[] => {
  const asked: unknown[] = []
  session.answer(executeCommand, ({ node, action, sessionId, payload }): CommandResult => {
    asked.push([node, action, payload.flatMap((each) => each.get(DataForm) ?? []).length])
    if (action === 'cancel') return { node, sessionId: 's1', status: 'canceled', notes: [], payload: [] }
    if (asks === undefined || sessionId !== undefined)
      return { node, sessionId: 's1', status: 'completed', notes: [], payload: [form] }
    return { node, sessionId: 's1', status: 'executing', notes: [], payload: [formOf('form', ...asks)] }
  })
  return asked
}
const answers = (session: FakeSession) =>
  session.requests
    .flatMap((each) => each.get(executeCommand.request)?.payload ?? [])
    .map((form) => {
      const value = DataForm.parse(form) as Form
      return Object.fromEntries(value.fields.map(({ var: name = '', values }) => [name, values]))
    })

describe('an invitation that the server makes', () => {
  test('to become a contact, with its page and its end', async () => {
    const { session, api } = setUp()
    const asked = serving(
      session,
      result(
        'xmpp:me@example.org?roster;preauth=TOKEN;ibr=y',
        textField('landing-url', 'https://example.org/invite/#TOKEN'),
        textField('expire', '2027-11-06T02:56:15Z'),
      ),
    )
    const made = await api.contact({ name: 'Romeo M.' })
    expect(made).toMatchObject({
      kind: 'contact',
      issuer: 'server',
      registers: true,
      token: 'TOKEN',
      expires: new Date('2027-11-06T02:56:15Z'),
    })
    expect(made.uri).toBe('xmpp:me@example.org?roster;preauth=TOKEN;ibr=y;name=Romeo%20M.')
    expect(made.landingUrl?.href).toBe('https://example.org/invite/#TOKEN')
    expect(asked).toEqual([[INVITE_COMMAND, 'execute', 0]])
    expect(String(session.requests[0]?.to)).toBe('example.org')
  })

  test('a page that is none of https is not passed on, and an end that cannot be read is unknown', async () => {
    const { session, api } = setUp()
    serving(
      session,
      result(
        'xmpp:me@example.org?roster;preauth=T',
        textField('landing-url', 'javascript:alert(1)'),
        textField('expire', 'soon'),
      ),
    )
    expect(await api.contact()).toMatchObject({ landingUrl: undefined, expires: undefined })
  })

  test.each(['', 'https://example.org/', 'xmpp:me@example.org?register;preauth=T', 'xmpp:me@example.org?roster'])(
    'that is none is an error: %j',
    async (uri) => {
      const { session, api } = setUp()
      serving(session, result(uri))
      await expect(api.contact()).rejects.toMatchObject({ name: 'MalformedElementError' })
    },
  )

  test('to register an account, by its form', async () => {
    const { session, api } = setUp()
    const asked = serving(session, result('xmpp:juliet@example.org?register;preauth=T'), [
      textField('username'),
      { ...textField('roster-subscription'), type: 'boolean' },
    ])
    const made = await api.account({ username: 'juliet', subscribe: true })
    expect([made.kind, `${made.jid}`, made.uri]).toEqual([
      'account',
      'juliet@example.org',
      'xmpp:juliet@example.org?register;preauth=T',
    ])
    expect(answers(session)).toEqual([{ username: ['juliet'], 'roster-subscription': ['true'] }])
    expect(asked).toHaveLength(2)
    expect(asked[0]).toEqual([CREATE_ACCOUNT_COMMAND, 'execute', 0])
  })

  test('a server that does not ask for the name has not heard it', async () => {
    const { session, api } = setUp()
    serving(session, result('xmpp:example.org?register;preauth=T'))
    expect(`${(await api.account()).jid}`).toBe('example.org')
    await expect(api.account({ username: 'juliet' })).rejects.toMatchObject({
      name: 'InviteError',
      code: 'not-allowed',
    })
    await expect(api.account({ username: '@' })).rejects.toMatchObject({ name: 'InvalidJidError' })
  })

  test('a form that asks for something else is left, and not answered by guessing', async () => {
    const { session, api } = setUp()
    serving(session, result('x'), [{ ...textField('shoe-size'), required: true }])
    await expect(api.account()).rejects.toThrow(RangeError)
    await session.settled()
    expect(session.requests.at(-1)?.get(executeCommand.request)?.action).toBe('cancel')
  })

  test.each<StanzaErrorCondition>(['forbidden', 'item-not-found', 'service-unavailable', 'not-allowed'])(
    'and one that makes none: %s',
    async (condition) => {
      const { session, api } = setUp()
      session.answer(executeCommand, new StanzaError({ condition }))
      for (const call of [() => api.account(), () => api.contact({ issuer: 'server' })]) {
        await expect(call()).rejects.toMatchObject({ name: 'InviteError', code: 'not-allowed' })
      }
      const own = await api.contact()
      expect([own.issuer, own.landingUrl, own.registers]).toEqual(['client', undefined, false])
    },
  )

  test('some say it with a note', async () => {
    const { session, api } = setUp()
    session.answer(
      executeCommand,
      ({ node }): CommandResult => ({
        node,
        status: 'completed',
        notes: [{ type: 'error', text: 'No.' }],
        payload: [],
      }),
    )
    await expect(api.account()).rejects.toMatchObject({ code: 'not-allowed' })
  })

  test('another failure is no reason for an invitation of our own', async () => {
    const { session, api } = setUp()
    session.answer(executeCommand, new StanzaError({ condition: 'internal-server-error' }))
    await expect(api.contact()).rejects.toMatchObject({ condition: 'internal-server-error' })
    await expect(api.contact({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})

import { inspect } from 'node:util'
import { type DataForm, DataForm as Form } from '@couplet/forms'
import { type IqProcedure, Jid, NS_STREAM, StanzaError, type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { queryRegistration, RegisterFeature, type Registration, submitRegistration } from './elements.js'
import { type RegistrationStream, registerAccount } from './register-account.js'

const secret = 'Gr0undl!ngs'

/** A server that wants this, and says that to the answer. */
const streamOf = (
  wanted: Registration,
  verdict?: StanzaError,
  offered: readonly XmlElement[] = [RegisterFeature()],
) => {
  const answers: unknown[] = []
  const stream: RegistrationStream = {
    account: Jid.parse('example.org').bare,
    features: xml(NS_STREAM, 'features', {}, ...offered),
    async request<Q, R>(pair: IqProcedure<Q, R>, value: Q, options?: { signal?: AbortSignal | undefined }): Promise<R> {
      options?.signal?.throwIfAborted()
      if ((pair as unknown) === queryRegistration) return wanted as R
      expect(pair).toBe(submitRegistration)
      answers.push(value)
      if (verdict !== undefined) throw verdict
      return undefined as R
    },
  }
  return { stream, answers }
}
const me = { username: 'juliet', password: secret }
const plain: Registration = { instructions: 'Choose.', username: '', password: '' }
const form: DataForm = {
  type: 'form',
  instructions: [],
  fields: [
    { var: 'FORM_TYPE', type: 'hidden', values: ['jabber:iq:register'], options: [] },
    { var: 'username', type: 'text-single', required: true, values: [], options: [] },
    { var: 'password', type: 'text-private', required: true, values: [], options: [] },
    { var: 'captcha', type: 'text-single', values: [], options: [] },
  ],
  items: [],
}

describe('registering an account', () => {
  test('answers what the server wants', async () => {
    const { stream, answers } = streamOf(plain)
    await registerAccount(stream, me)
    expect(answers).toEqual([me])
  })

  test('by its form, which the user may have to see', async () => {
    const { stream, answers } = streamOf({ ...plain, form })
    await registerAccount(stream, async (wanted) => {
      expect(wanted.form).toEqual(form)
      return { ...me, captcha: 'xyzzy' }
    })
    const [answer] = answers as [{ form: DataForm }]
    expect(Form(answer.form).attr('type')).toBe('submit')
    expect(answer.form.fields.map(({ var: name, values }) => [name, ...values])).toEqual([
      ['FORM_TYPE', 'jabber:iq:register'],
      ['username', 'juliet'],
      ['password', secret],
      ['captcha', 'xyzzy'],
    ])
    expect(answer).not.toHaveProperty('password')
  })

  test('not where it is not offered, unless that is known better', async () => {
    const { stream, answers } = streamOf(plain, undefined, [])
    const refused = registerAccount(stream, me)
    await expect(refused).rejects.toMatchObject({ name: 'RegistrationError', code: 'not-offered', retry: 'no' })
    expect(answers).toEqual([])
    await registerAccount(stream, me, { evenIfNotOffered: true })
    expect(answers).toHaveLength(1)
  })

  test.each([
    ['https://example.org/join', 'https://example.org/join'],
    ['javascript:alert(1)', undefined],
    ['file:///etc/passwd', undefined],
  ])('at a page of the web, if that is what the server says: %s', async (url, expected) => {
    const { stream, answers } = streamOf({ instructions: 'Go there.', oob: { url } })
    const error = await registerAccount(stream, me).catch((reason: unknown) => reason as { code: string; url?: URL })
    expect(error).toMatchObject({ name: 'RegistrationError', code: 'elsewhere' })
    expect(error?.url?.href).toBe(expected)
    expect(answers).toEqual([])
  })

  test('in the stream, if the page is only one of two ways', async () => {
    const { stream, answers } = streamOf({ ...plain, oob: { url: 'https://example.org/join' } })
    await registerAccount(stream, me)
    expect(answers).toEqual([me])
  })

  test('a value too many or too few is a mistake, and nothing is sent', async () => {
    const { stream, answers } = streamOf({ ...plain, email: '' })
    await expect(registerAccount(stream, me)).rejects.toThrow(RangeError)
    await expect(registerAccount(stream, { ...me, email: 'x', phone: '1' })).rejects.toThrow(RangeError)
    expect(answers).toEqual([])
  })

  test.each(['conflict', 'not-acceptable', 'resource-constraint', 'not-allowed'] as const)(
    'the server says %s',
    async (condition) => {
      const { stream } = streamOf(plain, new StanzaError({ condition }))
      const error = await registerAccount(stream, me).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ name: 'StanzaError', condition })
      expect(`${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`).not.toContain(secret)
    },
  )

  test('a signal ends it', async () => {
    const { stream, answers } = streamOf(plain)
    await expect(registerAccount(stream, me, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
    expect(answers).toEqual([])
  })
})

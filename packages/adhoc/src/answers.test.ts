import { DataForm, field, submitForm } from '@couplet/forms'
import { StanzaError, uint, xml } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { install, questions } from '../test/offered-command.js'
import { CommandError } from './command-error.js'

describe('answers', () => {
  const text = ['tea']
  test.each([
    ['nothing', undefined],
    ['a required field that is missing', {}],
    ['a required field that is empty', { text: [''] }],
    ['a choice that was not offered', { text, how: ['pigeon'] }],
    ['one of several such choices', { text, tags: ['a', 'c'] }],
    ['two values for one', { text, minutes: ['1', '2'] }],
    ['a hidden field that was changed', { text, FORM_TYPE: ['urn:example:admin'] }],
    ['a number that is none', { text, minutes: ['soon'] }],
  ])('S-157 with %s are refused, and the stage can be answered again', async (_, fields) => {
    const called = vi.fn()
    const { ask, refused, submit } = install(() => ({
      form: questions,
      complete: (input) => {
        called(input.value('minutes', uint), input.values('tags'))
      },
    }))
    const { sessionId } = await ask({})
    expect(await refused({ sessionId, payload: fields ? [submit(fields)] : [] })).toBe('bad-payload')
    expect(called).not.toHaveBeenCalled()
    const again = { text, minutes: ['5'], how: [''], tags: ['b', 'a'] }
    expect((await ask({ sessionId, payload: [submit(again)] })).status).toBe('completed')
    expect(called).toHaveBeenCalledWith(5, ['b', 'a'])
  })

  test('S-157 twice the same field, a blank form, and a form that cannot be read', async () => {
    const { ask, refused } = install(() => ({ form: questions, complete: () => {} }))
    const { sessionId } = await ask({})
    const field = { var: 'text', values: text, options: [] }
    const twice = DataForm({ type: 'submit', instructions: [], fields: [field, field], items: [] })
    for (const form of [twice, DataForm(questions), xml('jabber:x:data', 'x', { type: 'trap' })]) {
      expect(await refused({ sessionId, payload: [form] })).toBe('bad-payload')
    }
  })

  test('a form of type cancel is one of type submit (XEP-0050 §3.5.1)', async () => {
    const { ask, submit } = install(() => ({
      form: questions,
      complete: (input) => ({ notes: [`${input.form?.type} ${input.value('text')}`] }),
    }))
    const { sessionId } = await ask({})
    const done = await ask({ sessionId, payload: [submit({ text }, 'cancel')] })
    expect(done.notes[0]?.text).toBe('submit tea')
  })

  test('are read by a definition, which refuses what it cannot read', async () => {
    const Reminder = submitForm('urn:example:reminder', { text: field('text'), minutes: field('minutes', uint) })
    const { ask, refused, submit } = install(() => ({
      form: DataForm(questions),
      complete: (input) => ({ notes: [JSON.stringify(input.read(Reminder))] }),
    }))
    const { sessionId } = await ask({})
    expect(await refused({ sessionId, payload: [submit({ text })] })).toBe('bad-payload')
    expect(await refused({ sessionId, payload: [xml('urn:example', 'x')] })).toBe('bad-payload')
    const done = await ask({ sessionId, payload: [Reminder({ text: 'tea', minutes: 5 })] })
    expect(done.notes[0]?.text).toBe('{"text":"tea","minutes":5}')
  })

  test('what a handler refuses for good ends the session; what it wants to have corrected does not', async () => {
    const refuse = [new CommandError('bad-payload', 'Later.'), new StanzaError({ condition: 'conflict' })]
    const { ask, refused } = install(() => ({
      complete: () => {
        throw refuse.shift()
      },
    }))
    const { sessionId } = await ask({})
    expect(await refused({ sessionId })).toBe('bad-payload')
    expect(await refused({ sessionId })).toBe('conflict')
    expect(await refused({ sessionId })).toBe('session-expired')
  })
})

test('a question has the type that its choices say', () => {
  expect(questions.fields.map(({ var: name, type, values }) => [name, type, values])).toEqual([
    ['FORM_TYPE', 'hidden', ['urn:example:reminder']],
    ['text', 'text-single', []],
    ['minutes', 'text-single', ['10']],
    ['how', 'list-single', ['chat']],
    ['tags', 'list-multi', ['a']],
    ['often', 'boolean', ['true']],
    ['heading', 'fixed', ['End']],
  ])
  expect(questions.fields[3]?.options).toEqual([
    { value: 'chat', label: 'By chat' },
    { value: 'mail', label: 'By mail' },
  ])
})

import { Jid, readElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { DataForm } from './elements.js'
import { fillForm } from './fill-form.js'

const received = readElement(
  DataForm,
  parseXml(`<x xmlns='jabber:x:data' type='form'>
    <title>Room</title>
    <field type='hidden' var='FORM_TYPE'><value>urn:example:room</value></field>
    <field type='fixed'><value>Section 1</value></field>
    <field type='text-single' var='name'><required/></field>
    <field type='text-multi' var='text'/>
    <field type='boolean' var='public'><value>0</value></field>
    <field type='jid-multi' var='owners'><value>a@example.org</value></field>
    <field type='list-single' var='{urn:example}new'><value>x</value><option><value>x</value></option></field>
    <field var='limit'/>
  </x>`),
)
if (!received?.ok) throw received?.error
const form = received.value
const filled = (values: Parameters<typeof fillForm>[1]): Record<string, readonly string[]> =>
  Object.fromEntries(fillForm(form, values).fields.map((field) => [field.var ?? '', field.values]))

describe('fillForm', () => {
  test('hidden and unknown fields keep their values, headings and questions without an answer are left out', () => {
    expect(filled({ name: 'Cave' })).toEqual({
      FORM_TYPE: ['urn:example:room'],
      name: ['Cave'],
      public: ['0'],
      owners: ['a@example.org'],
      '{urn:example}new': ['x'],
    })
  })

  test('the answer is a submission without what described the questions', () => {
    const answer = fillForm(form, { name: 'Cave' })
    expect(answer).toMatchObject({ type: 'submit', instructions: [], items: [] })
    expect(answer.title).toBeUndefined()
    expect(answer.fields.every((field) => field.options.length === 0 && field.required === undefined)).toBe(true)
  })

  test('values of every kind', () => {
    const owners = [Jid.parse('b@example.org'), 'c@example.org']
    expect(filled({ name: '', public: true, owners, limit: 5, text: 'one\ntwo\r\nthree' })).toMatchObject({
      name: [''],
      public: ['true'],
      owners: ['b@example.org', 'c@example.org'],
      limit: ['5'],
      text: ['one', 'two', 'three'],
    })
    expect(filled({ name: 'x', owners: [] })).toMatchObject({ owners: [] })
  })

  test('a name the form does not have is a mistake, and so is a required field without a value', () => {
    expect(() => fillForm(form, { name: 'x', nmae: 'y' })).toThrow(new RangeError('the form has no field "nmae"'))
    expect(() => fillForm(form, {})).toThrow(new RangeError('the form requires a value for "name"'))
  })
})

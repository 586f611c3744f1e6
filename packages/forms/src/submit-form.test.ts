import { bool, child, dateTime, element, Jid, jid, optional, readElement, type XmlElement, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { field, fieldList, formTypeOf } from './form-field.js'
import { findForm, resultForm, submitForm } from './submit-form.js'

const Filter = submitForm('urn:example:filter', {
  with: optional(field('with', jid)),
  start: optional(field('start', dateTime)),
  ids: optional(fieldList('ids')),
})
const Wrapper = element('urn:example', 'query', { filter: child(Filter) })

const form = (content: string, type = 'submit'): XmlElement =>
  parseXml(`<x xmlns='jabber:x:data' type='${type}'>
    <field var='FORM_TYPE' type='hidden'><value>urn:example:filter</value></field>${content}</x>`)
const problem = (text: XmlElement): string => {
  const read = readElement(Filter, text)
  return read.ok ? 'well-formed' : read.error.message
}

describe('submitForm', () => {
  test('writes the hidden FORM_TYPE first and leaves out what is not set', () => {
    expect(String(Filter({ with: Jid.parse('juliet@capulet.lit') }))).toBe(
      "<x xmlns='jabber:x:data' type='submit'>" +
        "<field type='hidden' var='FORM_TYPE'><value>urn:example:filter</value></field>" +
        "<field var='with'><value>juliet@capulet.lit</value></field></x>",
    )
  })

  test('reads what it has written', () => {
    const value = { with: Jid.parse('a@example.org'), start: new Date(0), ids: ['1', '2'] }
    expect(readElement(Filter, Filter(value))).toEqual({ ok: true, value })
    expect(readElement(Filter, Filter({}))).toEqual({ ok: true, value: {} })
  })

  test('a bad value is malformed, and the path names the field', () => {
    const broken = xml('urn:example', 'query', {}, form("<field var='with'><value>@</value></field>"))
    const read = readElement(Wrapper, broken)
    expect(read).toMatchObject({ ok: false, error: { path: 'query/x/field[with]', problem: 'is not a JID' } })
  })

  test('a field or a value too many is malformed', () => {
    expect(problem(form("<field var='with'><value>a@b</value><value>c@d</value></field>"))).toBe(
      'x/field[with]: has more than one value',
    )
    expect(problem(form("<field var='start'/><field var='start'/>"))).toBe('x/field[start]: occurs more than once')
    expect(problem(form("<field var='ids'><value/></field>"))).toBe('well-formed')
  })

  test('a required field that is missing is malformed', () => {
    const Strict = submitForm('urn:example:filter', { with: field('with', jid) })
    expect(readElement(Strict, form(''))).toMatchObject({ ok: false, error: { path: 'x/field[with]' } })
  })

  test('a field without a value is not set, however it says so (XEP-0004 §3.6)', () => {
    for (const content of ["<field var='with'/>", "<field var='with'><value/></field>"]) {
      expect(readElement(Filter, form(content))).toEqual({ ok: true, value: {} })
    }
  })

  test('fields it does not know are ignored', () => {
    expect(problem(form("<field var='{http://example.com/}text'><value>x</value></field>"))).toBe('well-formed')
  })

  test('S-157 a form of another FORM_TYPE, or with a visible one, is refused', () => {
    const Other = submitForm('urn:example:other', {})
    expect(readElement(Other, form(''))).toMatchObject({ ok: false, error: { path: 'x/field[FORM_TYPE]' } })
    const visible = `<x xmlns='jabber:x:data' type='form'>
      <field var='FORM_TYPE' type='text-single'><value>urn:example:filter</value></field></x>`
    expect(problem(parseXml(visible))).toBe('x/field[FORM_TYPE]: is not urn:example:filter')
    expect(problem(form('', 'cancel'))).toBe('x@type: is not one of form, submit, result')
  })

  test('in a submission FORM_TYPE needs no type (XEP-0068 §5)', () => {
    const text = (type: string): string =>
      `<x xmlns='jabber:x:data' type='${type}'><field var='FORM_TYPE'><value>urn:example:filter</value></field></x>`
    expect(formTypeOf(parseXml(text('submit')))).toBe('urn:example:filter')
    expect(formTypeOf(parseXml(text('result')))).toBeUndefined()
  })
})

test('resultForm writes type result', () => {
  const Room = resultForm('urn:example:room', { open: field('open', bool) })
  expect(Room({ open: true }).attr('type')).toBe('result')
})

test('findForm passes over forms of other types and malformed ones', () => {
  const other = resultForm('urn:example:other', {})({})
  const broken = form("<field var='with'><value>@</value></field>")
  const good = Filter({ ids: ['7'] })
  expect(findForm([other, broken, good], Filter)).toEqual({ ids: ['7'] })
  expect(findForm([other], Filter)).toBeUndefined()
})

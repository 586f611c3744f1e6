import { readElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DataForm } from './elements.js'
import { fillForm } from './fill-form.js'
import { formTypeOf } from './form-field.js'
import { findForm, submitForm } from './submit-form.js'

const read = (content: string): DataForm => {
  const result = readElement(DataForm, parseXml(`<x xmlns='jabber:x:data' type='form'>${content}</x>`))
  if (!result?.ok) throw result?.error
  return result.value
}

describe('S-157 traps in forms', () => {
  afterEach(() => vi.restoreAllMocks())

  const options = (count: number): string =>
    Array.from({ length: count }, (_, i) => `<option label='${i}'><value>${i}</value></option>`).join('')

  test('ten thousand options are more than a stanza may hold', () => {
    expect(() => read(`<field var='choice' type='list-single'>${options(10_000)}</field>`)).toThrow('limit exceeded')
  })

  test('of nine thousand options the answer carries none, and of as many questions only those with a value', () => {
    const form = read(`<field var='choice' type='list-single'>${options(9000)}</field>`)
    expect(form.fields[0]?.options).toHaveLength(9000)
    expect(fillForm(form, { choice: '7' }).fields).toEqual([
      { type: 'list-single', var: 'choice', values: ['7'], options: [] },
    ])
    const many = read(Array.from({ length: 9000 }, (_, i) => `<field var='f${i}'/>`).join(''))
    expect(fillForm(many, { f8999: 'x' }).fields.map(({ var: name }) => name)).toEqual(['f8999'])
  })

  test('addresses and media are data: nothing is fetched', () => {
    const fetched = vi.spyOn(globalThis, 'fetch')
    const form = read(`
      <field var='picture' type='text-single'>
        <media xmlns='urn:xmpp:media-element' height='80' width='290'>
          <uri type='image/png'>http://169.254.169.254/latest/meta-data</uri>
        </media>
        <value>http://127.0.0.1/</value>
      </field>
      <x xmlns='jabber:x:oob'><url>http://127.0.0.1/</url></x>`)
    const { fields } = fillForm(form, {})
    expect(fields).toEqual([{ type: 'text-single', var: 'picture', values: ['http://127.0.0.1/'], options: [] }])
    expect(fetched).not.toHaveBeenCalled()
  })

  test('an answer holds what its own form held, and nothing of another', () => {
    const secret = read(`<field var='token' type='hidden'><value>of the room</value></field><field var='a'/>`)
    const trap = read(`<field var='token' type='hidden'/><field var='a'/>`)
    expect(fillForm(secret, { a: 'x' }).fields.map(({ values }) => values)).toEqual([['of the room'], ['x']])
    expect(fillForm(trap, { a: 'x' }).fields.map(({ values }) => values)).toEqual([['x']])
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('a field called %s is just a name', (name) => {
    const form = read(`<field var='${name}'/><field var='a'/>`)
    expect(fillForm(form, { a: 'x' }).fields.map(({ var: field }) => field)).toEqual(['a'])
    const values = JSON.parse(`{ "${name}": "mine" }`) as Record<string, string>
    expect(fillForm(form, values).fields).toEqual([{ type: undefined, var: name, values: ['mine'], options: [] }])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect({}).not.toHaveProperty('mine')
  })

  const type = (value: string, kind = 'hidden'): string =>
    `<field var='FORM_TYPE' type='${kind}'><value>${value}</value></field>`
  const room = 'urn:example:room'

  test.each([
    ['none', ''],
    ['another', type('urn:example:other')],
    ['one that is shown', type(room, 'text-single')],
    ['one behind another', type('urn:example:other') + type(room)],
    ['one before another', type(room) + type('urn:example:other')],
    ['the same twice', type(room) + type(room)],
    ['one with two values', type(`${room}</value><value>urn:example:other`)],
    ['one without a value', `<field var='FORM_TYPE' type='hidden'/>`],
    ['one in a row of results', `<item>${type(room)}</item>`],
  ])('a form whose FORM_TYPE is %s is not taken for a room', (_what, content) => {
    const Room = submitForm(room, {})
    const form = parseXml(`<x xmlns='jabber:x:data' type='result'>${content}</x>`)
    expect(findForm([form], Room)).toBeUndefined()
    expect(formTypeOf(form)).not.toBe(room)
    const good = parseXml(`<x xmlns='jabber:x:data' type='result'>${type(room)}</x>`)
    expect(findForm([form, good], Room)).toEqual({})
  })
})

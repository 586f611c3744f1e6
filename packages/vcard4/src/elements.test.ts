import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { Vcard4Notice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, Vcard4Notice({ id: 'n1' }))
  expect(serialize(Vcard4Notice({ id: 'n1' }))).toBe("<vcard4 xmlns='urn:xmpp:vcard4:0' id='n1'/>")
  expect(sent.get(Vcard4Notice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, Vcard4Notice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(Vcard4Notice)).toBeUndefined()
  expect(sent.read(Vcard4Notice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

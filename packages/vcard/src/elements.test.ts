import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { VcardNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, VcardNotice({ id: 'n1' }))
  expect(serialize(VcardNotice({ id: 'n1' }))).toBe("<vcard xmlns='urn:xmpp:vcard:0' id='n1'/>")
  expect(sent.get(VcardNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, VcardNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(VcardNotice)).toBeUndefined()
  expect(sent.read(VcardNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

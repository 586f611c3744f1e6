import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { AdhocNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, AdhocNotice({ id: 'n1' }))
  expect(serialize(AdhocNotice({ id: 'n1' }))).toBe("<adhoc xmlns='urn:xmpp:adhoc:0' id='n1'/>")
  expect(sent.get(AdhocNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, AdhocNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(AdhocNotice)).toBeUndefined()
  expect(sent.read(AdhocNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

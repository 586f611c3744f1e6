import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { OmemoNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, OmemoNotice({ id: 'n1' }))
  expect(serialize(OmemoNotice({ id: 'n1' }))).toBe("<omemo xmlns='urn:xmpp:omemo:0' id='n1'/>")
  expect(sent.get(OmemoNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, OmemoNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(OmemoNotice)).toBeUndefined()
  expect(sent.read(OmemoNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { SceNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, SceNotice({ id: 'n1' }))
  expect(serialize(SceNotice({ id: 'n1' }))).toBe("<sce xmlns='urn:xmpp:sce:0' id='n1'/>")
  expect(sent.get(SceNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, SceNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(SceNotice)).toBeUndefined()
  expect(sent.read(SceNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

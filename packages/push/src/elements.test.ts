import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { PushNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, PushNotice({ id: 'n1' }))
  expect(serialize(PushNotice({ id: 'n1' }))).toBe("<push xmlns='urn:xmpp:push:0' id='n1'/>")
  expect(sent.get(PushNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, PushNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(PushNotice)).toBeUndefined()
  expect(sent.read(PushNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

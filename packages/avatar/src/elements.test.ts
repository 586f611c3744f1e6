import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { AvatarNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, AvatarNotice({ id: 'n1' }))
  expect(serialize(AvatarNotice({ id: 'n1' }))).toBe("<avatar xmlns='urn:xmpp:avatar:0' id='n1'/>")
  expect(sent.get(AvatarNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, AvatarNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(AvatarNotice)).toBeUndefined()
  expect(sent.read(AvatarNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

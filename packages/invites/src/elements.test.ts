import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { InvitesNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, InvitesNotice({ id: 'n1' }))
  expect(serialize(InvitesNotice({ id: 'n1' }))).toBe("<invites xmlns='urn:xmpp:invites:0' id='n1'/>")
  expect(sent.get(InvitesNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, InvitesNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(InvitesNotice)).toBeUndefined()
  expect(sent.read(InvitesNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

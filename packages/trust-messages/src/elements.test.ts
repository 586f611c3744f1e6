import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { TrustMessagesNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, TrustMessagesNotice({ id: 'n1' }))
  expect(serialize(TrustMessagesNotice({ id: 'n1' }))).toBe(
    "<trust-messages xmlns='urn:xmpp:trust-messages:0' id='n1'/>",
  )
  expect(sent.get(TrustMessagesNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, TrustMessagesNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(TrustMessagesNotice)).toBeUndefined()
  expect(sent.read(TrustMessagesNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

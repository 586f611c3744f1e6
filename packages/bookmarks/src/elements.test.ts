import { message, serialize } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { BookmarksNotice } from './elements.js'

test('a notice is written and read', () => {
  const sent = message({ id: 'm1' }, BookmarksNotice({ id: 'n1' }))
  expect(serialize(BookmarksNotice({ id: 'n1' }))).toBe("<bookmarks xmlns='urn:xmpp:bookmarks:0' id='n1'/>")
  expect(sent.get(BookmarksNotice)).toEqual({ id: 'n1' })
})

test('a notice without id is malformed, and the message survives it', () => {
  const sent = message({ id: 'm1', body: 'hello' }, BookmarksNotice({ id: 'n1' }).with({ id: undefined }))
  expect(sent.get(BookmarksNotice)).toBeUndefined()
  expect(sent.read(BookmarksNotice)?.ok).toBe(false)
  expect(sent.body).toBe('hello')
})

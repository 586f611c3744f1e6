import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { bookmarks } from './bookmarks.js'
import { BookmarksNotice } from './elements.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(bookmarks()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(BookmarksNotice))).toEqual([{ id: 'n1' }])
})

import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { adhoc } from './adhoc.js'
import { AdhocNotice } from './elements.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(adhoc()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(AdhocNotice))).toEqual([{ id: 'n1' }])
})

import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { PushNotice } from './elements.js'
import { push } from './push.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(push()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(PushNotice))).toEqual([{ id: 'n1' }])
})

import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { InvitesNotice } from './elements.js'
import { invites } from './invites.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(invites()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(InvitesNotice))).toEqual([{ id: 'n1' }])
})

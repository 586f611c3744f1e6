import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { VcardNotice } from './elements.js'
import { vcard } from './vcard.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(vcard()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(VcardNotice))).toEqual([{ id: 'n1' }])
})

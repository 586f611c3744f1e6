import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { Vcard4Notice } from './elements.js'
import { vcard4 } from './vcard4.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(vcard4()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(Vcard4Notice))).toEqual([{ id: 'n1' }])
})

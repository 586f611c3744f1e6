import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { OmemoNotice } from './elements.js'
import { omemo } from './omemo.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(omemo()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(OmemoNotice))).toEqual([{ id: 'n1' }])
})

import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { avatar } from './avatar.js'
import { AvatarNotice } from './elements.js'

test('notify sends a notice to the peer', async () => {
  const session = fakeSession()
  session.install(avatar()).notify('friend@example.org', 'n1')
  expect(session.sent.map((stanza) => stanza.get(AvatarNotice))).toEqual([{ id: 'n1' }])
})

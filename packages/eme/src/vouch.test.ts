import { message } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { EncryptionMark } from './elements.js'
import { vouch, vouchedBy } from './vouch.js'

test('S-134 only who has decrypted a message says what vouches for it', () => {
  const mark = EncryptionMark({ namespace: 'urn:xmpp:omemo:2' })
  const [decrypted, other] = [message({ body: 'hi' }, mark), message({ body: 'hi' }, mark)]
  vouch(decrypted, 'omemo:2 key')
  expect([vouchedBy(decrypted), vouchedBy(other)]).toEqual(['omemo:2 key', undefined])
  expect(String(decrypted)).toBe(String(other))
})

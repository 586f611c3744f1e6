import { message, NS_CLIENT, xml } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { isEncrypted } from './is-encrypted.js'
import { NS_OMEMO_LEGACY } from './legacy/elements.js'
import { NS_OMEMO } from './omemo2/elements.js'

test.each([NS_OMEMO, NS_OMEMO_LEGACY])(
  'a message with an encrypted element of %s is encrypted, readable or not',
  (ns) => {
    expect(isEncrypted(message({ body: 'for others' }, xml(ns, 'encrypted')))).toBe(true)
  },
)

test('a message with other elements is not', () => {
  expect(isEncrypted(message({ body: 'plain' }, xml(NS_OMEMO, 'opt-out')))).toBe(false)
  expect(isEncrypted(message({}, xml(NS_CLIENT, 'encrypted')))).toBe(false)
})

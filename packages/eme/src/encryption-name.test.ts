import { describe, expect, test } from 'vitest'
import { encryptionName } from './encryption-name.js'

describe('encryptionName', () => {
  test('the names of XEP-0380 §3.2', () => {
    expect(encryptionName({ namespace: 'urn:xmpp:otr:0' })).toBe('OTR')
    expect(encryptionName({ namespace: 'eu.siacs.conversations.axolotl' })).toBe('OMEMO')
    expect(encryptionName({ namespace: 'urn:xmpp:omemo:2' })).toBe('OMEMO 2')
  })

  test('the sender names what is not known, and cannot rename what is (XEP-0380 §4)', () => {
    expect(encryptionName({ namespace: 'urn:example:rot26', name: 'ROT-26' })).toBe('ROT-26')
    expect(encryptionName({ namespace: 'urn:xmpp:otr:0', name: 'OMEMO' })).toBe('OTR')
  })

  test('otherwise the namespace', () => {
    expect(encryptionName({ namespace: 'urn:example:rot26' })).toBe('urn:example:rot26')
    expect(encryptionName({ namespace: 'urn:example:rot26', name: '' })).toBe('urn:example:rot26')
    expect(encryptionName({ namespace: 'constructor' })).toBe('constructor')
  })
})

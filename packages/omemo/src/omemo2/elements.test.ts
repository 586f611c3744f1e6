import { Jid } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Bundle, Devices, Encrypted, OptOut } from './elements.js'

describe('XEP-0384', () => {
  const folder = new URL('../../../../test-vectors/xep-0384/', import.meta.url)
  test.each(vectors(folder, { bundle: Bundle, devices: Devices, encrypted: Encrypted, optOut: OptOut }))(
    '$name',
    ({ check }) => check(),
  )
})

test('ids that others would not understand are not written', () => {
  expect(() => Devices({ devices: [{ id: 0 }] })).toThrow(RangeError)
  expect(() => Devices({ devices: [{ id: 2 ** 31 }] })).toThrow(RangeError)
})

test('OMEMO S14 no more is read of a bundle or a header than there can be use for', () => {
  const bytes = new Uint8Array(3)
  const several = (count: number): { id: number; publicKey: Uint8Array }[] =>
    Array.from({ length: count }, (_, id) => ({ id, publicKey: bytes }))
  const bundle = { signedPreKey: { id: 1, publicKey: bytes }, signature: bytes, identityKey: bytes }
  const read = Bundle.parse(Bundle({ ...bundle, preKeys: { keys: several(1001) } }))
  expect('preKeys' in read && read.preKeys.keys.length).toBe(1000)
  const keys = several(5001).map(({ id }) => ({ rid: id + 1, bytes }))
  const header = { sid: 1, recipients: [{ jid: Jid.parse('a@example.org'), keys }] }
  const encrypted = Encrypted.parse(Encrypted({ header }))
  expect('header' in encrypted && encrypted.header.recipients[0]?.keys.length).toBe(5000)
})

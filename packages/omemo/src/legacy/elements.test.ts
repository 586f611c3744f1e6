import { Malformed } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { expect, test } from 'vitest'
import { LegacyBundle, LegacyDevices, LegacyEncrypted } from './elements.js'

const ns = "xmlns='eu.siacs.conversations.axolotl'"
const bytes = new Uint8Array(Buffer.from('b64/encoded/data', 'base64'))
const data = 'b64/encoded/data'

/** Reads an element, and what is built of its value once more. */
const roundTrip = <T>(def: { build(value: T): unknown; parse(element: never): T | Malformed }, xml: string): T => {
  const value = def.parse(parseXml(xml) as never)
  if (value instanceof Malformed) throw new TypeError(value.problem)
  expect(def.parse(parseXml(String(def.build(value))) as never)).toEqual(value)
  return value
}

test('a list, of which the entries that cannot be read are left out', () => {
  const xml = `<list ${ns}><device id='4223'/><device id='0'/><device/><x/><device id=' 7 '/><device id='2147483648'/></list>`
  expect(roundTrip(LegacyDevices, xml)).toEqual({ devices: [{ id: 4223 }, { id: 7 }] })
})

test('a bundle, with line breaks in its keys and without those that cannot be read', () => {
  const xml = `<bundle ${ns}><signedPreKeyPublic signedPreKeyId='0'>b64/\n encoded/data</signedPreKeyPublic>
    <signedPreKeySignature>${data}</signedPreKeySignature><identityKey>${data}</identityKey>
    <prekeys><preKeyPublic preKeyId='1'>b'BR4q'</preKeyPublic><preKeyPublic preKeyId='2'>${data}</preKeyPublic></prekeys></bundle>`
  expect(roundTrip(LegacyBundle, xml.replace('\\n', '\n'))).toEqual({
    signedPreKey: { id: 0, publicKey: bytes },
    signature: bytes,
    identityKey: bytes,
    preKeys: { keys: [{ id: 2, publicKey: bytes }] },
  })
})

test('a message; whether it is a key exchange is written as true or not at all', () => {
  const xml = `<encrypted ${ns}><header sid='27183'><key rid='31415' prekey='1'>${data}</key><key rid='9' prekey='false'>${data}</key>
    <key rid='8'>#</key><iv>${data}</iv></header><payload>${data}</payload></encrypted>`
  const value = roundTrip(LegacyEncrypted, xml)
  expect(value).toEqual({
    header: {
      sid: 27183,
      keys: [
        { rid: 31415, kex: true, bytes },
        { rid: 9, bytes },
      ],
      iv: bytes,
    },
    payload: bytes,
  })
  expect(String(LegacyEncrypted(value))).toBe(
    `<encrypted ${ns}><header sid='27183'><key rid='31415' prekey='true'>${data}</key><key rid='9'>${data}</key>` +
      `<iv>${data}</iv></header><payload>${data}</payload></encrypted>`,
  )
})

test.each([
  `<encrypted ${ns}/>`,
  `<encrypted ${ns}><header/></encrypted>`,
  `<encrypted ${ns}><header sid='0'/></encrypted>`,
])('is malformed: %s', (xml) => expect(LegacyEncrypted.parse(parseXml(xml))).toBeInstanceOf(Malformed))

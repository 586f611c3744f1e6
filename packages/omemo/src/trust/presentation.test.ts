import { type BareJid, Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { fingerprint, parseFingerprint } from './fingerprint.js'
import { omemoLink, omemoUri, parseOmemoUri } from './omemo-uri.js'

const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const hex = Buffer.from(key).toString('hex')
const groups = '00070e15 1c232a31 383f464d 545b6269 70777e85 8c939aa1 a8afb6bd c4cbd2d9'
const jid = Jid.parse('juliet@capulet.lit') as BareJid

describe('fingerprints (XEP-0384 §8)', () => {
  test('8 groups of 8 digits, the same for both versions', () => {
    expect(fingerprint(key)).toBe(groups)
    expect(fingerprint(Uint8Array.of(5, ...key))).toBe(groups)
    expect(() => fingerprint(key.subarray(1))).toThrow(RangeError)
  })

  test.each([
    ['as shown', groups],
    ['upper case', groups.toUpperCase()],
    ['in lines', groups.replace(/ /g, '\r\n\t')],
    ['with colons', (hex.match(/../g) as string[]).join(':')],
    ['with the first byte of OMEMO 0.3', `05${hex}`],
  ])('typed %s', (_, text) => expect(parseFingerprint(text)).toEqual(key))

  test.each(['', 'x', hex.slice(1), `${hex}0`, `06${hex}`, hex.replace('0', 'g'), ' '.repeat(2000) + hex])(
    'not %j',
    (text) => expect(parseFingerprint(text)).toBeUndefined(),
  )
})

describe('URIs', () => {
  const other = new Uint8Array(32).fill(9)
  const devices = [
    { id: 31415, key },
    { id: 2147483647, key: other },
  ]

  test('written and read', () => {
    const uri = omemoUri(jid, devices)
    expect(uri).toBe(`xmpp:juliet@capulet.lit?omemo-sid-31415=${hex};omemo-sid-2147483647=${'09'.repeat(32)}`)
    expect(parseOmemoUri(uri)).toEqual({ jid, devices })
    const link = omemoLink(jid, devices)
    expect(link).toBe(
      `https://conversations.im/i/juliet@capulet.lit?omemo-sid-31415=${hex}&omemo-sid-2147483647=${'09'.repeat(32)}`,
    )
    expect(parseOmemoUri(link)).toEqual({ jid, devices })
    expect(omemoUri(jid, [{ key }])).toBe(`xmpp:juliet@capulet.lit?omemo=${hex}`)
  })

  test.each([
    ['a key without a device', `xmpp:juliet@capulet.lit?omemo=${hex}`],
    ['upper case', `XMPP:JULIET@capulet.lit?OMEMO=${hex.toUpperCase()}`],
    ['an action before, a name behind', `xmpp:juliet@capulet.lit?message;omemo=${hex};name=Juliet`],
    ['an account to use', `xmpp://romeo@montague.lit/juliet@capulet.lit?omemo=${hex}`],
    ['percent signs', `xmpp:juliet%40capulet.lit?omemo=${hex}`],
    ['33 bytes', `xmpp:juliet@capulet.lit?omemo=05${hex}`],
    ['a link', `https://www.conversations.im/i/juliet@capulet.lit/?omemo=${hex}`],
    ['a link that was escaped', `https://conversations.im/i/juliet%40capulet.lit?name=x&amp;omemo=${hex}`],
  ])('read: %s', (_, text) => expect(parseOmemoUri(text)).toEqual({ jid, devices: [{ key }] }))

  test.each([
    ['nothing', ''],
    ['an address alone', 'xmpp:juliet@capulet.lit'],
    ['no key', 'xmpp:juliet@capulet.lit?message'],
    ['another site', `https://conversations.example/i/juliet@capulet.lit?omemo=${hex}`],
    ['no encryption', `http://conversations.im/i/juliet@capulet.lit?omemo=${hex}`],
    ['a resource', `xmpp:juliet@capulet.lit%2Fbalcony?omemo=${hex}`],
    ['no address', `xmpp:?omemo=${hex}`],
    ['broken percent signs', `xmpp:%zz?omemo=${hex}`],
    ['half a key', `xmpp:juliet@capulet.lit?omemo=${hex.slice(2)}`],
    ['one broken key of two', `xmpp:juliet@capulet.lit?omemo-sid-1=${hex};omemo-sid-2=x`],
    ['one device with two keys', `xmpp:juliet@capulet.lit?omemo-sid-1=${hex};omemo-sid-1=${'09'.repeat(32)}`],
    ['device 0', `xmpp:juliet@capulet.lit?omemo-sid-0=${hex}`],
    ['a device beyond 2^31-1', `xmpp:juliet@capulet.lit?omemo-sid-2147483648=${hex}`],
    ['a word of ours nobody knows', `xmpp:juliet@capulet.lit?omemo=${hex};omemo-rev-1=${hex}`],
    ['a fragment', `xmpp:juliet@capulet.lit?omemo=${hex}#x`],
    ['too much', `xmpp:juliet@capulet.lit?omemo=${hex}${';a=b'.repeat(3000)}`],
  ])('not read: %s', (_, text) => expect(parseOmemoUri(text)).toBeUndefined())

  test('what cannot be written', () => {
    expect(() => omemoUri(jid, [])).toThrow(RangeError)
    expect(() => omemoUri(jid, [{ id: 0, key }])).toThrow(RangeError)
    expect(() => omemoLink(jid, [{ id: 1.5, key }])).toThrow(RangeError)
    expect(() => omemoUri(jid, [{ key: key.subarray(1) }])).toThrow(RangeError)
  })
})

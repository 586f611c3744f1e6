import { IllegalCharacterError, Jid, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { readEnvelope } from './read-envelope.js'
import { writeEnvelope } from './write-envelope.js'

const body = (text: string) => xml('jabber:client', 'body', {}, text)
const full = {
  content: [body('hi')],
  from: Jid.parse('juliet@capulet.lit/balcony'),
  to: Jid.parse('romeo@montague.lit/orchard'),
  time: new Date('2026-06-23T10:00:00.250Z'),
}
/** Bytes that count up from one value. */
const counting = (first: number) => (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => first + i)

test('one form: content, padding, time, sender, recipient; JIDs bare', () => {
  const text = new TextDecoder().decode(writeEnvelope(full, { minimumSize: 0, random: counting(3) }))
  expect(text).toBe(
    "<envelope xmlns='urn:xmpp:sce:1'><content><body xmlns='jabber:client'>hi</body></content><rpad>DEF</rpad>" +
      "<time stamp='2026-06-23T10:00:00.250Z'/><from jid='juliet@capulet.lit'/><to jid='romeo@montague.lit'/></envelope>",
  )
})

test('what is written is read', () => {
  const read = readEnvelope(writeEnvelope(full))
  expect(read.ok && read.value).toMatchObject({ time: full.time, from: full.from.bare, to: full.to.bare })
  expect(read.ok && String(read.value.content[0])).toBe("<body xmlns='jabber:client'>hi</body>")
})

describe('padding (XEP-0420 §4)', () => {
  const size = (text: string, first: number, minimumSize = 512): number =>
    writeEnvelope({ content: [body(text)] }, { minimumSize, random: counting(first) }).length

  test('up to the minimum size, whatever the content, and a random part on top', () => {
    for (const text of ['', 'x', 'ä💻', 'x'.repeat(300)]) {
      expect(size(text, 1)).toBe(513)
      expect(size(text, 200)).toBe(712)
      expect(size(text, 7, 1000)).toBe(1007)
    }
  })

  test('long content only gets the random part', () => {
    expect(size('x'.repeat(2000), 5, 0) - size('x'.repeat(2000), 1, 0)).toBe(4)
  })

  test('0 to 200 characters: larger random bytes are thrown away', () => {
    let calls = 0
    const random = (bytes: number) => new Uint8Array(bytes).fill(calls++ === 0 ? 201 : 200)
    expect(writeEnvelope({ content: [] }, { random })).toHaveLength(712)
    expect(calls).toBe(3)
  })

  test('by default from the platform, different each time', () => {
    const sizes = new Set(Array.from({ length: 200 }, () => writeEnvelope({ content: [] }).length - 512))
    expect(sizes.size).toBeGreaterThan(50)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(200)
  })
})

test('what must stay outside, or says no namespace, is a mistake of the program', () => {
  for (const element of [
    xml('urn:xmpp:hints', 'store'),
    xml('urn:xmpp:sid:0', 'stanza-id'),
    xml('urn:xmpp:eme:0', 'encryption'),
    xml('', 'body'),
    xml('urn:xmpp:sce:1', 'envelope'),
  ]) {
    expect(() => writeEnvelope({ content: [element] })).toThrow(TypeError)
  }
  expect(() => writeEnvelope({ content: [body('\u0000')] })).toThrow(IllegalCharacterError)
})

import { readFileSync } from 'node:fs'
import { base64 } from '@couplet/stanza'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { labelBytes, type VerifySignature, verifiedLabel } from './device-label.js'

interface LabelVector {
  readonly label: string
  readonly seed: string
  readonly ed25519_pub: string
  readonly labelsig_b64: string
  readonly labelsig_rfc8032_b64: string
}
const file = new URL('../../../../test-vectors/omemo/misc.json', import.meta.url)
const { label_signatures_0_9: published } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly label_signatures_0_9: readonly LabelVector[]
}
const verify: VerifySignature = (key, message, signature) => ed25519.verify(signature, message, key, { zip215: false })
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('OMEMO S25 labels are shown if the device has signed them', () => {
  test.each(published.map((vector) => [vector.label, vector] as const))('%j', (label, vector) => {
    const key = hex(vector.ed25519_pub)
    for (const text of [vector.labelsig_b64, vector.labelsig_rfc8032_b64]) {
      const labelsig = base64.decode(text) as Uint8Array
      expect(verifiedLabel({ label, labelsig }, key, verify)).toBe(label === '' ? undefined : label)
      // Another label, another key, a flipped bit.
      expect(verifiedLabel({ label: `${label} `, labelsig }, key, verify)).toBeUndefined()
      expect(
        verifiedLabel(
          { label, labelsig },
          hex((published.find((each) => each !== vector) as LabelVector).ed25519_pub),
          verify,
        ),
      ).toBeUndefined()
      for (const at of [0, 31, 32, 63]) {
        const flipped = labelsig.slice()
        flipped[at] = (flipped[at] as number) ^ 1
        expect(verifiedLabel({ label, labelsig: flipped }, key, verify)).toBeUndefined()
      }
    }
  })

  const seed = hex(published[0]?.seed as string)
  const signed = (label: string) => ({ label, labelsig: ed25519.sign(new TextEncoder().encode(label), seed) })
  const shown = (label: string) => verifiedLabel(signed(label), ed25519.getPublicKey(seed), verify)

  test('not without a signature, or with one of another length', () => {
    const { label, labelsig } = signed('Phone')
    expect(verifiedLabel({ label }, ed25519.getPublicKey(seed), verify)).toBeUndefined()
    expect(verifiedLabel({ labelsig }, ed25519.getPublicKey(seed), verify)).toBeUndefined()
    const asked = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
      expect([key.length, signature.length, message.length]).toEqual([32, 64, 5])
      return true
    }
    expect(verifiedLabel({ label, labelsig: labelsig.subarray(1) }, ed25519.getPublicKey(seed), asked)).toBeUndefined()
    expect(verifiedLabel({ label, labelsig }, ed25519.getPublicKey(seed), asked)).toBe('Phone')
  })

  test.each([
    ['too long: 53 characters of it', '💻'.repeat(60), '💻'.repeat(53)],
    ['53 characters', 'x'.repeat(53), 'x'.repeat(53)],
    ['line breaks and controls', 'Pho\nne\u0000\u001b[31m', 'Phone[31m'],
    ['what turns text around', '\u202eenohP\u202c\u2066\u200f', 'enohP'],
    ['an emoji that is joined', '👩‍💻 phone', '👩‍💻 phone'],
    ['nothing to see', ' \t\n', undefined],
    ['absurdly long', 'x'.repeat(1001), undefined],
  ])('%s', (_, label, expected) => expect(shown(label)).toBe(expected))

  test('an own label is one that others show as it is', () => {
    expect(labelBytes('Bürorechner 💻')).toEqual(new TextEncoder().encode('Bürorechner 💻'))
    for (const label of ['', ' ', 'x'.repeat(54), 'a\nb', '\u202ea'])
      expect(() => labelBytes(label)).toThrow(RangeError)
  })
})

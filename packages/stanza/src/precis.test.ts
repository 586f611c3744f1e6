import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { enforceDomain, enforceOpaque, enforceUsername } from './precis.js'

const everyCodePoint = Array.from({ length: 0x110000 }, (_, point) => point)

describe('UsernameCaseMapped (RFC 8265 §3.3)', () => {
  test.each([
    ['Juliet', 'juliet'],
    ['ẞ', 'ß'],
    ['Σ', 'σ'],
    ['ς', 'ς'],
    ['İ', 'i\u0307'],
    ['ＡＢ', 'ab'],
    ['ｶﾞ', 'ガ'],
    ['e\u0301', 'é'],
  ])('S-196 %j becomes %j', (text, enforced) => {
    expect(enforceUsername(text)).toBe(enforced)
  })

  test.each(['', ' ', '\u212a', 'ſ', 'ﬁ', 'Ⅳ', '♚', 'a\u0378', '\ud800', '\u3000'])('S-196 refuses %j', (text) => {
    expect(enforceUsername(text)).toBeUndefined()
  })

  test('S-196 a string that never settles is refused', () => {
    let round = 0
    vi.spyOn(String.prototype, 'toLowerCase').mockImplementation(() => `x${'y'.repeat(++round)}`)
    expect(enforceUsername('a')).toBeUndefined()
    expect(round).toBe(4)
  })

  test('S-195 no allowed code point maps to a compatibility form, a control or upper case', () => {
    const wrong = everyCodePoint.filter((point) => {
      const name = enforceUsername(String.fromCodePoint(point))
      return (
        name !== undefined && (name !== name.normalize('NFKC') || name !== name.toLowerCase() || /\p{C}/u.test(name))
      )
    })
    expect(wrong).toEqual([])
  })
})

describe('OpaqueString (RFC 8265 §4.2)', () => {
  test.each([
    ['Foo Bar', 'Foo Bar'],
    ['a\u00a0b\u1680c', 'a b c'],
    ['e\u0301', 'é'],
    ['Ⅳ♚ﬁＡ', 'Ⅳ♚ﬁＡ'],
  ])('%j becomes %j', (text, enforced) => {
    expect(enforceOpaque(text)).toBe(enforced)
  })

  test('RFC 8264 §9: it leaves out exactly the classes the derived property disallows', () => {
    const disallowed = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
    const exceptions = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/u
    const contextual = /[\u00b7\u0375\u05f3\u05f4\u30fb]/u
    const oldJamo = /[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u
    const wrong = everyCodePoint.filter((point) => {
      const char = String.fromCodePoint(point)
      // U+0387 is the one code point whose canonical form needs a context.
      const forms = [char, char.normalize('NFC')]
      const expected = ![disallowed, exceptions, contextual, oldJamo].some((set) =>
        forms.some((form) => set.test(form)),
      )
      return (enforceOpaque(char) !== undefined) !== expected
    })
    expect(wrong).toEqual([])
  })
})

describe('context rules (RFC 5892 appendix A)', () => {
  test('ZWJ follows a virama of any script, and nothing else', () => {
    const after = everyCodePoint.filter((point) => enforceOpaque(`${String.fromCodePoint(point)}\u200d`) !== undefined)
    // The viramas of Unicode 15.1 are 65; later versions only add to them.
    expect(after.length).toBeGreaterThanOrEqual(60)
    expect(after).toEqual(expect.arrayContaining([0x94d, 0x9cd, 0xe3a, 0x1039, 0x17d2, 0xa9c0, 0x11046]))
    expect(after.filter((point) => !/[\p{Mn}\p{Mc}]/u.test(String.fromCodePoint(point)))).toEqual([])
    for (const point of [0x5b0, 0x3099, 0x93c, 0x301, 0x61]) expect(after).not.toContain(point)
  })

  test('what one rule takes away does not put two neighbours together for another', () => {
    expect(enforceOpaque('l\u094d\u200d·l')).toBeUndefined()
    expect(enforceOpaque('l·l·l')).toBe('l·l·l')
    expect(enforceOpaque('l··l')).toBeUndefined()
  })
})

describe('domains (RFC 7622 §3.2)', () => {
  test('the Punycode samples of RFC 3492 §7.1 in lower case decode', () => {
    const samples = [
      ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
      ['ihqwctvzc91f659drss3x8bo0yb', '他們爲什麽不說中文'],
      ['n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa', 'なぜみんな日本語を話してくれないのか'],
      ['b1abfaaepdrnnbgefbadotcwatmq2g4l', 'почемужеонинеговорятпорусски'],
      ['d9juau41awczczp', 'そのスピードで'],
    ] as const
    for (const [code, label] of samples) expect(enforceDomain(`xn--${code}.example`)).toBe(`${label}.example`)
  })

  test('a label is at most 63 octets as an A-label, a plain one included', () => {
    expect(enforceDomain(`${'a'.repeat(63)}.example`)).toBe(`${'a'.repeat(63)}.example`)
    expect(enforceDomain(`${'a'.repeat(64)}.example`)).toBeUndefined()
    expect(enforceDomain('ü'.repeat(70))).toBeUndefined()
  })

  test('every U-label and its A-label are the same domain', () => {
    const label = fc.stringMatching(/^[a-z\u00df-\u00f6\u00f8-\u00ff\u0430-\u044f\u4e00-\u4fff]{1,15}$/)
    fc.assert(
      fc.property(label, (text) => {
        const domain = enforceDomain(`${text}.example`)
        expect(domain).toBe(`${text}.example`)
        expect(enforceDomain(new URL(`http://${domain}`).hostname)).toBe(domain)
      }),
    )
  })
})

test('every profile is idempotent', () => {
  for (const enforce of [enforceUsername, enforceOpaque, enforceDomain]) {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = enforce(text)
        if (once !== undefined) expect(enforce(once)).toBe(once)
      }),
    )
    // A domain costs a `URL`, so the letters of the many Han and Hangul blocks are left to the samples above.
    for (const point of enforce === enforceDomain ? everyCodePoint.slice(0, 0x3100) : everyCodePoint) {
      const once = enforce(String.fromCodePoint(point))
      if (once !== undefined && enforce(once) !== once) expect.fail(`U+${point.toString(16)}`)
    }
  }
})

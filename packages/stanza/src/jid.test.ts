import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { XmppError } from './error.js'
import { InvalidJidError, Jid } from './jid.js'

function vectors(name: string): string[][] {
  const url = new URL(`../../../test-vectors/jid/${name}.txt`, import.meta.url)
  return readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '))
    .map((line) =>
      line.replace(/\\u\{([\dA-F]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
    )
    .map((line) => line.split('\t'))
}

/** The error `parse` throws; fails when there is none. */
function refusal(input: string): InvalidJidError {
  try {
    Jid.parse(input)
  } catch (error) {
    if (error instanceof InvalidJidError) return error
    throw error
  }
  return expect.fail(`${JSON.stringify(input)} is a JID`)
}

describe('vectors (RFC 7622 §3.5 and more)', () => {
  test.each(vectors('valid'))('%j is valid', (input, enforced = input) => {
    const jid = Jid.parse(input!)
    expect(jid.toString()).toBe(enforced)
    expect(Jid.parse(enforced!).equals(jid)).toBe(true)
    expect(Jid.of(jid).equals(jid)).toBe(true)
  })

  // Split by hand: a tab or a line feed inside the input is written as \u{9} and \u{A}, so the last field is the part.
  test.each(vectors('invalid').map((fields) => [fields.slice(0, -1).join('\t'), fields.at(-1)!]))(
    '%j has an invalid %s',
    (input, part) => {
      expect(refusal(input!).part).toBe(part)
      expect(Jid.tryParse(input!)).toBeUndefined()
    },
  )
})

describe('parts', () => {
  test('are split, enforced and put together again', () => {
    const jid = Jid.parse('Juliet@Example.com/Balcony')
    expect([jid.local, jid.domain, jid.resource]).toEqual(['juliet', 'example.com', 'Balcony'])
    expect(jid.isFull()).toBe(true)
    expect(jid.isBare()).toBe(false)
    expect(jid.bare.toString()).toBe('juliet@example.com')
    expect(jid.bare.isBare()).toBe(true)
    expect(jid.bare.bare).toBe(jid.bare)
    expect(jid.bare.withResource('a/b@c').toString()).toBe('juliet@example.com/a/b@c')
    expect(JSON.stringify({ jid })).toBe('{"jid":"juliet@example.com/Balcony"}')
    expect(inspect(jid)).toBe('Jid(juliet@example.com/Balcony)')
  })

  test('S-195 no part can smuggle a separator in', () => {
    expect(() => Jid.of({ local: 'admin@example.org', domain: 'evil.net' })).toThrow(InvalidJidError)
    expect(() => Jid.of({ local: 'admin\uff20example.org', domain: 'evil.net' })).toThrow(InvalidJidError)
    expect(() => Jid.of({ domain: 'evil.net/r' })).toThrow(InvalidJidError)
    expect(() => Jid.of({ domain: 'a@evil.net' })).toThrow(InvalidJidError)
    expect(Jid.of({ domain: 'evil.net', resource: 'a@b/c' }).domain).toBe('evil.net')
  })

  test('an empty part is not an absent one', () => {
    expect(() => Jid.of({ local: '', domain: 'a' })).toThrow('the local part is empty')
    expect(() => Jid.of({ domain: 'a', resource: '' })).toThrow('the resource is empty')
    expect(() => Jid.parse('a@b').withResource('')).toThrow(InvalidJidError)
    expect(Jid.of({ local: undefined, domain: 'a' }).toString()).toBe('a')
  })

  test('are immutable', () => {
    const jid = Jid.parse('a@b/c')
    expect(() => Object.assign(jid, { domain: 'evil' })).toThrow(TypeError)
    expect(jid.bare.toString()).toBe('a@b')
  })

  test('anything but a string is a TypeError', () => {
    for (const wrong of [undefined, null, 1, {}, ['a@b'], new String('a@b')]) {
      expect(() => Jid.parse(wrong as string)).toThrow(TypeError)
      expect(() => Jid.tryParse(wrong as string)).toThrow(TypeError)
      expect(() => Jid.of({ domain: wrong as string })).toThrow(TypeError)
      expect(() => Jid.parse('a').withResource(wrong as string)).toThrow(TypeError)
    }
  })
})

describe('equality', () => {
  test('S-196 holds between enforced forms only', () => {
    expect(Jid.parse('BOB@Example.ORG').equals(Jid.parse('bob@example.org'))).toBe(true)
    expect(Jid.parse('ｂｏｂ@example.org').equals(Jid.parse('bob@example.org'))).toBe(true)
    expect(Jid.parse('ς@example.org').equals(Jid.parse('σ@example.org'))).toBe(false)
    expect(Jid.parse('ß@example.org').equals(Jid.parse('ss@example.org'))).toBe(false)
    expect(Jid.parse('a@b/R').equals(Jid.parse('a@b/r'))).toBe(false)
    expect(Jid.parse('a@b/r').equals(Jid.parse('a@b'))).toBe(false)
  })

  test('S-198 look-alike nicknames are different addresses', () => {
    const admin = Jid.parse('room@muc.example.org/admin')
    expect(admin.equals(Jid.parse('room@muc.example.org/admin '))).toBe(false)
    expect(Jid.parse('a@b/c@d/e').resource).toBe('c@d/e')
    for (const trick of ['\u202eadmin', 'ad\u200bmin', 'admin\n', 'admin\u2060']) {
      expect(Jid.tryParse(`room@muc.example.org/${trick}`)).toBeUndefined()
    }
  })

  test('S-202 a Cyrillic o is not a Latin one', () => {
    const homograph = Jid.parse('b\u043eb@example.org')
    expect(homograph.equals(Jid.parse('bob@example.org'))).toBe(false)
    expect(homograph.local).toBe('b\u043eb')
  })

  test('S-201 JIDs named like object properties are ordinary keys of a Map', () => {
    const names = [
      '__proto__@example.org',
      'constructor@example.org',
      'constructor',
      'tostring',
      '__proto__@b/__proto__',
    ]
    const seen = new Map(names.map((name) => [Jid.parse(name).toString(), name]))
    expect(seen.size).toBe(names.length)
    for (const name of names) expect(seen.get(Jid.parse(name).toString())).toBe(name)
  })

  test('works with a JID from another copy of the package', async () => {
    vi.resetModules()
    const copy = await import('./jid.js')
    expect(copy.Jid).not.toBe(Jid)
    const foreign = copy.Jid.parse('A@b/c')
    expect(Jid.parse('a@b/c').equals(foreign as unknown as Jid)).toBe(true)
    expect(XmppError.is(new copy.InvalidJidError('', 'domain', 'empty'))).toBe(true)
  })
})

describe('limits', () => {
  const kilobyte = 'a'.repeat(1023)
  const domain = `${'a'.repeat(63)}.`.repeat(16).slice(0, 1023)

  test('S-199 each part has at most 1023 bytes of UTF-8', () => {
    expect(Jid.parse(`${kilobyte}@${domain}/${kilobyte}`).toString()).toHaveLength(3071)
    expect(refusal(`${kilobyte}a@b`).part).toBe('local')
    expect(refusal(`a@b/${kilobyte}a`).part).toBe('resource')
    expect(refusal(`a@a.${domain}`).part).toBe('domain')
    expect(Jid.parse(`a@b/${'é'.repeat(511)}`).isFull()).toBe(true)
    expect(refusal(`a@b/${'é'.repeat(512)}`).message).toContain('longer than 1023 bytes')
    expect(Jid.parse(`${'😀'.repeat(255)}`.replace(/^/, 'a@b/')).resource).toHaveLength(510)
    expect(refusal(`a@b/${'😀'.repeat(256)}`).part).toBe('resource')
  })

  test('S-199 the measure is taken after enforcement', () => {
    expect(Jid.parse(`a@b/${'e\u0301'.repeat(511)}`).resource).toBe('é'.repeat(511))
    expect(Jid.parse(`${'Ａ'.repeat(1023)}@b`).local).toBe(kilobyte)
    expect(refusal(`${'İ'.repeat(342)}@b`).part).toBe('local')
  })

  test.each([
    ['@', 'a@'.repeat(51_200)],
    ['plus', '+'.repeat(102_400)],
    ['angle', '>'.repeat(102_400)],
    ['dots', 'a.'.repeat(51_200)],
    ['hyphens', 'a-'.repeat(51_200)],
    ['slashes', '/'.repeat(102_400)],
    ['marks', `a${'\u0301'.repeat(102_400)}`],
    ['joiners', `a@b/${'\u094d\u200d'.repeat(51_200)}`],
  ])('S-099 100 KiB of %s are refused before anything is mapped', (_, input) => {
    const normalize = vi.spyOn(String.prototype, 'normalize')
    const replace = vi.spyOn(String.prototype, 'replace')
    const exec = vi.spyOn(RegExp.prototype, 'exec')
    expect(Jid.tryParse(input)).toBeUndefined()
    expect([normalize, replace, exec].map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0])
    vi.restoreAllMocks()
    const error = refusal(input)
    expect([error.part, error.retry]).toEqual(['jid', 'no'])
    expect(error.input.length).toBeLessThanOrEqual(100)
    expect(() => Jid.of({ domain: 'b', resource: input })).toThrow(InvalidJidError)
    expect(() => Jid.of({ domain: 'b', local: input })).toThrow(InvalidJidError)
    expect(() => Jid.of({ domain: input })).toThrow(InvalidJidError)
  })

  test.each(['\u00e9', '\u0301', '\u094d\u200d', '\u05d0', '\u0645\u200c', '\u00b7', '\u{1f600}'])(
    'S-099 the work for %j grows with its length and no faster',
    (unit) => {
      const work = (count: number) => {
        let characters = 0
        const original = String.prototype.normalize
        const spy = vi.spyOn(String.prototype, 'normalize').mockImplementation(function (this: string, form?: string) {
          characters += this.length
          return original.call(this, form)
        })
        Jid.tryParse(`${unit.repeat(count)}@b/${unit.repeat(count)}`)
        Jid.tryParse(`a@b/${unit.repeat(count)}`)
        spy.mockRestore()
        return characters
      }
      expect(work(400)).toBeLessThanOrEqual(4 * work(100) + 64)
    },
  )

  test('a plain JID costs no normalisation', () => {
    const normalize = vi.spyOn(String.prototype, 'normalize')
    const encode = vi.spyOn(TextEncoder.prototype, 'encode')
    for (const plain of [
      'juliet@example.com/Balcony 1',
      'example.com',
      'conference.a-b.example/x',
      'a+b_c@localhost',
    ]) {
      expect(Jid.parse(plain).toString()).toBe(plain)
    }
    expect(normalize).not.toHaveBeenCalled()
    expect(encode).not.toHaveBeenCalled()
  })
})

describe('InvalidJidError', () => {
  test('says which part is wrong, for a program and for a person', () => {
    const error = refusal('foo bar@example.com')
    expect(error).toMatchObject({ name: 'InvalidJidError', code: 'invalid-jid', retry: 'user', part: 'local' })
    expect(error.message).toBe('Invalid JID "foo bar@example.com": the local part is not allowed by RFC 7622')
    expect(XmppError.is(error)).toBe(true)
  })

  test('S-198 shows no control, no override and at most 100 characters of the input', () => {
    expect(refusal('a@b/\n\u202e\ud800').input).toBe('a@b/\\u{a}\\u{202e}\\u{d800}')
    expect(refusal(`a@b/${'\u0000'.repeat(200)}`).input).toHaveLength(100)
    expect(refusal(`a@b/${'😀'.repeat(300)}`).input).toHaveLength(100)
  })
})

describe('properties', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string())
  const anyParts = fc.record({ local: fc.option(anyText), domain: anyText, resource: fc.option(anyText) })

  test('no string crashes the parser, and what it accepts it accepts again unchanged', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => `${text}@example.com/${text}`),
        ),
        (text) => {
          const jid = Jid.tryParse(text)
          if (jid === undefined) {
            refusal(text)
            return
          }
          const again = Jid.parse(jid.toString())
          expect(again.equals(jid)).toBe(true)
          expect(again).toEqual(jid)
          expect(again.toString()).toBe(jid.toString())
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('parts survive being written down', () => {
    fc.assert(
      fc.property(anyParts, ({ local, domain, resource }) => {
        try {
          const jid = Jid.of({
            local: local ?? undefined,
            domain: `${domain}.example`,
            resource: resource ?? undefined,
          })
          expect(Jid.parse(jid.toString())).toEqual(jid)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidJidError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('the fast path and the slow path agree on ASCII', () => {
    const ascii = fc.stringMatching(/^[a-zA-Z0-9._~!#$%*+=^`{|}?;,()[\]-]{1,12}$/)
    const label = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
    fc.assert(
      fc.property(ascii, label, ascii, (local, domain, resource) => {
        const parsed = Jid.tryParse(`${local}@${domain}/${resource}`)
        const slow = Jid.tryParse(`${local.toUpperCase()}@${domain.toUpperCase()}/${resource}`)
        expect(slow?.toString()).toBe(parsed?.toString())
      }),
      { numRuns: 1000 },
    )
  })
})

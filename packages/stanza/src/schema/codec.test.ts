import { describe, expect, test } from 'vitest'
import { Jid } from '../jid.js'
import { base64, bool, type Codec, dateTime, int, jid, oneOf, str, uint } from './codec.js'

/** Text that is read as a value, and how the value is written. */
function reads<T>(codec: Codec<T>, cases: readonly (readonly [text: string, value: T, written?: string])[]): void {
  for (const [text, value, written] of cases) {
    expect(codec.decode(text), JSON.stringify(text)).toEqual(value)
    expect(codec.encode(value)).toBe(written ?? text)
  }
}

function refuses(codec: Codec<unknown>, texts: readonly string[]): void {
  for (const text of texts) expect(codec.decode(text), JSON.stringify(text)).toBeUndefined()
}

describe('str', () => {
  test('any text, untouched', () => {
    reads(
      str,
      [[''], [' a\n'], ['😀']].map(([text]) => [text as string, text as string] as const),
    )
  })
})

describe('int', () => {
  test('reads and writes', () => {
    reads(int, [
      ['0', 0],
      ['-7', -7],
      ['+7', 7, '7'],
      ['007', 7, '7'],
      [' \t\r\n42\n', 42, '42'],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ['-9007199254740991', Number.MIN_SAFE_INTEGER],
    ])
  })

  test('minus zero is zero', () => {
    expect(Object.is(int.decode('-0'), 0)).toBe(true)
  })

  test('refuses', () => {
    refuses(int, ['', ' ', '-', '+', '--1', '1.0', '1e3', '0x10', '1 2', '٣', '１', 'NaN', '\u00a01', '1_000'])
    refuses(int, ['9007199254740992', '-9007199254740992', '99999999999999999'])
  })

  test('does not write what it would not read', () => {
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => int.encode(value)).toThrow(RangeError)
    }
  })
})

describe('uint', () => {
  test('reads and writes', () => {
    reads(uint, [
      ['0', 0],
      ['+1', 1, '1'],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ])
  })

  test('refuses', () => {
    refuses(uint, ['', '-1', '-0', '1.5', '9007199254740992', 'one'])
    expect(() => uint.encode(-1)).toThrow(RangeError)
    expect(() => uint.encode(1.5)).toThrow(RangeError)
  })
})

describe('bool', () => {
  test('reads and writes', () => {
    reads(bool, [
      ['true', true],
      ['false', false],
      ['1', true, 'true'],
      ['0', false, 'false'],
      [' true ', true, 'true'],
    ])
  })

  test('refuses', () => {
    refuses(bool, ['', 'TRUE', 'yes', '2', 'true false', '__proto__', 'constructor'])
  })
})

describe('dateTime (XEP-0082 §3.2)', () => {
  test('reads and writes', () => {
    reads(dateTime, [
      ['1969-07-21T02:56:15Z', new Date(Date.UTC(1969, 6, 21, 2, 56, 15))],
      ['1969-07-20T21:56:15-05:00', new Date(Date.UTC(1969, 6, 21, 2, 56, 15)), '1969-07-21T02:56:15Z'],
      ['2024-02-29T23:59:59.5Z', new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 500)), '2024-02-29T23:59:59.500Z'],
      ['2024-01-01T00:00:00.1239999Z', new Date(Date.UTC(2024, 0, 1, 0, 0, 0, 123)), '2024-01-01T00:00:00.123Z'],
      ['2024-01-01T00:00:00+14:00', new Date(Date.UTC(2023, 11, 31, 10)), '2023-12-31T10:00:00Z'],
      [' 2024-01-01T00:00:00Z\n', new Date(Date.UTC(2024, 0, 1)), '2024-01-01T00:00:00Z'],
      ['0000-01-01T00:00:00Z', new Date('0000-01-01T00:00:00Z')],
      ['0099-01-01T00:00:00Z', new Date('0099-01-01T00:00:00Z')],
      ['9999-12-31T23:59:59.999Z', new Date('9999-12-31T23:59:59.999Z')],
    ])
  })

  test('refuses', () => {
    refuses(dateTime, ['', '2024-01-01', '2024-01-01T00:00:00', '2024-01-01 00:00:00Z', '2024-01-01T00:00Z'])
    refuses(dateTime, ['2024-02-30T00:00:00Z', '2023-02-29T00:00:00Z', '2024-00-01T00:00:00Z', '2024-13-01T00:00:00Z'])
    refuses(dateTime, ['2024-01-00T00:00:00Z', '2024-01-32T00:00:00Z', '2024-01-01T24:00:00Z', '2024-01-01T00:60:00Z'])
    refuses(dateTime, ['2024-01-01T00:00:60Z', '2024-01-01T00:00:00.Z', '2024-01-01T00:00:00+24:00'])
    refuses(dateTime, ['2024-01-01T00:00:00+0100', '12024-01-01T00:00:00Z', '-0001-01-01T00:00:00Z'])
    refuses(dateTime, ['20240101T00:00:00', '2024-01-01t00:00:00z'])
  })

  test('refuses what an offset leads out of the years it can write', () => {
    refuses(dateTime, ['0000-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01'])
  })

  test('does not write what it would not read', () => {
    for (const time of [Number.NaN, Date.UTC(10_000, 0, 1), new Date('-000001-01-01T00:00:00Z').getTime()]) {
      expect(() => dateTime.encode(new Date(time))).toThrow(RangeError)
    }
  })
})

describe('base64 (RFC 4648 §4)', () => {
  test('the vectors of §10', () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    reads(base64, [
      ['', bytes('')],
      ['Zg==', bytes('f')],
      ['Zm8=', bytes('fo')],
      ['Zm9v', bytes('foo')],
      ['Zm9vYg==', bytes('foob')],
      ['Zm9vYmE=', bytes('fooba')],
      ['Zm9vYmFy', bytes('foobar')],
      [' Zm9v\r\n\tYmFy\n', bytes('foobar'), 'Zm9vYmFy'],
      ['+/8=', Uint8Array.of(0xfb, 0xff)],
    ])
  })

  test('refuses', () => {
    refuses(base64, ['Z', 'Zg', 'Zg=', 'Zg===', 'Zm9=v', '=', '====', 'Zm9v!', '-_8=', 'Zm9v\u00a0', 'Zg==Zg=='])
  })

  test('many bytes, at the size of its slices', () => {
    for (const length of [8191, 8192, 8193, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7)
      expect(base64.decode(base64.encode(bytes))).toEqual(bytes)
    }
  })
})

describe('jid', () => {
  test('reads and writes', () => {
    expect(jid.decode('a@example.org/r')?.toString()).toBe('a@example.org/r')
    expect(jid.encode(Jid.parse('A@Example.org/R'))).toBe('a@example.org/R')
  })

  test('refuses', () => {
    refuses(jid, ['', '@', 'a@', '/r', 'a b@example.org'])
  })
})

describe('oneOf', () => {
  const word = oneOf('get', 'set')

  test('reads and writes', () => {
    reads(word, [
      ['get', 'get'],
      [' set\n', 'set', 'set'],
    ])
  })

  test('refuses', () => {
    refuses(word, ['', 'GET', 'getset', 'get set', '__proto__', 'toString'])
    refuses(oneOf(), ['', 'x'])
  })
})

test('what is expected is said in words', () => {
  const codecs = [str, int, uint, bool, dateTime, base64, jid, oneOf('a', 'b')]
  expect(codecs.map(({ expects }) => expects)).toEqual([
    'text',
    'an integer',
    'a non-negative integer',
    'a boolean',
    'a date and time (XEP-0082)',
    'base64',
    'a JID',
    'one of a, b',
  ])
})

import { describe, expect, test, vi } from 'vitest'
import { checkSlot } from './check-slot.js'

const put = 'https://upload.example.org/secret/a.jpg'
const get = 'https://files.example.org/secret/a.jpg'
const check = (over: { put?: string; get?: string; headers?: [string, string][] } = {}, allow = (_: URL) => true) =>
  checkSlot(
    {
      put: { url: over.put ?? put, headers: (over.headers ?? []).map(([name, value]) => ({ name, value })) },
      get: { url: over.get ?? get },
    },
    allow,
  )
const badSlot = expect.objectContaining({ name: 'UploadError', code: 'bad-slot', retry: 'no' })

describe('headers', () => {
  test.each([
    ['a line feed', 'x\nHost: evil'],
    ['a carriage return', 'x\rHost: evil'],
    ['both', 'x\r\nHost: evil'],
    ['one at the end', 'x\n'],
    ['a null character', 'x\0'],
    ['a delete', 'x\x7f'],
    ['a line separator', 'x\u2028Host: evil'],
    ['a paragraph separator', 'x\u2029Host: evil'],
    ['a next line', 'x\x85Host: evil'],
    ['what turns into a line feed when it is cut to a byte', 'x\u010aHost: evil'],
  ])('S-176 a value with %s is refused', (_what, value) => {
    for (const name of ['Authorization', 'cookie', 'EXPIRES']) {
      expect(() => check({ headers: [[name, value]] })).toThrow(badSlot)
    }
    expect(() => check({ headers: [['Authorization', value]] })).not.toThrow(/evil/)
  })

  test('S-177 only those that are allowed remain, in whatever case, as often and in the order they came', () => {
    const headers: [string, string][] = [
      ['Host', 'evil.net'],
      ['eXpires', 'never'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['Cookie', 'a=1'],
      ['Content-Length', '0'],
      ['authorization ', 'with a space'],
      ['Authorization\n', 'with a line break'],
      ['Set-Cookie', 'a=b'],
      ['cookie', 'b=2'],
      ['Transfer-Encoding', 'chunked'],
      ['', 'nothing'],
      ['__proto__', 'x'],
      ['AUTHORIZATION', 'Basic x=='],
    ]
    expect(check({ headers }).headers).toEqual([
      ['eXpires', 'never'],
      ['Cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['AUTHORIZATION', 'Basic x=='],
    ])
  })

  test('S-177 what is ignored may be anything', () => {
    expect(check({ headers: [['X-Any', 'a\r\nb']] }).headers).toEqual([])
  })

  test('giant ones are refused', () => {
    expect(() => check({ headers: Array(20).fill(['Cookie', 'x'.repeat(1000)]) })).toThrow(badSlot)
  })
})

describe('addresses', () => {
  test.each([
    'http://upload.example.org/a',
    'HTTP://upload.example.org/a',
    'http://127.0.0.1/a',
    'http://localhost:8080/a',
    'ftp://upload.example.org/a',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'blob:https://upload.example.org/1',
    'wss://upload.example.org/a',
    'aesgcm://upload.example.org/a',
    '//upload.example.org/a',
    '/a',
    'https://',
    'https://user:secret@upload.example.org/a',
    'https://user@upload.example.org/a',
    `https://upload.example.org/${'a'.repeat(9000)}`,
    '',
  ])('S-179 %j is refused, for the upload and for others', (url) => {
    expect(() => check({ put: url })).toThrow(badSlot)
    expect(() => check({ get: url })).toThrow(badSlot)
  })

  test('other characters are percent-encoded', () => {
    expect(check({ get: 'https://files.example.org/très cool.jpg' }).get.href).toBe(
      'https://files.example.org/tr%C3%A8s%20cool.jpg',
    )
  })

  test('private addresses are the decision of the application, which is asked about both', () => {
    expect(check({ put: 'https://10.0.0.1/a' }).put.host).toBe('10.0.0.1')
    const allow = vi.fn((url: URL) => url.hostname !== '[::ffff:7f00:1]')
    expect(() => check({ put: 'https://[::ffff:127.0.0.1]/a' }, allow)).toThrow(badSlot)
    expect(() => check({ get: 'https://[::ffff:127.0.0.1]/a' }, allow)).toThrow(badSlot)
    expect(check({}, allow)).toMatchObject({ put: { href: put }, get: { href: get } })
    expect(() => check({}, (async () => false) as never)).toThrow(badSlot) // which JavaScript lets pass
    allow.mockClear()
    expect(() => check({ put: 'http://127.0.0.1/a' }, allow)).toThrow(badSlot)
    expect(allow).not.toHaveBeenCalled()
  })

  test('no error tells the address', () => {
    const error = (() => {
      try {
        check({ get }, () => false)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain('secret')
  })
})

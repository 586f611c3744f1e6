import { describe, expect, test } from 'vitest'
import { isOnThisMachine } from './loopback-host.js'

describe('isOnThisMachine', () => {
  test.each(['localhost', 'LocalHost', '127.0.0.1', '127.0.77.1', '[::1]', '::1', '[0:0:0:0:0:0:0:1]'])(
    '%s',
    (host) => {
      expect(isOnThisMachine(host)).toBe(true)
      expect(
        isOnThisMachine(new URL(`xmpp://${host.includes('[') || !host.includes(':') ? host : `[${host}]`}`).hostname),
      ).toBe(true)
    },
  )

  test.each([
    'localhost.example.org',
    'a.localhost',
    'example.org',
    '127.0.0.1.example.org',
    '127.example.org',
    '127.0.0',
    '10.0.0.1',
    '0.0.0.0',
    '1127.0.0.1',
    '[::]',
    '[::2]',
    '[::ffff:10.0.0.1]',
    '',
  ])('not %s', (host) => {
    expect(isOnThisMachine(host)).toBe(false)
  })
})

import { dateTime } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Delay } from './elements.js'

describe('XEP-0203', () => {
  const folder = new URL('../../../test-vectors/xep-0203/', import.meta.url)
  test.each(vectors(folder, { delay: Delay }))('$name', ({ check }) => check())
})

describe('XEP-0082 §3.2', () => {
  test('the first human steps on the Moon, in UTC and in Houston time', () => {
    const moment = Date.UTC(1969, 6, 21, 2, 56, 15)
    expect(dateTime.decode('1969-07-21T02:56:15Z')?.getTime()).toBe(moment)
    expect(dateTime.decode('1969-07-20T21:56:15-05:00')?.getTime()).toBe(moment)
    expect(dateTime.encode(new Date(moment))).toBe('1969-07-21T02:56:15Z')
  })

  test('fractions of a second may have any number of digits', () => {
    expect(dateTime.decode('2002-09-10T23:08:25.1Z')?.getTime()).toBe(Date.UTC(2002, 8, 10, 23, 8, 25, 100))
    expect(dateTime.decode('2002-09-10T23:08:25.123456Z')?.getTime()).toBe(Date.UTC(2002, 8, 10, 23, 8, 25, 123))
  })

  test.each(['1776-07-04', '16:00:00', '20020910T23:08:25', '2002-09-10T23:08:25', '2002-09-10T24:00:00Z'])(
    '%s is another profile, or none',
    (text) => expect(dateTime.decode(text)).toBeUndefined(),
  )
})

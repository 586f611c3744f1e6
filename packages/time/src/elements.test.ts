import { serialize } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { EntityTime, TimeQuery } from './elements.js'

describe('XEP-0202', () => {
  const folder = new URL('../../../test-vectors/xep-0202/', import.meta.url)
  test.each(vectors(folder, { query: TimeQuery, time: EntityTime }))('$name', ({ check }) => check())
})

test.each([
  [0, 'Z'],
  [-0, 'Z'],
  [345, '+05:45'],
  [-570, '-09:30'],
  [840, '+14:00'],
])('%d minutes are %s', (tzo, text) => {
  expect(serialize(EntityTime({ tzo, utc: new Date(0) }))).toContain(`<tzo>${text}</tzo>`)
})

test.each([1440, -1440, 0.5, Number.NaN])('%d minutes are no time zone', (tzo) => {
  expect(() => EntityTime({ tzo, utc: new Date(0) })).toThrow(RangeError)
})

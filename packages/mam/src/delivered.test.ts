import { message } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { keyOf } from './delivered.js'

const from = 'bob@example.org/x'

test('a message is known by sender, id and text, however long its sender has made them', () => {
  const long = 'x'.repeat(1_000_000)
  const keys = [
    message({ from, id: long }),
    message({ from, id: 'a', body: `${long}1` }),
    message({ from, body: long }),
  ]
  expect(keys.map((each) => (keyOf(each)?.length ?? 0) < 300)).toEqual([true, true, true])
  expect(keyOf(message({ from, body: long }))).toBeUndefined()
  const others = [message({ from, id: 'a', body: `${long}2` }), message({ from, id: 'b', body: `${long}1` })]
  expect(new Set([...keys, ...others].map(keyOf)).size).toBe(5)
  expect(keyOf(message({ from, id: 'a', body: `${long}1` }))).toBe(keyOf(keys[1] as (typeof keys)[1]))
})

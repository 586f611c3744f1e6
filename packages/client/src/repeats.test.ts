import { Delay } from '@couplet/delay'
import { Message, type MessageInit, message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Repeats } from './repeats.js'

const delay = Delay({ stamp: new Date(0) })
const said = (init: MessageInit, ...payloads: Parameters<typeof message>[1][]) =>
  new Message(message({ from: 'bob@example.org/x', id: 'a', body: 'hi', ...init }, ...payloads).element)

describe('R-036 Repeats', () => {
  test('the same sender, id and text, with a delay, is the same message', () => {
    const repeats = new Repeats()
    expect([repeats.has(said({})), repeats.has(said({}, delay)), repeats.has(said({}, delay))]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('also if the copy with the delay comes first', () => {
    const repeats = new Repeats()
    expect([repeats.has(said({}, delay)), repeats.has(said({}))]).toEqual([false, true])
    for (let i = 0; i < 1000; i++) repeats.has(said({ id: `m${i}` }))
    expect(repeats.has(said({}))).toBe(false) // forgotten
  })

  test.each<[string, MessageInit, boolean]>([
    ['another sender', { from: 'bob@example.org/y' }, true],
    ['another id', { id: 'b' }, true],
    ['another text', { body: 'ho' }, true],
    ['no delay', {}, false],
  ])('%s is another message', (_, init, isDelayed) => {
    const repeats = new Repeats()
    repeats.has(said({}))
    expect(repeats.has(isDelayed ? said(init, delay) : said(init))).toBe(false)
  })

  test('what has no id or no text is never the same', () => {
    const repeats = new Repeats()
    const without = [said({ id: undefined }, delay), said({ body: undefined }, delay)]
    for (const each of [...without, ...without]) expect(repeats.has(each)).toBe(false)
  })

  test('a long text is the same only to the end, though no more than its beginning is remembered', () => {
    const repeats = new Repeats()
    const long = 'x'.repeat(100_000)
    repeats.has(said({ body: `${long}a` }))
    repeats.has(said({ id: 'b', body: `${long}a` }))
    expect(repeats.has(said({ body: `${long}a` }, delay))).toBe(true)
    expect(repeats.has(said({ id: 'b', body: `${long}b` }, delay))).toBe(false)
  })

  test('only the last 1,000 are remembered', () => {
    const repeats = new Repeats()
    for (let i = 0; i <= 1000; i++) repeats.has(said({ id: `m${i}` }))
    expect([repeats.has(said({ id: 'm1' }, delay)), repeats.has(said({ id: 'm0' }, delay))]).toEqual([true, false])
  })
})

import { Delay } from '@couplet/delay'
import { Jid, Message, type MessageInit, message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Repeats } from './repeats.js'

const stamp = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms)
const delayed = (ms: number, from?: string) => Delay({ stamp: stamp(ms), ...(from && { from: Jid.parse(from) }) })
const delay = delayed(0)
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

  const [minute, day] = [60_000, 86_400_000]
  /** Whether the second of two with the same sender, id and text is a repeat, with the times of their arrival. */
  const second = (
    first: [number, ...ReturnType<typeof delayed>[]],
    then: [number, ...ReturnType<typeof delayed>[]],
  ) => {
    const repeats = new Repeats()
    const come = ([at, ...delays]: typeof first) => repeats.has(said({}, ...delays), '', stamp(at).getTime())
    expect(come(first)).toBe(false)
    return come(then)
  }

  test('a copy may be late, but says that it was sent before the first came, give or take five minutes', () => {
    expect(second([0], [30 * day, delayed(-minute)])).toBe(true)
    expect(second([0], [30 * day, delayed(5 * minute)])).toBe(true)
    expect(second([0], [30 * day, delayed(5 * minute + 1)])).toBe(false)
    expect(second([0], [day, delayed(100 * 365 * day)])).toBe(false)
    expect(second([0], [day, Delay({ stamp: new Date(0) })])).toBe(false) // somebody without a clock
  })

  test('of two that were kept while we were away, each is a message, unless they were sent at one time', () => {
    const kept = (ms: number) => delayed(ms, 'example.net')
    expect(second([2 * day, kept(0)], [2 * day, kept(day)])).toBe(false)
    expect(second([2 * day, kept(0)], [2 * day, kept(minute)])).toBe(true)
    expect(second([2 * day, kept(minute)], [2 * day, delayed(0), kept(day)])).toBe(true)
  })

  test('the original comes within two minutes of a copy that overtook it', () => {
    const own = delayed(-minute, 'bob@example.org/x')
    expect([second([0, own], [2 * minute]), second([0, delayed(0)], [2 * minute])]).toEqual([true, true])
    expect(second([0, own, delayed(-minute, 'example.net')], [minute])).toBe(true) // resent to us as well
    expect([second([0, own], [2 * minute + 1]), second([0, delayed(0)], [day])]).toEqual([false, false])
  })

  test('what comes live after one that was kept by a server is another message', () => {
    expect(second([0, delayed(-day, 'example.net')], [1000])).toBe(false)
    expect(second([0, delayed(-day), delayed(-day, 'example.net')], [1000])).toBe(false)
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

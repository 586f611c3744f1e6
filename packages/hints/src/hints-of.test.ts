import { message, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { NS_HINTS, ProcessingHint } from './elements.js'
import { hintsOf } from './hints-of.js'

describe('hintsOf', () => {
  test('each hint once, whatever else the message carries', () => {
    const unknown = xml(NS_HINTS, 'no-reading')
    const foreign = xml('urn:example', 'store')
    const sent = message(
      { to: 'juliet@capulet.lit/laptop', body: 'hi' },
      ProcessingHint('no-copy'),
      unknown,
      ProcessingHint('no-store'),
      foreign,
      ProcessingHint('no-copy'),
    )
    expect([...hintsOf(sent)]).toEqual(['no-copy', 'no-store'])
  })

  test('a message without hints', () => expect(hintsOf(message({ body: 'hi' })).size).toBe(0))

  test('an error message has none of its own (XEP-0334 §5)', () => {
    expect(hintsOf(message({ type: 'error' }, ProcessingHint('store'))).size).toBe(0)
  })
})

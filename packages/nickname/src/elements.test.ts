import { message, presence } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Nickname } from './elements.js'

describe('XEP-0172', () => {
  const folder = new URL('../../../test-vectors/xep-0172/', import.meta.url)
  test.each(vectors(folder, { nick: Nickname }))('$name', ({ check }) => check())
})

test('goes with requests and messages, and the first one counts', () => {
  const request = presence({ type: 'subscribe', to: 'starbuck@moby-dick.lit' }, Nickname('Ishmael'))
  expect(String(request.element)).toBe(
    "<presence xmlns='jabber:client' type='subscribe' to='starbuck@moby-dick.lit'>" +
      "<nick xmlns='http://jabber.org/protocol/nick'>Ishmael</nick></presence>",
  )
  const sent = message({ body: 'Call me Ishmael' }, Nickname('Ishmael'), Nickname('Ahab'))
  expect(sent.get(Nickname)).toBe('Ishmael')
})

test('a name is text, whatever is in it', () => {
  const name = `<b>&"' \u202e`
  expect(message({}, Nickname(name)).get(Nickname)).toBe(name)
})

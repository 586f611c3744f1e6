import { Jid, type MessageInit, message } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Displayed } from './elements.js'
import { displayedId, isDisplayedMarkerFor, onDisplayed } from './on-displayed.js'

const account = Jid.parse('me@example.org').bare
const to = 'me@example.org/here'
const friend = 'friend@example.org'
const room = 'room@muc.example.org'
const sent = (init: MessageInit = {}) => message({ id: 'm1', type: 'chat', to: friend, body: 'hi', ...init })
const marker = (from: string | undefined, id = 'm1', type: MessageInit['type'] = 'chat') =>
  message({ from, to, type }, Displayed({ id }))
const counts = (seen: ReturnType<typeof message>, original: ReturnType<typeof message>) =>
  isDisplayedMarkerFor(seen, original, account)

describe('between two', () => {
  test('from any client of whom it was sent to', () => {
    expect(counts(marker(`${friend}/x`), sent())).toBe(true)
    expect(counts(marker('FRIEND@example.org'), sent())).toBe(true)
    expect(counts(marker(`${friend}/x`, 'm1', 'normal'), sent({ from: 'me@example.org/phone' }))).toBe(true)
    expect(counts(marker(`${friend}/x`), sent({ to: `${friend}/x` }))).toBe(true)
  })

  test.each([
    'mallory@evil.net/x',
    'mallory@example.org/x',
    'fri\u0435nd@example.org/x', // a Cyrillic look-alike
    'friend@example.org.evil.net/x',
    'example.org',
    'me@example.org/phone',
    undefined,
  ])('S-136 not from %s', (from) => expect(counts(marker(from), sent())).toBe(false))

  test('S-136 not from another occupant of a room', () => {
    expect(counts(marker(`${room}/mallory`), sent({ to: `${room}/bob` }))).toBe(false)
    expect(counts(marker(room), sent({ to: `${room}/bob` }))).toBe(false)
    expect(counts(marker(`${room}/bob`), sent({ to: `${room}/bob` }))).toBe(true)
  })

  test('S-136 not for another message, nor for one of somebody else', () => {
    expect(counts(marker(`${friend}/x`, 'm2'), sent())).toBe(false)
    expect(counts(marker(`${friend}/x`), sent({ from: `${friend}/x`, to }))).toBe(false)
    expect(counts(marker(`${friend}/x`), sent({ to: undefined }))).toBe(false)
    expect(counts(marker(`${friend}/x`, 'm1', 'error'), sent())).toBe(false)
    expect(counts(marker(`${friend}/x`), sent({ type: 'error' }))).toBe(false)
    expect(counts(message({ from: friend, to, body: 'hi' }), sent())).toBe(false)
  })

  test('S-136 two markers are none', () => {
    const two = message({ from: `${friend}/x`, to }, Displayed({ id: 'm1' }), Displayed({ id: 'm2' }))
    expect(displayedId(two)).toBeUndefined()
    expect(counts(two, sent())).toBe(false)
    expect(displayedId(marker(friend, ''))).toBeUndefined()
  })
})

describe('in rooms', () => {
  const spoken = (by = room, init: MessageInit = {}) =>
    message(
      { id: 'm1', type: 'groupchat', from: `${room}/bob`, to, body: 'hi', ...init },
      StanzaId({ id: 's1', by: Jid.parse(by) }),
    )

  test('by the id that the room has assigned, from any occupant', () => {
    expect(counts(marker(`${room}/alice`, 's1', 'groupchat'), spoken())).toBe(true)
    expect(counts(marker(`${room}/bob`, 's1', 'groupchat'), spoken())).toBe(true)
  })

  test('S-136 not by the id of its sender, by an id of somebody else, or from another room', () => {
    expect(counts(marker(`${room}/alice`, 'm1', 'groupchat'), spoken())).toBe(false)
    expect(counts(marker(`${room}/alice`, 's1', 'groupchat'), spoken('evil.net'))).toBe(false)
    expect(counts(marker('other@muc.example.org/alice', 's1', 'groupchat'), spoken())).toBe(false)
    expect(counts(marker(room, 's1', 'groupchat'), spoken())).toBe(false)
    expect(counts(marker(`${room}/alice`, 's1', 'chat'), spoken())).toBe(false)
    expect(counts(marker(`${room}/alice`, 's1', 'groupchat'), spoken(room, { type: 'chat' }))).toBe(false)
    expect(counts(marker(room, 'm1', 'chat'), sent({ type: 'groupchat', to: room }))).toBe(false)
  })
})

describe('onDisplayed', () => {
  test.each(['at once', 'later'])('tells who has seen what, found %s, until it is disposed of', async (when) => {
    const session = fakeSession()
    const seen: string[] = []
    const known = (id: string) => (id === 'm1' ? sent() : undefined)
    const find = when === 'later' ? async (id: string) => known(id) : known
    const subscription = onDisplayed(session, { find }, ({ body }, by) => void seen.push(`${by} ${body}`))
    session.receive(marker(`${friend}/x`))
    session.receive(marker('mallory@evil.net/x'))
    session.receive(marker(`${friend}/x`, 'm7'))
    session.receive(marker(`${friend}/x`, '__proto__'))
    await session.settled()
    subscription.dispose()
    session.receive(marker(`${friend}/x`))
    await session.settled()
    expect(seen).toEqual([`${friend}/x hi`])
  })
})

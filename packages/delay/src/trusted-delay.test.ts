import { Jid, message, presence } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Delay } from './elements.js'
import { trustedDelay } from './trusted-delay.js'

const account = Jid.parse('u@example.org').bare
const stamp = new Date('2002-09-10T23:08:25Z')
const now = Date.UTC(2020, 0, 1)
const delayedBy = (from: string | undefined, at = stamp) => Delay({ ...(from && { from: Jid.parse(from) }), stamp: at })
const fromBob = (...delays: ReturnType<typeof Delay>[]) => message({ from: 'bob@example.org/x', body: 'hi' }, ...delays)

describe('trustedDelay', () => {
  test.each([undefined, 'example.org', 'u@example.org'])('a delay by %s is believed', (from) => {
    expect(trustedDelay(fromBob(delayedBy(from)), account, now)?.stamp).toEqual(stamp)
  })

  test.each(['evil.net', 'bob@example.org/x', 'bob@example.org', 'u@example.org/other'])(
    'S-128 a delay by %s is not believed',
    (from) => expect(trustedDelay(fromBob(delayedBy(from)), account, now)).toBeUndefined(),
  )

  test('a room is believed about its own messages, not about those of others', () => {
    const room = 'coven@macbeth.shakespeare.lit'
    const delay = delayedBy(room)
    const inRoom = message({ type: 'groupchat', from: `${room}/secondwitch` }, delay)
    expect(trustedDelay(inRoom, account, now)).toBeDefined()
    expect(
      trustedDelay(message({ type: 'groupchat', from: 'other@example.net/x' }, delay), account, now),
    ).toBeUndefined()
    expect(trustedDelay(message({ type: 'chat', from: `${room}/secondwitch` }, delay), account, now)).toBeUndefined()
  })

  test('S-128 a stamp from the future or from before XMPP is not believed', () => {
    for (const [at, believed] of [
      [new Date('2099-01-01T00:00:00Z'), false],
      [new Date(now + 300_001), false],
      [new Date(now + 300_000), true],
      [new Date('1998-12-31T23:59:59Z'), false],
    ] as const) {
      expect(trustedDelay(fromBob(delayedBy(undefined, at)), account, now) !== undefined).toBe(believed)
    }
  })

  test('a forged delay does not hide the one of the server', () => {
    const stanza = fromBob(delayedBy('evil.net', new Date(now)), delayedBy('example.org'))
    expect(trustedDelay(stanza, account, now)?.stamp).toEqual(stamp)
  })

  test('presence can be late, too', () => {
    const late = presence({ from: 'bob@example.org/x' }, delayedBy('example.org'))
    expect(trustedDelay(late, account, now)?.stamp).toEqual(stamp)
    expect(trustedDelay(presence({}), account, now)).toBeUndefined()
  })
})

import { base64 } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import {
  A1,
  A2,
  A3,
  alice,
  B1,
  B2,
  bob,
  C1,
  decides,
  device,
  holder,
  known,
  type Levels,
  now,
  type Says,
  says,
  sees,
} from '../../test/trust-device.js'
import type { TrustEvent } from './trust-event.js'
import { btbv } from './trust-policy.js'
import type { KeyHolder } from './trust-record.js'

/** XEP-0450 §5: who may say what. The last is the level after it, or why nothing happened. */
const rights: readonly (readonly [what: string, sender: KeyHolder, says: Says, about: KeyHolder, after: string])[] = [
  ['an own device about an own one', A2, { trust: [A3] }, A3, 'authenticated'],
  ['an own device about a contact’s', A2, { trust: [C1] }, C1, 'authenticated'],
  ['an own device against a contact’s', A2, { distrust: [B1] }, B1, 'distrusted'],
  ['a contact’s device about another of theirs', B1, { trust: [B2] }, B2, 'authenticated'],
  ['a contact’s device against another of theirs', B1, { distrust: [B2] }, B2, 'distrusted'],
  ['a contact’s device about somebody else’s', B1, { trust: [C1] }, C1, 'not-entitled'],
  ['a contact’s device about ours', B1, { trust: [A3] }, A3, 'not-entitled'],
  ['a contact’s device against ours', B1, { distrust: [A2] }, A2, 'not-entitled'],
  ['a device whose key is not authenticated', A3, { trust: [C1] }, C1, 'undecided'],
  ['a device whose key is used blindly', B2, { distrust: [B1] }, B1, 'authenticated'],
  ['a device nobody knows', holder(bob, 99), { distrust: [B1] }, B1, 'authenticated'],
  ['this device, as an echo', A1, { trust: [A3] }, A3, 'own-device'],
  ['anybody about this device', A2, { distrust: [A1] }, A2, 'own-device'],
  ['for another protocol', A2, { trust: [A3], usage: 'urn:example' }, A3, 'other-usage'],
  ['for another encryption', A2, { trust: [A3], encryption: 'urn:xmpp:openpgp:0' }, A3, 'other-usage'],
  ['for OMEMO 0.3', A2, { trust: [A3], encryption: 'eu.siacs.conversations.axolotl' }, A3, 'authenticated'],
  ['OMEMO S24: without a time', A2, { trust: [A3], time: Number.NaN }, A3, 'no-time'],
  ['OMEMO S24: from the future', A2, { trust: [A3], time: now + 3_600_001 }, A3, 'future'],
  ['with a clock a bit ahead', A2, { trust: [A3], time: now + 3_600_000 }, A3, 'authenticated'],
]
test.each(rights)('S-219 %s', (_, sender, message, about, after) => {
  const a1 = device(known)
  const before = a1.level(about)
  const { ignored, records, outgoing } = a1.run(says(sender, message))
  if (ignored.length > 0) {
    expect(ignored).toEqual([after])
    expect(records).toEqual([])
    expect(a1.level(about)).toBe(before)
  } else expect(a1.level(about)).toBe(after)
  expect(outgoing).toEqual([]) // only what a user decides is told
})

test('under another policy nothing is acted upon, and nothing told', () => {
  const a1 = device(known, btbv())
  expect(a1.run(says(A2, { trust: [A3] })).ignored).toEqual(['not-automatic'])
  expect(a1.run(decides(A3, 'authenticated')).outgoing).toEqual([])
})

/** OMEMO S24: two or three words about A3, in every order of arrival, come to the same. */
const histories: readonly (readonly [string, readonly TrustEvent[], string])[] = [
  ['trust, then distrust', [says(A2, { trust: [A3], time: 1 }), says(A2, { distrust: [A3], time: 2 })], 'distrusted'],
  [
    'distrust, then trust',
    [says(A2, { distrust: [A3], time: 1 }), says(A2, { trust: [A3], time: 2 })],
    'authenticated',
  ],
  ['both in one second', [says(A2, { trust: [A3], time: 1 }), says(A2, { distrust: [A3], time: 1 })], 'distrusted'],
  ['both in one message', [says(A2, { trust: [A3], distrust: [A3], time: 1 })], 'distrusted'],
  [
    'trust, distrust, trust',
    [says(A2, { trust: [A3], time: 1 }), says(A2, { distrust: [A3], time: 2 }), says(A2, { trust: [A3], time: 3 })],
    'authenticated',
  ],
  [
    'two authors',
    [
      says(A2, { trust: [A3], time: 1 }),
      says(holder(alice, 14), { distrust: [A3], time: 2 }),
      says(A2, { trust: [C1], time: 3 }),
    ],
    'distrusted',
  ],
]
const orders = <T>(all: readonly T[]): T[][] =>
  all.length === 0
    ? [[]]
    : all.flatMap((first, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [first, ...rest]))

describe.each(histories)('OMEMO S24 %s', (_, events, level) => {
  const also: Levels = [...known, [holder(alice, 14), 'authenticated']]
  test.each(orders(events).map((order, i) => [i + 1, order] as const))('order %i, and all of it again', (_i, order) => {
    const a1 = device(also)
    for (const event of [...order, ...order]) a1.run(event)
    expect(a1.level(A3)).toBe(level)
  })

  test.each(orders(events).map((order, i) => [i + 1, order] as const))(
    'order %i, before the key is known',
    (_i, order) => {
      const a1 = device(also.filter(([each]) => each !== A3))
      for (const event of [...order, ...order]) a1.run(event)
      expect(a1.level(A3)).toBeUndefined()
      const { changes } = a1.run(sees(A3))
      expect(a1.level(A3)).toBe(level)
      expect(changes.at(-1)).toMatchObject({ to: level, by: 'trust-message' })
      expect(a1.state().pending).toEqual([])
    },
  )

  test.each(orders(events).map((order, i) => [i + 1, order] as const))(
    'order %i, before the authors are',
    (_i, order) => {
      const a1 = device(also.map(([each]) => [each, 'undecided'] as const))
      for (const event of [...order, ...order]) a1.run(event)
      expect(a1.level(A3)).toBe('undecided')
      a1.run(decides(A2, 'authenticated'))
      a1.run(decides(holder(alice, 14), 'authenticated'))
      expect(a1.level(A3)).toBe(level)
      expect(a1.state().pending).toEqual([])
    },
  )
})

test('OMEMO S24 three words of two sides come to the same in every order, at every stage', () => {
  const said = [A2, B1].flatMap((sender) => [{ trust: [B2] }, { distrust: [B2] }].map((what) => ({ sender, what })))
  const also: Levels = [...known.filter(([each]) => each !== B2), [B2, 'undecided']]
  for (const first of said) {
    for (const second of said) {
      for (const third of said) {
        const events = [first, second, third].map(({ sender, what }, i) => says(sender, { ...what, time: i + 1 }))
        const ends = orders(events).flatMap((order) => {
          const [early, late] = [device(also), device(also.filter(([each]) => each !== B2))]
          for (const event of [...order, ...order]) for (const each of [early, late]) each.run(event)
          late.run(sees(B2))
          return [early.level(B2), late.level(B2)]
        })
        expect(new Set(ends).size).toBe(1)
        // The newest word counts, unless the newest of our own devices is distrust.
        const own = [third, second, first].find(({ sender }) => sender === A2)
        const distrusted = 'distrust' in third.what || (own !== undefined && 'distrust' in own.what)
        expect(ends[0]).toBe(distrusted ? 'distrusted' : 'authenticated')
      }
    }
  }
})

test('OMEMO S24 a contact’s clock that is ahead keeps no key from being distrusted', () => {
  const a1 = device(known)
  a1.run(says(B1, { trust: [B2], time: now + 3_000_000 }))
  expect(a1.level(B2)).toBe('authenticated')
  a1.run(says(A2, { distrust: [B2], time: now }))
  expect(a1.level(B2)).toBe('distrusted')
})

describe('OMEMO S24 what the user has decided', () => {
  test('is not undone by a message from before', () => {
    const a1 = device(known)
    a1.run(decides(A3, 'distrusted'))
    expect(a1.run(says(A2, { trust: [A3], time: now - 1 })).ignored).toEqual(['outdated'])
    expect(a1.level(A3)).toBe('distrusted')
    a1.run(decides(A3, 'undecided', now + 1))
    expect(a1.run(says(A2, { trust: [A3], time: now })).ignored).toEqual(['outdated'])
  })

  test('is undone by a later word of another own device, and not by a contact’s', () => {
    const a1 = device(known)
    a1.run(decides(B2, 'distrusted', 10))
    expect(a1.run(says(B1, { trust: [B2], time: 20 })).ignored).toEqual(['overruled'])
    expect(a1.level(B2)).toBe('distrusted')
    a1.run(says(A2, { trust: [B2], time: 20 }))
    expect(a1.level(B2)).toBe('authenticated')
  })

  test('counts even if the clock was ahead when a message came', () => {
    const a1 = device(known)
    a1.run(says(A2, { trust: [A3], time: now + 1000 }))
    a1.run(decides(A3, 'distrusted', now))
    expect(a1.level(A3)).toBe('distrusted')
    a1.run(says(A2, { trust: [A3], time: now + 1000 }))
    expect(a1.level(A3)).toBe('distrusted')
  })
})

describe('decisions that wait (XEP-0450 §6)', () => {
  test('one authentication leads to the next', () => {
    const a1 = device([
      [A2, 'undecided'],
      [A3, 'undecided'],
      [C1, 'undecided'],
    ])
    a1.run(says(A3, { trust: [C1], time: 5 }))
    a1.run(says(A2, { trust: [A3], time: 9 }))
    a1.run(decides(A2, 'authenticated'))
    expect([a1.level(A3), a1.level(C1)]).toEqual(['authenticated', 'authenticated'])
  })

  test('of a device that is distrusted they are forgotten', () => {
    const a1 = device(known)
    a1.run(says(A3, { trust: [C1] }))
    a1.run(decides(A3, 'distrusted'))
    expect(a1.state().pending).toEqual([])
    a1.run(decides(A3, 'authenticated', now + 1))
    expect(a1.level(C1)).toBe('undecided')
    a1.run(decides(A3, 'distrusted', now + 2))
    expect(a1.run(says(A3, { trust: [C1] })).ignored).toEqual(['distrusted-sender'])
  })

  test('a stranger can have 500 of them wait, and drives nobody else’s out', () => {
    const a1 = device(known)
    a1.run(says(A3, { trust: [C1], time: 1 }))
    const numbers = Array.from({ length: 700 }, (_, i) => 300 + i)
    const keys = numbers.map((n) => ({
      jid: 'm@example.net',
      key: base64.encode(Uint8Array.of(n >> 8, n, ...new Uint8Array(30))),
    }))
    const { ignored } = a1.run(says({ jid: 'm@example.net', key: C1.key }, { trust: keys, time: 2 }))
    expect(ignored).toHaveLength(200)
    expect(new Set(ignored)).toEqual(new Set(['too-many']))
    expect(a1.state().pending).toHaveLength(501)
    a1.run(decides(A3, 'authenticated'))
    expect(a1.level(C1)).toBe('authenticated')
  })

  test('a message of 10,000 keys is read as far as 1,000', () => {
    const a1 = device(known)
    const keys = Array.from({ length: 1000 }, () => B2)
    const { ignored } = a1.run(says(B1, { trust: keys, distrust: [...keys, ...keys] }))
    expect(ignored.at(-1)).toBe('too-many')
    expect(a1.level(B2)).toBe('distrusted')
  })

  test('identifiers that are no keys are nothing to wait for', () => {
    const a1 = device(known)
    const broken = { jid: bob, key: 'AQID' }
    expect(a1.run(says(B1, { trust: [broken] })).ignored).toEqual(['no-key'])
  })
})

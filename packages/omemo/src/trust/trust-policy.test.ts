import { base64, Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { decideOn } from './key-identifier.js'
import { reduceTrust } from './reduce-trust.js'
import type { TrustState } from './trust-book.js'
import { atm, btbv, effectiveLevel, manual, type TrustPolicy, tofu, trustLevelOf } from './trust-policy.js'
import { keyBytes, keyName, mayEncryptFor, type TrustLevel, type TrustRecord } from './trust-record.js'

const bob = 'bob@example.com'
const key = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const name = (n: number): string => base64.encode(key(n))
const policies: Readonly<Record<string, TrustPolicy>> = { manual: manual(), tofu: tofu(), btbv: btbv(), atm: atm() }

const state = (policy: TrustPolicy, records: readonly TrustRecord[] = []): TrustState => ({
  account: 'alice@example.org',
  ownKey: name(255),
  policy,
  records,
  pending: [],
})

/** What a key is worth after the user, or the policy, has decided. */
function record(n: number, level: TrustLevel): TrustRecord {
  const onPurpose = level === 'authenticated' || level === 'trusted'
  return {
    jid: bob,
    key: name(n),
    level,
    by: onPurpose || level === 'distrusted' ? 'user' : 'policy',
    ...(onPurpose && { verifiedOnce: true as const }),
  }
}

/** OMEMO F16: level of a new key by what is thought of the one before it: manual, tofu, btbv, atm. */
const newKeys: readonly (readonly [before: TrustLevel | 'none', ...after: readonly TrustLevel[]])[] = [
  ['none', 'undecided', 'blind', 'blind', 'blind'],
  ['undecided', 'undecided', 'undecided', 'blind', 'blind'],
  ['blind', 'undecided', 'undecided', 'blind', 'blind'],
  ['distrusted', 'undecided', 'undecided', 'blind', 'blind'],
  ['trusted', 'undecided', 'undecided', 'undecided', 'undecided'],
  ['authenticated', 'undecided', 'undecided', 'undecided', 'undecided'],
]
describe.each(newKeys)('OMEMO F16 a new key beside one that is %s', (before, ...after) => {
  test.each(Object.keys(policies).map((policy, i) => [policy, after[i] as TrustLevel] as const))(
    '%s: %s',
    (policy, level) => {
      const known = before === 'none' ? [] : [record(1, before)]
      const { records, changes } = reduceTrust(state(policies[policy] as TrustPolicy, known), {
        type: 'keys',
        jid: bob,
        keys: [{ key: key(1) }, { key: key(2) }].slice(before === 'none' ? 1 : 0),
        at: 0,
      })
      expect(records).toEqual([{ jid: bob, key: name(2), level, by: 'policy' }])
      expect(changes).toEqual([{ jid: bob, key: name(2), from: undefined, to: level, by: 'policy' }])
    },
  )
})

/** OMEMO F16: what a blindly used key is worth beside one that is …: manual, tofu, btbv, atm. */
test.each<readonly [TrustLevel, ...TrustLevel[]]>([
  ['undecided', 'blind', 'blind', 'blind', 'blind'],
  ['distrusted', 'blind', 'blind', 'blind', 'blind'],
  ['trusted', 'blind', 'blind', 'blind', 'undecided'],
  ['authenticated', 'blind', 'blind', 'blind', 'undecided'],
])('OMEMO F16 a key used blindly beside one that is %s', (beside, ...after) => {
  const known = [record(1, 'blind'), record(2, beside)]
  const levels = Object.values(policies).map((policy) => trustLevelOf(policy, key(1), known))
  expect(levels).toEqual(after)
})

test('OMEMO F16 another policy, or another version, neither lowers nor raises what was decided', () => {
  for (const level of ['undecided', 'trusted', 'authenticated', 'distrusted'] as const) {
    for (const policy of Object.values(policies)) {
      expect(effectiveLevel(policy, record(1, level), [record(1, level)])).toBe(level)
      // The same key in the list of the other version, there with its Ed25519 form: the record is the same.
      const seen = { type: 'keys', jid: bob, keys: [{ key: key(1), ed25519: key(9) }], at: 0 } as const
      const { records, changes } = reduceTrust(state(policy, [record(1, level)]), seen)
      expect(records).toEqual([{ ...record(1, level), ed25519: name(9) }])
      expect(changes).toEqual([])
      expect(reduceTrust(state(policy, records), seen).records).toEqual([])
    }
  }
})

test('OMEMO F16 the same key with and without the byte of OMEMO 0.3 is one', () => {
  expect(keyName(Uint8Array.of(5, ...key(7)))).toBe(name(7))
  expect(keyBytes(name(7))).toEqual(key(7))
  for (const bad of [new Uint8Array(31), new Uint8Array(33), new Uint8Array(0)])
    expect(() => keyName(bad)).toThrow(RangeError)
  for (const bad of ['', 'x', base64.encode(new Uint8Array(33))]) expect(() => keyBytes(bad)).toThrow(RangeError)
})

test('OMEMO F16 blind trust does not come back when the only authenticated key is distrusted', () => {
  for (const policy of [btbv(), atm()]) {
    let records: readonly TrustRecord[] = [record(1, 'blind'), record(2, 'blind')]
    for (const level of ['authenticated', 'distrusted'] as const) {
      const outcome = reduceTrust(state(policy, records), {
        type: 'decisions',
        decisions: [decideOn(Jid.parse(bob), key(2), level)],
        at: 1000,
      })
      records = [record(1, 'blind'), ...outcome.records]
    }
    expect(records.map((each) => effectiveLevel(policy, each, records))).toEqual([
      policy.name === 'atm' ? 'undecided' : 'blind',
      'distrusted',
    ])
    expect(policy.evaluate(bob, key(3), records)).toBe('undecided')
  }
})

test('OMEMO F16 the first authentication under atm says which keys it takes out of use', () => {
  const { changes } = reduceTrust(state(atm(), [record(1, 'blind'), record(2, 'blind')]), {
    type: 'decisions',
    decisions: [decideOn(Jid.parse(bob), key(2), 'authenticated')],
    at: 1000,
  })
  expect(changes).toEqual([
    { jid: bob, key: name(1), from: 'blind', to: 'undecided', by: 'policy' },
    { jid: bob, key: name(2), from: 'blind', to: 'authenticated', by: 'user' },
  ])
})

test('for whom may be encrypted', () => {
  const levels = ['undecided', 'blind', 'trusted', 'authenticated', 'distrusted'] as const
  expect(levels.filter(mayEncryptFor)).toEqual(['blind', 'trusted', 'authenticated'])
  expect(trustLevelOf(btbv(), key(1), [])).toBe('undecided')
})

describe('OMEMO S8 a server that adds devices to a list', () => {
  const grow = (policy: TrustPolicy, known: readonly TrustRecord[], count: number) =>
    reduceTrust(state(policy, known), {
      type: 'keys',
      jid: bob,
      keys: Array.from({ length: count }, (_, i) => {
        const bytes = new Uint8Array(32)
        new DataView(bytes.buffer).setUint32(0, i + 1)
        return { key: bytes }
      }),
      at: 0,
    })

  test('by one: none is used without a decision once a key was verified, or known', () => {
    for (const policy of [manual(), tofu(), btbv(), atm()]) {
      const { changes } = grow(policy, [record(1, 'authenticated')], 1)
      expect(changes.map(({ to }) => to)).toEqual(['undecided'])
    }
  })

  test('by 10,000: no more than a thousand are kept', () => {
    const { records } = grow(btbv(), [record(1, 'authenticated')], 10_000)
    expect(records).toHaveLength(999)
    expect(records.every(({ level }) => level === 'undecided')).toBe(true)
  })

  test('the keys of a first list are all first under tofu', () => {
    expect(grow(tofu(), [], 3).records.map(({ level }) => level)).toEqual(['blind', 'blind', 'blind'])
  })
})

describe('OMEMO S5 one key under two accounts', () => {
  test.each(['btbv', 'tofu', 'atm'])('%s does not trust the second one blindly, and it is told', (policy) => {
    const mallory = 'mallory@example.net'
    const { records, changes } = reduceTrust(state(policies[policy] as TrustPolicy, [record(1, 'blind')]), {
      type: 'keys',
      jid: mallory,
      keys: [{ key: key(1) }, { key: key(255) }, { key: key(2) }],
      at: 0,
    })
    expect(records.map(({ level }) => level)).toEqual(['undecided', 'undecided', 'blind'])
    expect(changes.map(({ sharedWith }) => sharedWith)).toEqual([[bob], ['alice@example.org'], undefined])
  })
})

test('the key of this device is nobody’s to decide', () => {
  const own = { type: 'keys', jid: 'alice@example.org', keys: [{ key: key(255) }], at: 0 } as const
  expect(reduceTrust(state(btbv()), own).records).toEqual([])
})

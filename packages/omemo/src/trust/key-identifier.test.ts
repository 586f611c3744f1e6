import { base64, Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import {
  A1,
  A2,
  A3,
  alice,
  B1,
  B2,
  bob,
  decides,
  device,
  key,
  known,
  now,
  says,
  sees,
} from '../../test/trust-device.js'
import { ed25519FromCurve } from '../crypto/identity.js'
import { decideOn, decisionsOf, keysMeant } from './key-identifier.js'
import { parseOmemoUri } from './omemo-uri.js'
import { atm } from './trust-policy.js'
import type { TrustRecord } from './trust-record.js'
import { applyTrustEvent } from './trust-store.js'

describe('both forms of an identifier', () => {
  const forms = [
    ['Curve25519', key(22)],
    ['Curve25519 of OMEMO 0.3', Uint8Array.of(5, ...key(22))],
    ['Ed25519, sign bit 0', ed25519FromCurve(key(22), 0)],
    ['Ed25519, sign bit 1', ed25519FromCurve(key(22), 1)],
  ] as const
  test.each(forms)('%s is read, for a key that is known and for one that comes later', (_, id) => {
    expect(keysMeant(id)).toContain(B2.key)
    const word = says(B1, { trust: [{ jid: bob, key: base64.encode(id) }] })
    const [knows, learns] = [device(known), device(known.filter(([each]) => each !== B2))]
    knows.run(word)
    learns.run(word)
    learns.run(sees(B2))
    expect([knows.level(B2), learns.level(B2)]).toEqual(['authenticated', 'authenticated'])
  })

  test('others are told the form that omemo:2 has on the wire, where it is known', () => {
    const a1 = device(known)
    const ed25519 = ed25519FromCurve(key(22), 1)
    a1.run({ type: 'keys', jid: bob, keys: [{ key: key(22), ed25519 }], at: now })
    const [first] = a1.run(decides(B2, 'authenticated')).outgoing
    expect(first?.message.owners[0]?.trust).toEqual([ed25519])
  })
})

describe('what the user has scanned', () => {
  test('counts for keys that come later, and is told to others then', () => {
    const a1 = device([[A2, 'authenticated']])
    const uri = parseOmemoUri(`xmpp:${bob}?omemo-sid-7=${Buffer.from(key(21)).toString('hex')}`)
    if (uri === undefined) throw new TypeError('no URI')
    expect(a1.run({ type: 'decisions', decisions: decisionsOf(uri), at: now }).outgoing).toEqual([])
    const { outgoing, changes } = a1.run(sees(B1, B2))
    expect(outgoing.map(({ to, recipients }) => [to, recipients.map((each) => each.key)])).toEqual([
      [alice, [A2.key]],
      [bob, [B1.key]],
    ])
    expect(changes).toMatchObject([
      { key: B1.key, from: undefined, to: 'authenticated', by: 'user' },
      { key: B2.key, from: undefined, to: 'undecided', by: 'policy' },
    ])
  })

  test('another encryption’s keys are none of ours', () => {
    const jid = Jid.parse(bob).bare
    const uri = { jid, encryption: 'urn:xmpp:openpgp:0', trust: [key(21)], distrust: [] }
    expect(decisionsOf(uri)).toEqual([])
    expect(
      decisionsOf({ ...uri, encryption: 'urn:xmpp:omemo:2', distrust: [key(22), key(22).subarray(1)] }),
    ).toMatchObject([
      { jid: bob, level: 'authenticated' },
      { jid: bob, level: 'distrusted' },
    ])
  })

  test('several at once are one message for each who hears the same', () => {
    const a1 = device([
      [A2, 'authenticated'],
      [A3, 'authenticated'],
      [B1, 'undecided'],
      [B2, 'undecided'],
    ])
    const decisions = [B1, B2].map((each) =>
      decideOn(Jid.parse(bob), base64.decode(each.key) as Uint8Array, 'authenticated'),
    )
    const { outgoing } = a1.run({ type: 'decisions', decisions, at: now })
    expect(
      outgoing.map(({ to, recipients, message }) => [to, recipients.length, message.owners.map((o) => o.trust.length)]),
    ).toEqual([
      [alice, 2, [2]],
      [bob, 2, [2]],
    ])
  })

  test('trusted without comparing is told to nobody', () => {
    expect(device(known).run(decides(B2, 'trusted')).outgoing).toEqual([])
  })
})

test('in a store: what is to be written is written, and the state is not touched', async () => {
  const records: TrustRecord[] = []
  const store = {
    records: async () => [{ ...A3, level: 'undecided', by: 'policy' }] as const,
    putRecord: (record: TrustRecord) => void records.push(record),
    pending: async () => Object.freeze([]),
    putPending: () => expect.unreachable(),
  }
  const settings = { account: alice, ownKey: A1.key, policy: atm() }
  const { changes } = await applyTrustEvent(store, settings, decides(A3, 'authenticated'))
  expect(changes).toHaveLength(1)
  expect(records).toEqual([
    {
      ...A3,
      level: 'authenticated',
      by: 'user',
      own: { level: 'authenticated', at: now, by: 'user' },
      verifiedOnce: true,
    },
  ])
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Bytes } from '../crypto/bytes.js'
import { keyName, type PendingTrust, type TrustRecord } from '../trust/trust-record.js'
import { type BackupContent, decodeContent, encodeContent } from './backup-content.js'
import { mergeTrust } from './merge-trust.js'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => keyName(bytes))
const jid = fc.constantFrom('a@a.example', 'b@b.example', 'rooms.example', 'c@c.example')
const at = fc.nat(1_000_000)
const word = fc.record({
  level: fc.constantFrom('undecided', 'trusted', 'authenticated', 'distrusted'),
  at,
  by: fc.constantFrom('user', 'trust-message'),
} as const)
const record = fc.record(
  {
    jid,
    key,
    level: fc.constantFrom('undecided', 'blind', 'trusted', 'authenticated', 'distrusted'),
    by: fc.constantFrom('policy', 'user', 'trust-message'),
    own: word,
    contact: word,
    ed25519: key,
    verifiedOnce: fc.constant(true as const),
  },
  { requiredKeys: ['jid', 'key', 'level', 'by'] },
) as fc.Arbitrary<TrustRecord>
const pending = fc.record(
  {
    owner: jid,
    keys: fc.array(key, { minLength: 1, maxLength: 2 }),
    trust: fc.boolean(),
    time: at,
    sender: fc.record({ jid, key }),
  },
  { requiredKeys: ['owner', 'keys', 'trust', 'time'] },
) as fc.Arbitrary<PendingTrust>
const trust = fc.record({ records: fc.array(record), pending: fc.array(pending) })
const deviceId = fc.integer({ min: 1, max: 0x7fff_ffff })
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const content: fc.Arbitrary<BackupContent> = fc.record({
  account: jid,
  deviceId,
  privateKey: bytes32,
  signBit: fc.constantFrom(0, 1),
  label: fc.constantFrom(undefined, 'Desk'),
  trust: fc.option(trust, { nil: undefined }),
  accounts: fc.array(
    fc.record({
      jid,
      devices: fc.array(
        fc.record({ deviceId, identityKey: bytes32, version: fc.constantFrom('omemo2', 'legacy', undefined) }),
      ),
      isRequired: fc.boolean(),
      isOptedOut: fc.boolean(),
      isWritten: fc.boolean(),
    }),
  ),
} as const)

const jsonOf = (value: BackupContent) => JSON.parse(Buffer.from(encodeContent(value)).toString())
const read = (json: unknown): BackupContent => decodeContent(utf8Bytes(JSON.stringify(json)))
const sample: BackupContent = {
  account: 'a@a.example',
  deviceId: 7,
  privateKey: new Uint8Array(32).fill(1),
  signBit: 0,
  label: undefined,
  trust: { records: [], pending: [] },
  accounts: [],
}

describe('OMEMO F4 the content of a backup', () => {
  test('comes back as it went', () => {
    fc.assert(fc.property(content, (each) => void expect(decodeContent(encodeContent(each))).toEqual(each)))
  })

  test('holds who we are and what is thought of others, and nothing that changes with every message', () => {
    const json = jsonOf(sample)
    expect(Object.keys(json).sort()).toEqual(['account', 'accounts', 'deviceId', 'key', 'signBit', 'trust'])
  })

  test('OMEMO F19 whatever it is, it is read or refused with one error, which quotes nothing', () => {
    const refused = (work: () => unknown): void => {
      try {
        work()
      } catch (error) {
        expect(error).toMatchObject({ name: 'OmemoError', code: 'bad-backup' })
        expect((error as Error).cause).toBeUndefined()
      }
    }
    fc.assert(
      fc.property(fc.jsonValue(), (json) => refused(() => read(json))),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => refused(() => decodeContent(bytes))))
    fc.assert(
      fc.property(content, fc.jsonValue(), fc.nat(8), (each, value, index) => {
        const json = jsonOf(each)
        json[Object.keys(json)[index] ?? 'trust'] = value
        refused(() => read(json))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['no account', { account: undefined }],
    ['a full JID', { account: 'a@a.example/x' }],
    ['no device', { deviceId: 0 }],
    ['a device that is none', { deviceId: 2 ** 31 }],
    ['a short key', { key: 'AAAA' }],
    ['a key that is no text', { key: 12 }],
    ['another sign', { signBit: 2 }],
  ])('%s is no identity', (_, change) => {
    expect(() => read({ ...jsonOf(sample), ...change })).toThrow(expect.objectContaining({ code: 'bad-backup' }))
  })

  test('what cannot be is left out, and the rest comes back', () => {
    const name = keyName(new Uint8Array(32))
    const good = { jid: 'b@b.example', key: name, level: 'trusted', by: 'user' }
    const records = [
      good,
      { ...good, level: 'best' },
      { ...good, by: 'mallory' },
      { ...good, key: 'AAAA' },
      { ...good, jid: '@' },
      null,
      7,
      { ...good, jid: 'c@c.example', own: { level: 'blind', at: 1, by: 'user' }, ed25519: 1, verifiedOnce: 'yes' },
    ]
    const waiting = { owner: 'b@b.example', keys: [name], trust: true, time: 1 }
    const all = [waiting, { ...waiting, keys: [] }, { ...waiting, time: 'x' }, { ...waiting, sender: {} }, null]
    const accounts = [
      { jid: 'b@b.example', devices: [[1, name, 'omemo2'], [0, name], [1, 'x'], null, 'x'] },
      { jid: 5 },
    ]
    const back = read({ ...jsonOf(sample), label: '\u202e', trust: { records, pending: all }, accounts })
    expect(back.trust).toEqual({ records: [good, { ...good, jid: 'c@c.example' }], pending: [waiting] })
    expect(back.accounts.map(({ jid: who, devices }) => [who, devices.length])).toEqual([['b@b.example', 1]])
    expect(back.label).toBeUndefined()
  })
})

describe('OMEMO F16 what is known now and what a backup has', () => {
  const own = { jid: 'a@a.example', key: keyName(new Uint8Array(32).fill(9)) }
  const nameOf = (each: TrustRecord): string => `${each.jid} ${each.key}`
  const unique = trust.map(({ records, ...rest }) => ({
    ...rest,
    records: [...new Map(records.map((each) => [nameOf(each), each])).values()],
  }))

  test('nothing that is known is lost, no newer word gives way, and twice is as once', () => {
    fc.assert(
      fc.property(unique, unique, (now, old) => {
        // The same keys, with other words.
        const backup = {
          ...old,
          records: [
            ...old.records,
            ...now.records.map((each, n) => ({ ...each, ...old.records[n], jid: each.jid, key: each.key })),
          ],
        }
        const after = mergeTrust(now, backup, own)
        const found = new Map(after.records.map((each) => [nameOf(each), each]))
        expect(found.size).toBe(after.records.length)
        for (const each of now.records) {
          const merged = found.get(nameOf(each)) as TrustRecord
          for (const side of ['own', 'contact'] as const) {
            expect(merged[side]?.at ?? -1).toBeGreaterThanOrEqual(each[side]?.at ?? -1)
          }
          if (each.verifiedOnce) expect(merged.verifiedOnce).toBe(true)
        }
        for (const each of backup.records) expect(found.has(nameOf(each))).toBe(true)
        expect(mergeTrust(after, backup, own)).toEqual(after)
      }),
    )
  })

  test('what was distrusted since stays so', () => {
    const key1 = keyName(new Uint8Array(32).fill(1))
    const base = { jid: 'b@b.example', key: key1, by: 'user' } as const
    const old: TrustRecord = { ...base, level: 'authenticated', own: { level: 'authenticated', at: 1, by: 'user' } }
    const now: TrustRecord = { ...base, level: 'distrusted', own: { level: 'distrusted', at: 2, by: 'user' } }
    const merged = (one: TrustRecord, other: TrustRecord) =>
      mergeTrust({ records: [one], pending: [] }, { records: [other], pending: [] }, own).records[0]?.level
    expect([merged(now, old), merged(old, now)]).toEqual(['distrusted', 'distrusted'])
  })

  test('the own key is decided about by nobody', () => {
    const mine: TrustRecord = { ...own, level: 'distrusted', by: 'user' }
    expect(mergeTrust({ records: [], pending: [] }, { records: [mine], pending: [] }, own).records).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { Envelope, readEnvelope } from '@couplet/sce'
import { Jid, serialize, type XmlElement } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { TrustMessage } from '@couplet/trust-messages'
import { describe, expect, test } from 'vitest'
import { decideOn } from './key-identifier.js'
import { reduceTrust } from './reduce-trust.js'
import type { TrustState } from './trust-book.js'
import type { TrustEvent, TrustOutcome } from './trust-event.js'
import { atm } from './trust-policy.js'
import { keyBytes, type TrustRecord } from './trust-record.js'

const folder = new URL('../../../../test-vectors/xep-0450/', import.meta.url)
const alice = Jid.parse('alice@example.org')
const bob = Jid.parse('bob@example.com')

/** The keys of XEP-0450's examples. */
const A1 = { jid: String(alice), key: '883dkfJVAmUkg74v1fqqoA+AhorA1R1+67GwijiS4z0=' }
const A2 = { jid: String(alice), key: 'aFABnX7Q/rbTgjBySYzrT2FsYCVYb49mbca5yB734KQ=' }
const A3 = { jid: String(alice), key: 'IhpPjiKLchgrAG5cpSfTvdzPjZ5v6vTOluHEUehkgCA=' }
const B1 = { jid: String(bob), key: 'YjVI04NcbTPvXLaA95RO84HPcSvyOgEZ2r5cTyUs0C8=' }

const record = (key: typeof A1, level: TrustRecord['level']): TrustRecord => ({ ...key, level, by: 'policy' })

/** A device that knows every key of the examples. */
function device(own: typeof A1) {
  let state: TrustState = {
    account: own.jid,
    ownKey: own.key,
    policy: atm(),
    records: [A1, A2, A3, B1].filter((key) => key !== own).map((key) => record(key, 'undecided')),
    pending: [],
  }
  const run = (event: TrustEvent): TrustOutcome => {
    const outcome = reduceTrust(state, event)
    const replaced = (each: TrustRecord) => outcome.records.some(({ jid, key }) => jid === each.jid && key === each.key)
    const records = [...state.records.filter((each) => !replaced(each)), ...outcome.records]
    state = { ...state, records, pending: outcome.pending ?? state.pending }
    return outcome
  }
  return {
    decide: (key: typeof A1, level: 'authenticated' | 'distrusted', at: number) =>
      run({ type: 'decisions', decisions: [decideOn(Jid.parse(key.jid), keyBytes(key.key), level)], at }).outgoing,
    take: (example: string, sender: typeof A1) => {
      const { message, time } = read(example)
      return run({ type: 'trust-message', message, sender, time, at: Date.parse('2020-01-02T00:00:00Z') })
    },
    level: (key: typeof A1) => state.records.find((each) => each.jid === key.jid && each.key === key.key)?.level,
    pending: () => state.pending.length,
  }
}

function read(example: string): { message: TrustMessage; time: Date | undefined; element: XmlElement } {
  const envelope = readEnvelope(readFileSync(new URL(`envelope.${example}.read.xml`, folder)))
  if (!envelope.ok) throw envelope.error
  const element = envelope.value.content[0] as XmlElement
  const message = TrustMessage.parse(element)
  if ('problem' in message) throw new TypeError(message.problem)
  return { message, time: envelope.value.time, element }
}

/** `alice@example.org < A1 A2: <trust-message/>` without indentation, for what is sent and for an example. */
const names = new Map([A1, A2, A3, B1].map((key, i) => [key.key, ['A1', 'A2', 'A3', 'B1'][i] as string]))
const sent = (outgoing: TrustOutcome['outgoing']) =>
  outgoing
    .map(({ to, recipients, message }) => {
      return `${to} < ${recipients.map(({ key }) => names.get(key)).join(' ')}: ${serialize(TrustMessage(message))}`
    })
    .sort()
const expected = (to: Jid, recipients: string, example: string) =>
  `${to} < ${recipients}: ${String(read(example).element).replace(/>\s+</g, '><')}`

const noon = Date.parse('2020-01-01T12:00:00Z')

describe('XEP-0450', () => {
  test.each(vectors(folder, { envelope: Envelope }))('$name', ({ check }) => check())

  test('§5, the examples one after the other: what A1, A2 and B1 send, and what they make of it', () => {
    const [a1, a2, b1] = [device(A1), device(A2), device(B1)]
    a1.decide(A2, 'authenticated', noon - 1000)

    // A1 authenticates B1's key: examples 1 and 2.
    expect(sent(a1.decide(B1, 'authenticated', noon))).toEqual([
      expected(alice, 'A2', 'atm-1'),
      expected(bob, 'B1', 'atm-2'),
    ])
    // Neither A2 nor B1 has authenticated A1's key: it waits until they have.
    a2.take('atm-1', A1)
    b1.take('atm-2', A1)
    expect([a2.level(B1), b1.level(A2)]).toEqual(['undecided', 'undecided'])
    expect([a2.pending(), b1.pending()]).toEqual([1, 1])
    a2.decide(A1, 'authenticated', noon + 10_000)
    b1.decide(A1, 'authenticated', noon + 10_000)
    expect([a2.level(B1), b1.level(A2)]).toEqual(['authenticated', 'authenticated'])
    expect([a2.pending(), b1.pending()]).toEqual([0, 0])

    // A2 authenticates A3's key: examples 3, 4 and 5. B1 and A1 follow at once.
    expect(sent(a2.decide(A3, 'authenticated', noon + 20_000))).toEqual(
      [expected(alice, 'A1', 'atm-4'), expected(alice, 'A3', 'atm-5'), expected(bob, 'B1', 'atm-3')].sort(),
    )
    b1.take('atm-3', A2)
    a1.take('atm-4', A2)
    expect([a1.level(A3), b1.level(A3)]).toEqual(['authenticated', 'authenticated'])

    // A1 distrusts A3's key: examples 6 and 7; then B1's: example 8.
    expect(sent(a1.decide(A3, 'distrusted', noon + 30_000))).toEqual([
      expected(alice, 'A2', 'atm-7'),
      expected(bob, 'B1', 'atm-6'),
    ])
    a2.take('atm-7', A1)
    b1.take('atm-6', A1)
    expect([a2.level(A3), b1.level(A3)]).toEqual(['distrusted', 'distrusted'])
    expect(sent(a1.decide(B1, 'distrusted', noon + 40_000))).toEqual([expected(alice, 'A2', 'atm-8')])
    a2.take('atm-8', A1)
    expect(a2.level(B1)).toBe('distrusted')
  })

  test('§5.2.2, the new device believes what it was told as soon as it has authenticated who told it', () => {
    const a3 = device(A3)
    a3.take('atm-5', A2)
    expect([a3.level(A1), a3.level(B1)]).toEqual(['undecided', 'undecided'])
    a3.decide(A2, 'authenticated', noon)
    expect([a3.level(A1), a3.level(B1)]).toEqual(['authenticated', 'authenticated'])
  })
})

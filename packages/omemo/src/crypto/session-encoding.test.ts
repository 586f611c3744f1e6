import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acquainted, pair } from '../../test/conversation.js'
import { hex } from '../../test/omemo-vectors.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import { platformBackend as backend } from './backend-node.js'
import { concatBytes } from './bytes.js'
import { crc32 } from './crc32.js'
import { type Session, skippedCount, wipeSession } from './session.js'
import { decodeSession, encodeSession } from './session-encoding.js'

const corrupt = expect.objectContaining({ code: 'corrupt-record' })

function sealed(body: Uint8Array): Uint8Array {
  const sum = new Uint8Array(4)
  new DataView(sum.buffer).setUint32(0, crc32(body))
  return concatBytes(body, sum)
}

test('the checksum is CRC-32', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
})

describe.each([legacyProfile, omemo2Profile])('$name', (profile) => {
  function sessions(): Session[] {
    const fresh = pair(backend, profile)
    const named = { ...fresh.alice.session, exchange: { ...fresh.alice.session.exchange!, registrationId: 0 } }
    const { alice, bob } = acquainted(backend, profile)
    const states = [fresh.alice.session, named, fresh.bob.session, alice.session, bob.session]
    for (let turns = 0; turns < 7; turns++) {
      for (let i = 0; i < 4; i++) alice.send(Uint8Array.of(i))
      bob.receive(alice.send(Uint8Array.of(9)))
      alice.receive(bob.send(Uint8Array.of(9)))
      states.push(alice.session, bob.session)
    }
    return states
  }

  test('every state is written and read as an equal one', () => {
    for (const session of sessions()) {
      const record = encodeSession(session)
      expect(decodeSession(record)).toEqual(session)
      expect(hex(encodeSession(decodeSession(record)))).toBe(hex(record))
    }
  })

  test('a session takes at most 1.5 kB and 50 bytes for each skipped key', () => {
    const { alice, bob } = acquainted(backend, profile)
    for (const session of sessions()) {
      expect(encodeSession(session).length).toBeLessThanOrEqual(1536 + 50 * skippedCount(session))
    }
    for (let i = 0; i < 999; i++) alice.send(Uint8Array.of(i))
    bob.receive(alice.send(Uint8Array.of(9)))
    // One more of the chain before, as if it had been announced too short.
    expect(skippedCount(bob.session)).toBe(1000)
    expect(encodeSession(bob.session).length).toBeLessThanOrEqual(1536 + 50 * 1000)
    expect(decodeSession(encodeSession(bob.session))).toEqual(bob.session)
  })

  test('a record inside a larger buffer is read where it is', () => {
    const [session] = sessions() as [Session]
    const record = encodeSession(session)
    const larger = concatBytes(new Uint8Array(3), record, new Uint8Array(5))
    expect(decodeSession(larger.subarray(3, 3 + record.length))).toEqual(session)
  })

  test('damage is noticed, whichever bit it is', () => {
    const all = sessions().map(encodeSession)
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.nat(), fc.nat(7), (record, at, bit) => {
        const index = 1 + (at % (record.length - 1))
        const damaged = record.with(index, (record[index] as number) ^ (1 << bit))
        expect(() => decodeSession(damaged)).toThrow(corrupt)
      }),
      { numRuns: 300 },
    )
  })

  test('a newer record is refused as such, an older or cut one as damaged', () => {
    const record = encodeSession((sessions() as [Session])[0])
    expect(() => decodeSession(record.with(0, 2))).toThrow(expect.objectContaining({ code: 'newer-record' }))
    for (const bad of [record.with(0, 0), new Uint8Array(0), record.subarray(0, 4), record.subarray(0, -1)]) {
      expect(() => decodeSession(bad)).toThrow(corrupt)
    }
  })

  test('a record with a valid checksum and wrong contents is refused', () => {
    for (const session of sessions()) {
      const body = encodeSession(session).subarray(0, -4)
      expect(() => decodeSession(sealed(concatBytes(body, Uint8Array.of(0))))).toThrow(corrupt)
      expect(() => decodeSession(sealed(body.subarray(0, -1)))).toThrow(corrupt)
      expect(() => decodeSession(sealed(body.with(1, 2)))).toThrow(corrupt)
    }
  })

  test('OMEMO S23: what only the replaced session held is wiped, what the next one holds is not', () => {
    const { alice, bob } = acquainted(backend, profile)
    const late = alice.send(Uint8Array.of(1))
    bob.receive(alice.send(Uint8Array.of(2)))
    const before = bob.session
    const held = before.receiving?.skipped[0]?.messageKey as Uint8Array
    bob.receive(alice.send(Uint8Array.of(3)))
    const copy = encodeSession(bob.session)
    wipeSession(before, bob.session)
    expect(hex(encodeSession(bob.session))).toBe(hex(copy))
    expect(hex(before.receiving?.chainKey as Uint8Array)).toBe('00'.repeat(32))
    expect(hex(held)).not.toBe('00'.repeat(32))
    const withKey = bob.session
    expect(bob.receive(late)).toEqual(Uint8Array.of(1))
    wipeSession(withKey, bob.session)
    expect(hex(held)).toBe('00'.repeat(32))
    const last = bob.session
    alice.receive(bob.send(Uint8Array.of(4)))
    bob.receive(alice.send(Uint8Array.of(5)))
    wipeSession(last, bob.session)
    expect(hex(last.ratchet.privateKey) + hex(last.rootKey) + hex(last.sending?.chainKey as Uint8Array)).toBe(
      '00'.repeat(96),
    )
    wipeSession(bob.session)
    expect(hex(bob.session.rootKey)).toBe('00'.repeat(32))
    const { bob: unanswered } = pair(backend, profile)
    wipeSession(unanswered.session)
    expect(hex(unanswered.session.rootKey)).toBe('00'.repeat(32))
  })
})

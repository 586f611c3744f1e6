import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acquainted, pair } from '../../test/conversation.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import { platformBackend as backend } from './backend-node.js'
import { concatBytes } from './bytes.js'
import { parseMessage } from './profile.js'
import { decrypt } from './ratchet.js'

const malformed = expect.objectContaining({ name: 'OmemoError', code: 'malformed' })

describe.each([legacyProfile, omemo2Profile])('$name', (profile) => {
  const { alice, bob, first } = pair(backend, profile)
  bob.receive(first)
  const plain = bob.send(Uint8Array.of(1))

  test('OMEMO A3: the first tag tells a key exchange from a message', () => {
    expect(parseMessage(profile, first).kind).toBe('key-exchange')
    expect(parseMessage(profile, plain).kind).toBe('message')
    expect(alice.receive(plain)).toEqual(Uint8Array.of(1))
  })

  test('OMEMO F19: every prefix of a message is malformed or not authentic, never anything else', () => {
    for (const whole of [first, plain]) {
      for (let length = 0; length < whole.length; length++) {
        try {
          const parsed = parseMessage(profile, whole.subarray(0, length))
          // With less of it behind, eight other bytes are taken for the MAC of 0.3.
          expect(parsed.kind).toBe('message')
        } catch (error) {
          expect(error).toEqual(malformed)
        }
      }
    }
  })

  test('OMEMO F19: anything is parsed or malformed', () => {
    const start =
      profile === legacyProfile
        ? [
            [0x33, 0x0a],
            [0x33, 0x08],
          ]
        : [[0x0a], [0x08]]
    fc.assert(
      fc.property(fc.constantFrom(...start, []), fc.uint8Array({ maxLength: 120 }), (head, tail) => {
        try {
          parseMessage(profile, concatBytes(Uint8Array.from(head), tail))
        } catch (error) {
          expect(error).toEqual(malformed)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('unknown fields are authenticated as they came, not dropped and written anew', () => {
    const { alice, bob } = acquainted(backend, profile)
    const bytes = alice.send(Uint8Array.of(1))
    const message = parseMessage(profile, bytes)
    if (message.kind !== 'message') throw new Error('no message')
    const extended = concatBytes(message.authenticated, Uint8Array.of(0x78, 1))
    const sealed = parseMessage(profile, profile.seal(extended, message.mac))
    expect(sealed).toMatchObject({ n: message.n, authenticated: extended })
    if (sealed.kind !== 'message') throw new Error('no message')
    expect(() => decrypt(backend, profile, bob.session, sealed)).toThrow(expect.objectContaining({ code: 'bad-mac' }))
    expect(bob.receive(bytes)).toEqual(Uint8Array.of(1))
  })

  test('what was parsed does not change with the buffer it came in', () => {
    const buffer = first.slice()
    const parsed = parseMessage(profile, buffer)
    const copy = structuredClone(parsed)
    buffer.fill(0xee)
    expect(parsed).toEqual(copy)
  })
})

test('OMEMO F19: 0.3 with other versions, key types, lengths', () => {
  const { bob, first } = pair(backend, legacyProfile)
  bob.receive(first)
  const plain = bob.send(Uint8Array.of(1))
  const bad = [
    new Uint8Array(0),
    plain.with(0, 0x32),
    first.with(0, 0x22),
    plain.with(3, 0x06),
    plain.subarray(0, 8),
    plain.subarray(0, 9),
    concatBytes(Uint8Array.of(0x33, 0x0a, 0x20), new Uint8Array(60)),
  ]
  for (const bytes of bad) expect(() => parseMessage(legacyProfile, bytes)).toThrow(malformed)
  const exchange = parseMessage(legacyProfile, first)
  if (exchange.kind !== 'key-exchange') throw new Error('no key exchange')
  const around = (sealed: Uint8Array) => legacyProfile.encodeExchange(exchange, exchange.identityKey, sealed)
  expect(parseMessage(legacyProfile, around(plain)).kind).toBe('key-exchange')
  expect(() => parseMessage(legacyProfile, around(plain.with(0, 0x34)))).toThrow(malformed)
})

test('OMEMO F19: omemo:2 with other tags, MACs and keys', () => {
  const { bob, first } = pair(backend, omemo2Profile)
  bob.receive(first)
  const message = parseMessage(omemo2Profile, bob.send(Uint8Array.of(1)))
  if (message.kind !== 'message') throw new Error('no message')
  const bad = [
    new Uint8Array(0),
    first.with(0, 0x10),
    omemo2Profile.seal(message.authenticated, message.mac.subarray(1)),
    omemo2Profile.seal(new Uint8Array(0), message.mac),
    omemo2Profile.seal(
      omemo2Profile.encodeMessage({ ratchetKey: new Uint8Array(33), n: 0, pn: 0 }, message.ciphertext),
      message.mac,
    ),
  ]
  for (const bytes of bad) expect(() => parseMessage(omemo2Profile, bytes)).toThrow(malformed)
})

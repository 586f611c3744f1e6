import { describe, expect, test } from 'vitest'
import { acquainted, type Device, messageOf, pair } from '../../test/conversation.js'
import { hex } from '../../test/omemo-vectors.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import type { CryptoBackend } from './backend.js'
import { platformBackend as backend } from './backend-node.js'
import { parseMessage } from './profile.js'
import { decrypt, encrypt } from './ratchet.js'
import { pastChains, skippedCount } from './session.js'
import { encodeSession } from './session-encoding.js'

const text = (n: number) => Uint8Array.of(n, n >> 8)
const code = (name: string) => expect.objectContaining({ name: 'OmemoError', code: name })

/** Counts what costs time, and what must not happen before a message is authentic. */
function counting(): CryptoBackend & { hashes: number; agreements: number; drawn: number } {
  const counter = { ...backend, hashes: 0, agreements: 0, drawn: 0 }
  counter.hmacSha256 = (...input) => {
    counter.hashes++
    return backend.hmacSha256(...input)
  }
  counter.x25519 = (...input) => {
    counter.agreements++
    return backend.x25519(...input)
  }
  counter.randomBytes = (length) => {
    counter.drawn++
    return backend.randomBytes(length)
  }
  return counter
}

/** One turn of the ratchet: a message each way. */
function turn(one: Device, other: Device): void {
  other.receive(one.send(text(1)))
  one.receive(other.send(text(2)))
}

describe.each([legacyProfile, omemo2Profile])('$name', (profile) => {
  const parse = (bytes: Uint8Array) => messageOf(parseMessage(profile, bytes))

  test('OMEMO F3: the key exchange is repeated until something decrypts, never by the responder', () => {
    const { alice, bob, first } = pair(backend, profile)
    const kinds = (bytes: Uint8Array) => parseMessage(profile, bytes).kind
    const second = encrypt(backend, profile, alice.session, text(1))
    expect([first, second.bytes].map(kinds)).toEqual(['key-exchange', 'key-exchange'])
    expect(second.isKeyExchange).toBe(true)
    alice.session = second.session
    bob.receive(second.bytes)
    const answer = encrypt(backend, profile, bob.session, text(2))
    expect(answer.isKeyExchange).toBe(false)
    expect(() => alice.receive(answer.bytes.with(-1, (answer.bytes.at(-1) as number) ^ 1))).toThrow()
    expect(kinds(alice.send(text(3)))).toBe('key-exchange')
    alice.receive(answer.bytes)
    expect(kinds(alice.send(text(4)))).toBe('message')
    expect(bob.receive(first)).toEqual(Uint8Array.of(0))
  })

  test('a responder sends only after it has received', () => {
    const { bob } = pair(backend, profile)
    expect(() => bob.send(text(1))).toThrow(code('nothing-received'))
  })

  test('OMEMO 0.1: a chain announced one too short still gives its last message after the turn', () => {
    const { alice, bob } = acquainted(backend, profile)
    const [kept, late] = [alice.send(text(1)), alice.send(text(2))]
    bob.receive(kept)
    alice.receive(bob.send(text(3)))
    // As libsignal announces it: the number of the last message.
    alice.session = { ...alice.session, previousLength: alice.session.previousLength - 1 }
    expect(bob.receive(alice.send(text(4)))).toEqual(text(4))
    expect(bob.receive(late)).toEqual(text(2))
    expect(() => bob.receive(late)).toThrow(code('replayed'))
  })

  test('OMEMO 0.1: of a chain that is complete, announced too short, no key is kept', () => {
    const { alice, bob } = acquainted(backend, profile)
    bob.receive(alice.send(text(1)))
    alice.receive(bob.send(text(2)))
    alice.session = { ...alice.session, previousLength: alice.session.previousLength - 1 }
    bob.receive(alice.send(text(3)))
    expect(bob.session.past.at(-1)).toMatchObject({ next: 1, skipped: [] })
  })

  test('OMEMO S23: secrets that are used up are wiped, whether it worked or not', () => {
    const { alice, bob } = acquainted(backend, profile)
    const made: Uint8Array[] = []
    const keep = (bytes: Uint8Array) => {
      made.push(bytes)
      return bytes
    }
    const device: CryptoBackend = {
      ...backend,
      x25519: (...input) => keep(backend.x25519(...input)),
      hkdfSha256: (...input) => keep(backend.hkdfSha256(...input)),
      // With two parts it is a MAC, of which a piece is published.
      hmacSha256: (key, first, second) =>
        second ? backend.hmacSha256(key, first, second) : keep(backend.hmacSha256(key, first)),
    }
    const expectWiped = (...kept: (Uint8Array | undefined)[]) => {
      for (const bytes of made.splice(0)) if (!kept.includes(bytes)) expect(hex(bytes)).toMatch(/^0+$/)
    }
    alice.session = encrypt(device, profile, alice.session, text(1)).session
    expectWiped(alice.session.sending?.chainKey)
    const message = parse(alice.send(text(2)))
    const { session } = decrypt(device, profile, bob.session, message)
    const skipped = [...session.past, session.receiving].flatMap((chain) => chain?.skipped.map((key) => key.messageKey))
    expectWiped(session.receiving?.chainKey, ...skipped)
    const next = decrypt(device, profile, session, parse(alice.send(text(3))))
    expectWiped(next.session.receiving?.chainKey)
  })

  test('S-214 OMEMO S11: what was decrypted once is a replay, in the same chain and in one that has ended', () => {
    const { alice, bob } = acquainted(backend, profile)
    const messages = [1, 2, 3].map((n) => alice.send(text(n)))
    for (const at of [2, 0, 1]) bob.receive(messages[at] as Uint8Array)
    for (const message of messages) expect(() => bob.receive(message)).toThrow(code('replayed'))
    turn(bob, alice)
    turn(bob, alice)
    for (const message of messages) expect(() => bob.receive(message)).toThrow(code('replayed'))
    const { n, ratchetKey } = parse(messages[0] as Uint8Array)
    const chain = bob.session.past.find((past) => hex(past.ratchetKey) === hex(ratchetKey))
    const beyond = { ...parse(messages[0] as Uint8Array), n: n + (chain?.next as number) }
    expect(() => decrypt(backend, profile, bob.session, beyond)).toThrow(code('bad-mac'))
  })

  test('OMEMO S13: keys that wait longer than five turns are dropped with their chain', () => {
    const { alice, bob } = acquainted(backend, profile)
    const late = alice.send(text(9))
    bob.receive(alice.send(text(1)))
    for (let i = 0; i < pastChains; i++) turn(bob, alice)
    turn(alice, bob)
    expect(bob.session.past).toHaveLength(pastChains)
    expect(bob.receive(late)).toEqual(text(9))
    const again = acquainted(backend, profile)
    const lost = again.alice.send(text(9))
    again.bob.receive(again.alice.send(text(1)))
    for (let i = 0; i <= pastChains; i++) turn(again.bob, again.alice)
    turn(again.alice, again.bob)
    expect(() => again.bob.receive(lost)).toThrow(code('bad-mac'))
  })

  test('OMEMO S13: of too many skipped keys the oldest go, and their messages are told from replays', () => {
    const { alice, bob } = acquainted(backend, profile)
    const limits = { perMessage: 10, perSession: 12 }
    const first = Array.from({ length: 8 }, (_, n) => alice.send(text(n)))
    bob.receive(alice.send(text(8)), limits)
    alice.receive(bob.send(text(0)))
    const second = Array.from({ length: 9 }, (_, n) => alice.send(text(n)))
    bob.receive(second.at(-1) as Uint8Array, limits)
    expect(skippedCount(bob.session)).toBe(12)
    const results = first.map((message) => {
      try {
        return bob.receive(message, limits)[0]
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    // Eight of the second chain and one that a chain announced too short would have had leave room for three.
    expect(results).toEqual(['expired', 'expired', 'expired', 'expired', 'expired', 5, 6, 7])
    expect(() => bob.receive(first[5] as Uint8Array)).toThrow(code('replayed'))
    for (const message of second.slice(0, -1)) bob.receive(message, limits)
    const rest = Array.from({ length: 10 }, (_, n) => alice.send(text(n)))
    bob.receive(rest[9] as Uint8Array, { perMessage: 10, perSession: 2 })
    expect(skippedCount(bob.session)).toBe(2)
    expect(() => bob.receive(rest[6] as Uint8Array)).toThrow(code('expired'))
    expect(bob.receive(rest[7] as Uint8Array)).toEqual(text(7))
  })

  test('S-214 OMEMO S13: 999 and 1000 skipped messages are in order, 1001 are not; over both chains together', () => {
    const { alice, bob } = acquainted(backend, profile)
    const skip = (count: number) => {
      for (let i = 0; i < count; i++) alice.send(text(i))
    }
    skip(400)
    alice.receive(bob.send(text(1)))
    skip(601)
    expect(() => bob.receive(alice.send(text(7)))).toThrow(code('too-many-skipped'))
    const { session } = alice
    alice.session = { ...session, previousLength: session.previousLength - 1, sending: session.sending }
    const atLimit = { ...parse(alice.send(text(8))), n: 600 }
    // Within the limit it is tried, and fails for what was changed.
    expect(() => decrypt(backend, profile, bob.session, atLimit)).toThrow(code('bad-mac'))
    expect(() => decrypt(backend, profile, bob.session, { ...atLimit, n: 601, pn: 401 })).toThrow(
      code('too-many-skipped'),
    )
  })

  test('S-214 OMEMO S13: n or pn of 2^32 - 1 is an error before anything is hashed or drawn', () => {
    const { alice, bob } = acquainted(backend, profile)
    const message = parse(alice.send(text(1)))
    const foreign = { ...message, ratchetKey: bob.session.ratchet.publicKey }
    const device = counting()
    for (const base of [message, foreign]) {
      for (const header of [{ n: 0xffffffff }, { pn: 0xffffffff }, { n: 0xfffffffe }]) {
        expect(() => decrypt(device, profile, bob.session, { ...base, ...header })).toThrow(code('too-many-skipped'))
      }
    }
    const lie = { ...foreign, pn: 0xfffffffe }
    expect(() => decrypt(device, profile, bob.session, lie)).toThrow(code('too-many-skipped'))
    expect(device).toMatchObject({ hashes: 0, agreements: 0, drawn: 0 })
  })

  test('OMEMO S13: at the end of a chain of 2^32 - 1 messages nothing more is sent', () => {
    const { alice } = acquainted(backend, profile)
    const sending = { chainKey: new Uint8Array(32), next: 0xfffffffe }
    alice.session = { ...alice.session, sending }
    expect(parse(alice.send(text(1))).n).toBe(0xfffffffe)
    expect(() => alice.send(text(2))).toThrow(code('exhausted'))
  })

  test('OMEMO F5: a message that is not authentic draws nothing and ends no chain', () => {
    const { alice, bob } = acquainted(backend, profile)
    const next = alice.send(text(1))
    const before = hex(encodeSession(bob.session))
    const device = counting()
    const message = {
      ...parse(next),
      ratchetKey: alice.session.ratchet.publicKey,
      mac: new Uint8Array(profile.macLength),
    }
    const turned = { ...message, ratchetKey: backend.x25519PublicKey(backend.randomBytes(32)), pn: 900 }
    for (const forged of [message, turned]) {
      expect(() => decrypt(device, profile, bob.session, forged)).toThrow(code('bad-mac'))
    }
    expect(device.drawn).toBe(0)
    expect(device.hashes).toBeLessThan(10)
    expect(hex(encodeSession(bob.session))).toBe(before)
    expect(bob.receive(next)).toEqual(text(1))
  })

  test('OMEMO S15: a ratchet key of low order is not told apart from any other forgery', () => {
    const { alice, bob } = acquainted(backend, profile)
    const message = parse(alice.send(text(1)))
    expect(() => decrypt(backend, profile, bob.session, { ...message, ratchetKey: new Uint8Array(32) })).toThrow(
      expect.objectContaining({ code: 'bad-mac', message: 'the message is not authentic' }),
    )
  })

  test('a session is used with its own version only', () => {
    const { alice } = acquainted(backend, profile)
    const other = profile === legacyProfile ? omemo2Profile : legacyProfile
    const message = parse(alice.send(text(1)))
    expect(() => encrypt(backend, other, alice.session, text(1))).toThrow(TypeError)
    expect(() => decrypt(backend, other, alice.session, message)).toThrow(TypeError)
  })

  test('OMEMO F22: what was decrypted says in which chain and where, for heartbeats', () => {
    const { alice, bob } = acquainted(backend, profile)
    for (let n = 0; n < 54; n++) {
      const result = decrypt(backend, profile, bob.session, parse(alice.send(text(n))))
      expect(result).toMatchObject({ n, ratchetKey: alice.session.ratchet.publicKey })
      bob.session = result.session
    }
  })
})

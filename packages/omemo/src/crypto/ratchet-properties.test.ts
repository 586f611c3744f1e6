import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acquainted, Device, messageOf, pair } from '../../test/conversation.js'
import { hex } from '../../test/omemo-vectors.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import { platformBackend as backend } from './backend-node.js'
import { type Profile, parseMessage } from './profile.js'
import { decrypt } from './ratchet.js'
import { decodeSession, encodeSession } from './session-encoding.js'

/** What the network and the devices do, one after the other. */
type Act =
  | { readonly kind: 'send'; readonly byAlice: boolean }
  | { readonly kind: 'restart'; readonly byAlice: boolean }
  | { readonly kind: 'deliver' | 'repeat' | 'drop' | 'corrupt'; readonly byAlice: boolean; readonly pick: number }

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), byAlice: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), byAlice: fc.boolean() }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'deliver' as const,
          'deliver' as const,
          'repeat' as const,
          'drop' as const,
          'corrupt' as const,
        ),
        byAlice: fc.boolean(),
        pick: fc.nat(),
      }),
    },
  ),
  { minLength: 5, maxLength: 60 },
)

interface Sent {
  readonly bytes: Uint8Array
  readonly id: number
  readonly turn: number
}

/** A network between two devices, which knows what has to come out. */
class Network {
  readonly #devices: Record<'alice' | 'bob', Device>
  readonly #waiting: Record<'alice' | 'bob', Sent[]> = { alice: [], bob: [] }
  readonly #delivered: Record<'alice' | 'bob', Sent[]> = { alice: [], bob: [] }
  readonly usedKeys = new Set<string>()
  #id = 0
  #turn = 0
  #last = ''

  constructor(
    readonly profile: Profile,
    devices: { alice: Device; bob: Device },
  ) {
    this.#devices = devices
  }

  run(act: Act): void {
    const receiver = act.byAlice ? 'alice' : 'bob'
    if (act.kind === 'send') this.#send(receiver)
    else if (act.kind === 'restart') {
      const device = this.#devices[receiver]
      device.session = decodeSession(encodeSession(device.session))
    } else if (act.kind === 'repeat') this.#repeat(receiver, act.pick)
    else this.#take(receiver, act)
  }

  #send(sender: 'alice' | 'bob'): void {
    if (!this.#devices[sender].session.sending) return
    if (this.#last !== sender) this.#turn++
    this.#last = sender
    const id = this.#id++
    const bytes = this.#devices[sender].send(Uint8Array.of(id, id >> 8))
    const { ratchetKey, n } = messageOf(parseMessage(this.profile, bytes))
    const key = `${hex(ratchetKey)} ${n}`
    expect(this.usedKeys.has(key), 'no chain and number twice').toBe(false)
    this.usedKeys.add(key)
    this.#waiting[sender === 'alice' ? 'bob' : 'alice'].push({ bytes, id, turn: this.#turn })
  }

  #take(receiver: 'alice' | 'bob', { kind, pick }: { readonly kind: string; readonly pick: number }): void {
    const waiting = this.#waiting[receiver]
    const index = waiting.length === 0 ? -1 : pick % waiting.length
    const sent = waiting[index]
    if (!sent) return
    const device = this.#devices[receiver]
    if (kind === 'corrupt') {
      const at = pick % sent.bytes.length
      this.#refused(device, sent.bytes.with(at, (sent.bytes[at] as number) ^ (1 << (pick % 8))), sent)
      return
    }
    waiting.splice(index, 1)
    if (kind === 'drop') return
    // Keys of a chain are kept for five turns of the ratchet, which takes two changes of the sender each.
    if (this.#turn - sent.turn > 9) return
    expect(device.receive(sent.bytes)).toEqual(Uint8Array.of(sent.id, sent.id >> 8))
    this.#delivered[receiver].push(sent)
  }

  #repeat(receiver: 'alice' | 'bob', pick: number): void {
    const delivered = this.#delivered[receiver]
    const sent = delivered[pick % Math.max(delivered.length, 1)]
    if (sent) this.#refused(this.#devices[receiver], sent.bytes)
  }

  /** Refused, and the state is what it was; a flipped bit in what no MAC covers of a key exchange may pass. */
  #refused(device: Device, bytes: Uint8Array, sent?: Sent): void {
    const before = hex(encodeSession(device.session))
    const { session } = device
    try {
      const plaintext = device.receive(bytes)
      const [was, is] = [sent as Sent, parseMessage(this.profile, bytes)]
      expect(is.kind).toBe('key-exchange')
      expect(plaintext).toEqual(Uint8Array.of(was.id, was.id >> 8))
      device.session = session
    } catch (error) {
      expect(error).toMatchObject({ name: 'OmemoError' })
    }
    expect(hex(encodeSession(device.session))).toBe(before)
  }
}

describe.each([legacyProfile, omemo2Profile])('$name', (profile) => {
  test('OMEMO F1: whatever is reordered, dropped, repeated, damaged or restarted, each message is read once', () => {
    fc.assert(
      fc.property(acts, (script) => {
        const { alice, bob, first } = pair(backend, profile)
        bob.receive(first)
        const network = new Network(profile, { alice, bob })
        for (const act of script) network.run(act)
      }),
      { numRuns: 150 },
    )
  })

  test('OMEMO F5: 2000 damaged messages leave the session as it was, and the real one is read after them', () => {
    const { alice, bob } = acquainted(backend, profile)
    const late = alice.send(Uint8Array.of(1))
    bob.receive(alice.send(Uint8Array.of(2)))
    alice.receive(bob.send(Uint8Array.of(3)))
    const next = alice.send(Uint8Array.of(4))
    const before = hex(encodeSession(bob.session))
    const codes = new Set<string>()
    fc.assert(
      fc.property(fc.constantFrom(late, next), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, mask) => {
        const index = at % bytes.length
        const damaged = bytes.with(index, (bytes[index] as number) ^ mask)
        try {
          decrypt(backend, profile, bob.session, messageOf(parseMessage(profile, damaged)))
          expect.unreachable()
        } catch (error) {
          codes.add((error as { code: string }).code)
        }
        expect(hex(encodeSession(bob.session))).toBe(before)
      }),
      { numRuns: 2000 },
    )
    const known = ['bad-mac', 'malformed', 'replayed', 'too-many-skipped']
    expect(known).toEqual(expect.arrayContaining([...codes]))
    expect([bob.receive(next), bob.receive(late)]).toEqual([Uint8Array.of(4), Uint8Array.of(1)])
  })

  test('OMEMO S17: damage of MAC, ciphertext and padding is one error, with one sentence', () => {
    const { alice, bob } = acquainted(backend, profile)
    const message = messageOf(parseMessage(profile, alice.send(new Uint8Array(16))))
    const { ciphertext, authenticated, mac } = message
    const damaged = [
      { mac: mac.with(0, (mac[0] as number) ^ 1) },
      { mac: mac.with(-1, (mac.at(-1) as number) ^ 1) },
      { mac: new Uint8Array(0) },
      { authenticated: authenticated.with(-1, (authenticated.at(-1) as number) ^ 1) },
      // What passes the MAC by a mistake in the reader: cut, empty, wrongly padded.
      { ciphertext: ciphertext.subarray(1) },
      { ciphertext: new Uint8Array(0) },
      { ciphertext: ciphertext.with(-1, (ciphertext.at(-1) as number) ^ 0x80) },
    ]
    const errors = damaged.map((change) => {
      try {
        decrypt(backend, profile, bob.session, { ...message, ...change })
        return undefined
      } catch (error) {
        const { name, code, message: sentence, retry, cause } = error as Error & { code: string; retry: string }
        return { name, code, sentence, retry, cause }
      }
    })
    const one = {
      name: 'OmemoError',
      code: 'bad-mac',
      sentence: 'the message is not authentic',
      retry: 'no',
      cause: undefined,
    }
    expect(errors).toEqual(damaged.map(() => one))
  })

  test('OMEMO S23: no error shows a key or a text', () => {
    const { alice, bob } = acquainted(backend, profile)
    const bytes = alice.send(new TextEncoder().encode('attack at dawn'))
    const secrets = [bob.session.rootKey, bob.session.ratchet.privateKey, bytes.subarray(-8)].map(hex)
    for (const at of [0, 5, bytes.length - 1]) {
      try {
        new Device(backend, profile, bob.session).receive(bytes.with(at, (bytes[at] as number) ^ 0xff))
        expect.unreachable()
      } catch (error) {
        const shown = `${String(error)} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`
        for (const secret of [...secrets, 'dawn']) expect(shown).not.toContain(secret)
      }
    }
  })
})

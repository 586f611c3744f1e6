import { describe, expect, test } from 'vitest'
import { backends, hex, profileOf, scripted, unhex, vectors } from '../../test/omemo-vectors.js'
import { nobleBackend } from './backend-noble.js'
import { generateIdentity, generateKeyPair, identityFromPrivateKey, keyPairOf } from './identity.js'
import { type KeyExchange, type Profile, parseMessage, sign } from './profile.js'
import { decrypt, encrypt } from './ratchet.js'
import { rootStep } from './root-chain.js'
import { initiate, isExchangeOf, type RemoteBundle, respond, verifyBundle } from './x3dh.js'

interface Agreement {
  readonly ns: string
  readonly alice: Record<'priv' | 'ed25519' | 'ephemeral_priv' | 'ephemeral_pub', string>
  readonly bob: Record<
    'priv' | 'ed25519' | 'spk_priv' | 'spk_pub' | 'spk_signed_bytes' | 'spk_sig_wire' | 'opk_priv' | 'opk_pub',
    string
  >
  readonly shared_secret: string
  readonly ad: string
}

const agreements = vectors<{ vectors: readonly Agreement[] }>('x3dh').vectors
const signBit = (ed25519: string) => ((unhex(ed25519)[31] as number) > 0x7f ? 1 : 0)

function bobOf(profile: Profile, bob: Agreement['bob']) {
  const identity = identityFromPrivateKey(nobleBackend, unhex(bob.priv), signBit(bob.ed25519))
  const bundle: RemoteBundle = {
    identityKey: profile.encodeIdentity(identity),
    signedPreKey: { id: 7, publicKey: unhex(bob.spk_signed_bytes), signature: unhex(bob.spk_sig_wire) },
    preKeys: [{ id: 0, publicKey: profile.encodeKey(unhex(bob.opk_pub)) }],
  }
  return { identity, bundle }
}

describe.each(backends)('$name', (backend) => {
  test.each(agreements)(
    'OMEMO A1: agreement of $ns, $alice.ed25519 with $bob.ed25519',
    ({ ns, alice, bob, ...wanted }) => {
      const profile = profileOf(ns)
      const { identity: bobIdentity, bundle } = bobOf(profile, bob)
      const checked = verifyBundle(backend, profile, bundle)
      const identity = identityFromPrivateKey(backend, unhex(alice.priv), signBit(alice.ed25519))
      const ratchetPrivate = '42'.repeat(32)
      const device = scripted(backend, [alice.ephemeral_priv, ratchetPrivate])
      const session = initiate(device, profile, { identity, bundle: checked, preKeyId: 0, registrationId: 77 })
      expect(hex(session.ephemeralKey)).toBe(alice.ephemeral_pub)
      const own = keyPairOf(backend, unhex(ratchetPrivate))
      const step = rootStep(backend, profile, unhex(wanted.shared_secret), own.privateKey, unhex(bob.spk_pub))
      expect(hex(session.rootKey)).toBe(hex(step.rootKey))
      expect(hex(session.sending?.chainKey as Uint8Array)).toBe(hex(step.chainKey))
      expect(hex(profile.associatedData(session.ownIdentity, session.remoteIdentity, true))).toBe(wanted.ad)

      const first = encrypt(backend, profile, session, Uint8Array.of(1))
      const exchange = parseMessage(profile, first.bytes) as KeyExchange
      expect(exchange).toMatchObject({ kind: 'key-exchange', preKeyId: 0, signedPreKeyId: 7 })
      expect(exchange.registrationId).toBe(profile.name === 'legacy' ? 77 : undefined)
      const signedPreKey = keyPairOf(backend, unhex(bob.spk_priv))
      const passive = respond(backend, profile, {
        identity: bobIdentity,
        signedPreKey,
        preKey: keyPairOf(backend, unhex(bob.opk_priv)),
        exchange,
      })
      expect(hex(passive.rootKey)).toBe(wanted.shared_secret)
      expect(isExchangeOf(session, exchange)).toBe(true)
      expect(isExchangeOf(passive, exchange)).toBe(true)
      expect(isExchangeOf(passive, { ...exchange, ephemeralKey: new Uint8Array(32) })).toBe(false)
      expect(passive.ratchet.privateKey).not.toBe(signedPreKey.privateKey)
      expect(decrypt(backend, profile, passive, exchange.message).plaintext).toEqual(Uint8Array.of(1))
    },
  )
})

describe.each(agreements.filter((_, index) => index % 4 === 1))('$ns', ({ ns, bob }) => {
  const backend = nobleBackend
  const profile = profileOf(ns)
  const { bundle } = bobOf(profile, bob)
  const { signedPreKey } = bundle
  const bad = (code: string) => expect.objectContaining({ code })
  const flipped = (bytes: Uint8Array, at: number, mask: number) => bytes.with(at, (bytes.at(at) as number) ^ mask)

  test('S-213 OMEMO S10: a swapped identity or signed prekey, and any flipped bit of the signature, are refused', () => {
    const other = generateIdentity(backend)
    const key = profile.encodeKey(generateKeyPair(backend).publicKey)
    const forgeries: RemoteBundle[] = [
      { ...bundle, identityKey: profile.encodeIdentity(other) },
      { ...bundle, signedPreKey: { ...signedPreKey, publicKey: key } },
      { ...bundle, signedPreKey: { ...signedPreKey, signature: new Uint8Array(64) } },
      { ...bundle, signedPreKey: { ...signedPreKey, signature: new Uint8Array(0) } },
      ...[0, 31, 32, -1].map((at) => ({
        ...bundle,
        signedPreKey: { ...signedPreKey, signature: flipped(signedPreKey.signature, at, 0x40) },
      })),
      { ...bundle, signedPreKey: { ...signedPreKey, signature: flipped(signedPreKey.signature, -1, 0x80) } },
    ]
    for (const forgery of forgeries) expect(() => verifyBundle(backend, profile, forgery)).toThrow(bad('bad-bundle'))
    const garbage = { ...bundle, identityKey: new Uint8Array(5) }
    expect(() => verifyBundle(backend, profile, garbage)).toThrow(bad('malformed'))
  })

  test('S-213 OMEMO S15: a signed prekey of low order is refused, even when it is signed', () => {
    const identity = generateIdentity(backend)
    const publicKey = profile.encodeKey(new Uint8Array(32))
    const signature = sign(backend, profile, identity, publicKey)
    const own = {
      ...bundle,
      identityKey: profile.encodeIdentity(identity),
      signedPreKey: { id: 1, publicKey, signature },
    }
    expect(() => verifyBundle(backend, profile, own)).toThrow(bad('bad-bundle'))
  })

  test('OMEMO F10: a bad prekey is left out, not the bundle; of a repeated id the first counts', () => {
    const [good] = bundle.preKeys as [RemoteBundle['preKeys'][0]]
    const more = [
      { ...good, id: -1 },
      { ...good, id: 2 ** 32 },
      { ...good, id: 1.5 },
      { id: 5, publicKey: good.publicKey.subarray(1) },
      { id: 6, publicKey: profile.encodeKey(new Uint8Array(32)) },
      good,
      { id: 0, publicKey: profile.encodeKey(generateKeyPair(backend).publicKey) },
    ]
    const checked = verifyBundle(backend, profile, { ...bundle, preKeys: more })
    expect(checked.preKeys).toEqual([{ id: 0, publicKey: profile.decodeKey(good.publicKey) }])
    expect(checked.dropped).toBe(6)
    const empty = { ...bundle, preKeys: more.slice(0, 5) }
    expect(() => verifyBundle(backend, profile, empty)).toThrow(bad('bad-bundle'))
  })

  test('a prekey that is not there, and a bundle of the other version', () => {
    const checked = verifyBundle(backend, profile, bundle)
    const identity = generateIdentity(backend)
    expect(() => initiate(backend, profile, { identity, bundle: checked, preKeyId: 1 })).toThrow(bad('no-prekey'))
    const foreign = { ...checked, profile: profile.name === 'legacy' ? 'omemo2' : 'legacy' } as const
    expect(() => initiate(backend, profile, { identity, bundle: foreign, preKeyId: 0 })).toThrow(TypeError)
  })

  test('OMEMO S15: a key exchange with an ephemeral key of low order is refused', () => {
    const identity = generateIdentity(backend)
    const checked = verifyBundle(backend, profile, bundle)
    const { bytes } = encrypt(
      backend,
      profile,
      initiate(backend, profile, { identity, bundle: checked, preKeyId: 0 }),
      identity.publicKey,
    )
    const exchange = parseMessage(profile, bytes) as KeyExchange
    const pair = generateKeyPair(backend)
    const options = {
      identity,
      signedPreKey: pair,
      preKey: pair,
      exchange: { ...exchange, ephemeralKey: new Uint8Array(32) },
    }
    expect(() => respond(backend, profile, options)).toThrow(bad('bad-key'))
  })
})

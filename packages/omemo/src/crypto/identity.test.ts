import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backends, hex } from '../../test/omemo-vectors.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import { defaultBackend, usableBackend } from './backend-node.js'
import { concatBytes } from './bytes.js'
import {
  checkCurveKey,
  curveFromEd25519,
  ed25519FromCurve,
  generateIdentity,
  generateKeyPair,
  isUsableCurveKey,
} from './identity.js'
import { groupOrder, scalarBytes, scalarFromHash, scalarOf } from './scalar.js'
import { signingScalar, verifySignature } from './xeddsa.js'

const { Point } = ed25519
const p = Point.Fp.ORDER
const badKey = expect.objectContaining({ code: 'bad-key' })

/** A point of order 8: what is left of a point of the curve when its part of prime order is taken away. */
function torsion() {
  for (let y = 3; ; y++) {
    try {
      const point = Point.fromBytes(scalarBytes(BigInt(y))).multiplyUnsafe(groupOrder - 1n)
      const rest = point.add(Point.fromBytes(scalarBytes(BigInt(y))))
      if (!rest.double().double().is0()) return rest
    } catch {
      // not on the curve
    }
  }
}

/** u of which the point is on the twist. */
function twisted(): Uint8Array {
  for (let u = 2n; ; u++) {
    const square = Point.Fp.mul(u, Point.Fp.add(Point.Fp.add(Point.Fp.sqr(u), Point.Fp.mul(486662n, u)), 1n))
    if (Point.Fp.pow(square, (p - 1n) / 2n) !== 1n) return scalarBytes(u)
  }
}

describe.each(backends)('$name', (backend) => {
  test('OMEMO S16: a new identity has sign bit 0, and either form gives the other', () => {
    for (let i = 0; i < 6; i++) {
      const identity = generateIdentity(backend)
      expect(identity.ed25519[31] as number).toBeLessThan(0x80)
      expect(hex(curveFromEd25519(identity.ed25519))).toBe(hex(identity.publicKey))
      expect(hex(ed25519FromCurve(identity.publicKey, 0))).toBe(hex(identity.ed25519))
      expect(hex(x25519.getPublicKey(identity.privateKey))).toBe(hex(identity.publicKey))
    }
  })

  test('OMEMO S15: any of the seven torsion points added to a key is noticed, in both forms', () => {
    const order8 = torsion()
    const identity = generateIdentity(backend)
    let mixed = Point.fromBytes(identity.ed25519)
    for (let i = 1; i < 8; i++) {
      mixed = mixed.add(order8)
      const wire = mixed.toBytes()
      expect(() => omemo2Profile.decodeIdentity(backend, wire)).toThrow(badKey)
      const legacy = legacyProfile.encodeKey(curveFromEd25519(wire))
      expect(() => legacyProfile.decodeIdentity(backend, legacy)).toThrow(badKey)
    }
    expect(mixed.add(order8).equals(Point.fromBytes(identity.ed25519))).toBe(true)
  })

  test('OMEMO S15: points of the twist, other encodings and other lengths are no identities', () => {
    const { publicKey, ed25519: edwards } = generateIdentity(backend)
    const unreduced = publicKey.slice()
    unreduced[31] = (unreduced[31] as number) | 0x80
    for (const key of [twisted(), unreduced, scalarBytes(p + 9n), publicKey.subarray(1)]) {
      expect(() => checkCurveKey(backend, key)).toThrow(badKey)
    }
    for (const key of [scalarBytes(p + 3n), scalarBytes(1n), scalarBytes(1n + (1n << 255n)), edwards.subarray(1)]) {
      expect(() => curveFromEd25519(key)).toThrow(badKey)
    }
    for (const key of [scalarBytes(p - 1n), scalarBytes(p), unreduced, publicKey.subarray(1)]) {
      expect(() => ed25519FromCurve(key, 0)).toThrow(badKey)
    }
    expect(isUsableCurveKey(publicKey)).toBe(true)
    expect(isUsableCurveKey(unreduced)).toBe(true)
    expect(isUsableCurveKey(publicKey.subarray(1))).toBe(false)
  })

  test('a signature is bound to every bit of key, message and itself', () => {
    const identity = generateIdentity(backend)
    const message = Uint8Array.of(1, 2, 3)
    const signature = omemo2Profile.sign(backend, identity, message)
    fc.assert(
      fc.property(fc.constantFrom('key', 'message', 'signature'), fc.nat(63), fc.nat(7), (what, at, bit) => {
        const [key, text, sig] = [identity.ed25519.slice(), message.slice(), signature.slice()]
        const target = what === 'key' ? key : what === 'message' ? text : sig
        const index = at % target.length
        target[index] = (target[index] as number) ^ (1 << bit)
        expect(verifySignature(backend, key, text, sig)).toBe(false)
      }),
      { numRuns: 30 },
    )
    expect(verifySignature(backend, identity.ed25519, message, signature)).toBe(true)
  })

  test('OMEMO S15: a signature that holds only up to torsion does not hold', () => {
    const identity = generateIdentity(backend)
    const message = Uint8Array.of(7)
    const scalar = scalarOf(signingScalar(identity.privateKey, 0))
    const nonce = 12345n
    const signed = (commitment: Uint8Array) => {
      const hash = sha512(concatBytes(commitment, identity.ed25519, message))
      return concatBytes(commitment, scalarBytes((nonce + scalarFromHash(hash) * scalar) % groupOrder))
    }
    const plain = Point.BASE.multiply(nonce)
    expect(verifySignature(backend, identity.ed25519, message, signed(plain.toBytes()))).toBe(true)
    expect(verifySignature(backend, identity.ed25519, message, signed(plain.add(torsion()).toBytes()))).toBe(false)
  })

  test('OMEMO S23: what was drawn for a key or a signature is wiped', () => {
    const drawn: Uint8Array[] = []
    const device = {
      ...backend,
      randomBytes: (length: number) => {
        const bytes = backend.randomBytes(length)
        drawn.push(bytes)
        return bytes
      },
    }
    generateKeyPair(device)
    omemo2Profile.sign(device, generateIdentity(device), new Uint8Array(1))
    expect(drawn.map(hex)).toEqual(['00'.repeat(32), '00'.repeat(32), '00'.repeat(64)])
  })

  test('two signatures of the same message differ: the nonce is drawn', () => {
    const identity = generateIdentity(backend)
    const message = new Uint8Array(3)
    expect(hex(omemo2Profile.sign(backend, identity, message))).not.toBe(
      hex(omemo2Profile.sign(backend, identity, message)),
    )
  })
})

test('both backends agree', () => {
  const [one, other] = backends as [(typeof backends)[0], (typeof backends)[0]]
  const length = fc.nat(80)
  fc.assert(
    fc.property(length, length, length, (a, b, c) => {
      const [first, second] = [generateKeyPair(one), generateKeyPair(other)]
      expect(hex(one.x25519(first.privateKey, second.publicKey))).toBe(
        hex(other.x25519(second.privateKey, first.publicKey)),
      )
      const [key, data, more] = [one.randomBytes(a), one.randomBytes(b), one.randomBytes(c)]
      expect(hex(one.hmacSha256(key, data, more))).toBe(hex(other.hmacSha256(key, data, more)))
      expect(hex(one.hkdfSha256(key, data, more, 1 + a))).toBe(hex(other.hkdfSha256(key, data, more, 1 + a)))
      expect(hex(one.hkdfSha256(undefined, data, more, 80))).toBe(hex(other.hkdfSha256(undefined, data, more, 80)))
    }),
    { numRuns: 60 },
  )
})

test('both backends agree on what is long, and on what is damaged', () => {
  const [one, other] = backends as [(typeof backends)[0], (typeof backends)[0]]
  for (const size of [0, 1, 100, 1535, 1536, 5000]) {
    const [key, iv, data] = [one.randomBytes(32), one.randomBytes(16), one.randomBytes(size)]
    expect(hex(one.hmacSha256(key, data))).toBe(hex(other.hmacSha256(key, data)))
    expect(hex(one.hmacSha256(key, iv, data))).toBe(hex(other.hmacSha256(key, iv, data)))
    const boxes = [
      ['aesCbcEncrypt', 'aesCbcDecrypt', key],
      ['aesGcmEncrypt', 'aesGcmDecrypt', key],
      ['aesGcmEncrypt', 'aesGcmDecrypt', key.subarray(0, 16)],
    ] as const
    for (const [seal, open, secret] of boxes) {
      const sealed = one[seal](secret, iv, data)
      expect(hex(other[seal](secret, iv, data))).toBe(hex(sealed))
      for (const backend of [one, other]) {
        expect(hex(backend[open](secret, iv, sealed) as Uint8Array)).toBe(hex(data))
        expect(backend[open](secret, iv, sealed.subarray(1))).toBeUndefined()
      }
    }
  }
})

test('a platform that cannot agree on keys, or does it wrong, is not used', () => {
  const [fallback, platform] = backends as [(typeof backends)[0], (typeof backends)[0]]
  const refuse = () => {
    throw new Error('not implemented')
  }
  expect(usableBackend(platform, fallback)).toBe(platform)
  expect(defaultBackend).toBe(platform)
  expect(usableBackend({ ...platform, x25519: refuse }, fallback)).toBe(fallback)
  expect(usableBackend({ ...platform, x25519: () => new Uint8Array(32) }, fallback)).toBe(fallback)
})

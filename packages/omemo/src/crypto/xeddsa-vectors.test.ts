import { describe, expect, test } from 'vitest'
import { backends, hex, scripted, unhex, vectors } from '../../test/omemo-vectors.js'
import { legacyProfile } from '../legacy/profile.js'
import { omemo2Profile } from '../omemo2/profile.js'
import {
  checkCurveKey,
  curveFromEd25519,
  ed25519FromCurve,
  identityFromPrivateKey,
  isUsableCurveKey,
  keyPairOf,
} from './identity.js'
import { sign } from './profile.js'
import { clampScalar } from './scalar.js'
import { ed25519Of, signingScalar, verifySignature, xeddsaSign } from './xeddsa.js'

interface Key {
  readonly priv: string
  readonly ed25519_pub: string
  readonly curve25519_pub: string
  readonly sign_bit: 0 | 1
  readonly ed25519_pub_sign0: string
  readonly ed25519_pub_sign1: string
  readonly priv_force_sign0: string
  readonly priv_force_sign1: string
  readonly x25519_pub_if_reclamped: { readonly force_sign0: string; readonly force_sign1: string }
}

interface Vectors {
  readonly keys: readonly Key[]
  readonly signatures: readonly {
    readonly key: number
    readonly msg: string
    readonly nonce: string
    readonly priv_sig: string
    readonly seed_sig_rfc8032: string
    readonly force_sign0_sig: string
    readonly libsignal_style_sig: string
  }[]
  readonly negative: readonly {
    readonly what: string
    readonly sig: string
    readonly ed25519_pub: string
    readonly msg: string
    readonly valid: boolean
  }[]
  readonly x25519: readonly Record<'a_priv' | 'a_pub' | 'b_priv' | 'b_pub' | 'shared', string>[]
  readonly x25519_low_order: readonly { readonly what: string; readonly u: string }[]
  readonly ed25519_bad_identity: readonly { readonly what: string; readonly ed25519_pub: string }[]
  readonly x25519_high_bit: Record<'priv' | 'pub' | 'pub_bit255_set' | 'self', string>
}

const { keys, signatures, negative, x25519, x25519_low_order, ed25519_bad_identity, x25519_high_bit } =
  vectors<Vectors>('xeddsa')
const badKey = expect.objectContaining({ code: 'bad-key' })

describe.each(backends)('$name', (backend) => {
  test.each(keys)('OMEMO A5: both forms of key $curve25519_pub, sign bit $sign_bit', (key) => {
    const curve = unhex(key.curve25519_pub)
    expect(hex(keyPairOf(backend, unhex(key.priv)).publicKey)).toBe(key.curve25519_pub)
    expect(hex(curveFromEd25519(unhex(key.ed25519_pub)))).toBe(key.curve25519_pub)
    expect(hex(ed25519FromCurve(curve, 0))).toBe(key.ed25519_pub_sign0)
    expect(hex(ed25519FromCurve(curve, 1))).toBe(key.ed25519_pub_sign1)
    expect(() => checkCurveKey(backend, curve)).not.toThrow()
    const both = [key.ed25519_pub_sign0, key.ed25519_pub_sign1]
    for (const wire of both) expect(hex(omemo2Profile.decodeIdentity(backend, unhex(wire)).curve25519)).toBe(hex(curve))
    for (const bit of [0, 1] as const) {
      const identity = identityFromPrivateKey(backend, unhex(key.priv), bit)
      expect(hex(identity.ed25519)).toBe(both[bit])
      expect(hex(identity.publicKey)).toBe(key.curve25519_pub)
      expect(hex(identity.privateKey)).toBe(key.priv)
    }
  })

  test.each(keys)('OMEMO S16: the negated scalar of $curve25519_pub signs, and is never clamped again', (key) => {
    for (const bit of [0, 1] as const) {
      const scalar = signingScalar(unhex(key.priv), bit)
      expect(hex(scalar)).toBe(bit === 0 ? key.priv_force_sign0 : key.priv_force_sign1)
      expect(hex(ed25519Of(scalar))).toBe(bit === 0 ? key.ed25519_pub_sign0 : key.ed25519_pub_sign1)
      const reclamped = hex(keyPairOf(backend, clampScalar(scalar)).publicKey)
      expect(reclamped).toBe(key.x25519_pub_if_reclamped[bit === 0 ? 'force_sign0' : 'force_sign1'])
      if (bit !== key.sign_bit) expect(reclamped).not.toBe(key.curve25519_pub)
    }
  })

  test('OMEMO A1: 60 signatures, made and verified', () => {
    for (const vector of signatures) {
      const key = keys[vector.key] as Key
      const [message, nonce] = [unhex(vector.msg), unhex(vector.nonce)]
      const publicKey = unhex(key.ed25519_pub)
      expect(hex(xeddsaSign(unhex(key.priv), publicKey, message, nonce))).toBe(vector.priv_sig)
      const identity = identityFromPrivateKey(backend, unhex(key.priv))
      const forced = sign(scripted(backend, [vector.nonce]), omemo2Profile, identity, message)
      expect(hex(forced)).toBe(vector.force_sign0_sig)
      expect(verifySignature(backend, identity.ed25519, message, forced)).toBe(true)
      for (const signature of [vector.priv_sig, vector.seed_sig_rfc8032]) {
        expect(verifySignature(backend, publicKey, message, unhex(signature))).toBe(true)
      }
    }
  })

  test('OMEMO A5: the sign bit of 0.3 stands in bit 7 of the last byte', () => {
    for (const vector of signatures) {
      const key = keys[vector.key] as Key
      const message = unhex(vector.msg)
      const identity = identityFromPrivateKey(backend, unhex(key.priv), key.sign_bit)
      const signature = sign(scripted(backend, [vector.nonce]), legacyProfile, identity, message)
      expect(hex(signature)).toBe(vector.libsignal_style_sig)
      const remote = legacyProfile.decodeIdentity(backend, legacyProfile.encodeIdentity(identity))
      expect(legacyProfile.verify(backend, remote, message, signature)).toBe(true)
      signature[63] = (signature[63] as number) ^ 0x80
      expect(legacyProfile.verify(backend, remote, message, signature)).toBe(false)
      expect(legacyProfile.verify(backend, remote, message, signature.subarray(1))).toBe(false)
    }
  })

  test('OMEMO S15: 72 signatures that are not', () => {
    for (const { what, sig, ed25519_pub, msg, valid } of negative) {
      expect(verifySignature(backend, unhex(ed25519_pub), unhex(msg), unhex(sig)), what).toBe(valid)
    }
    const [{ ed25519_pub, msg, sig }] = negative as [(typeof negative)[0]]
    expect(verifySignature(backend, unhex(ed25519_pub), unhex(msg), unhex(sig).subarray(1))).toBe(false)
    expect(verifySignature(backend, unhex(ed25519_pub).subarray(1), unhex(msg), unhex(sig))).toBe(false)
    const offCurve = new Uint8Array(32).fill(2, 0, 1)
    expect(verifySignature(backend, offCurve, unhex(msg), unhex(sig))).toBe(false)
  })

  test('OMEMO A1: shared secrets', () => {
    for (const { a_priv, a_pub, b_priv, b_pub, shared } of x25519) {
      expect(hex(backend.x25519(unhex(a_priv), unhex(b_pub)))).toBe(shared)
      expect(hex(backend.x25519(unhex(b_priv), unhex(a_pub)))).toBe(shared)
    }
    const { priv, pub, pub_bit255_set, self } = x25519_high_bit
    expect(hex(backend.x25519PublicKey(unhex(priv)))).toBe(pub)
    expect(hex(backend.x25519(unhex(priv), unhex(pub)))).toBe(self)
    expect(hex(backend.x25519(unhex(priv), unhex(pub_bit255_set)))).toBe(self)
  })

  test.each(x25519_low_order)('OMEMO S15: $what has low order', ({ u }) => {
    expect(() => backend.x25519(unhex(x25519_high_bit.priv), unhex(u))).toThrow(badKey)
    expect(() => checkCurveKey(backend, unhex(u))).toThrow(badKey)
    expect(isUsableCurveKey(unhex(u))).toBe(false)
    const withBit255 = unhex(u)
    withBit255[31] = (withBit255[31] as number) | 0x80
    expect(isUsableCurveKey(withBit255)).toBe(false)
  })

  test.each(ed25519_bad_identity)('OMEMO S15: no identity: $what', ({ ed25519_pub }) => {
    expect(() => omemo2Profile.decodeIdentity(backend, unhex(ed25519_pub))).toThrow(badKey)
  })
})

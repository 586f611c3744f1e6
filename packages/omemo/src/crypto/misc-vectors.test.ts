import { describe, expect, test } from 'vitest'
import { backends, hex, unhex, vectors } from '../../test/omemo-vectors.js'
import { decryptLegacyPayload } from '../legacy/payload.js'
import { legacyProfile } from '../legacy/profile.js'
import { decryptOmemo2Payload } from '../omemo2/payload.js'
import { omemo2Profile } from '../omemo2/profile.js'
import { concatBytes, utf8Bytes } from './bytes.js'
import { parseMessage } from './profile.js'
import { verifySignature } from './xeddsa.js'

interface Encoding {
  readonly n: number
  readonly pn: number
  readonly dh: string
  readonly ciphertext: string
  readonly mac: string
  readonly pk_id: number
  readonly spk_id: number
  readonly ik: string
  readonly ek: string
  readonly omemo2: Record<
    'OMEMOMessage' | 'OMEMOMessage_header_only' | 'OMEMOAuthenticatedMessage' | 'OMEMOKeyExchange',
    string
  >
  readonly axolotl: Record<
    | 'SignalMessage_without_mac'
    | 'SignalMessage'
    | 'PreKeySignalMessage'
    | 'PreKeySignalMessage_with_registrationId_4711',
    string
  >
}

interface Misc {
  readonly payload_omemo2: readonly {
    readonly plaintext: string
    readonly key: string
    readonly hkdf80: string
    readonly ciphertext: string
    readonly key_material_for_ratchet: string
  }[]
  readonly payload_axolotl: readonly {
    readonly what?: string
    readonly plaintext: string
    readonly iv: string
    readonly ciphertext_without_tag?: string
    readonly ciphertext_with_tag?: string
    readonly key_material_for_ratchet: string
  }[]
  readonly aesgcm_files: readonly { readonly url: string; readonly plaintext: string; readonly file: string }[]
  readonly protobuf: readonly Encoding[]
  readonly label_signatures_0_9: readonly {
    readonly label: string
    readonly ed25519_pub: string
    readonly labelsig_b64: string
    readonly labelsig_rfc8032_b64: string
  }[]
}

const misc = vectors<Misc>('misc')

describe('OMEMO A1: encodings', () => {
  test.each(misc.protobuf)('omemo:2, n = $n, pn = $pn', (vector) => {
    const header = { ratchetKey: unhex(vector.dh), n: vector.n, pn: vector.pn }
    const exchange = { preKeyId: vector.pk_id, signedPreKeyId: vector.spk_id, ephemeralKey: unhex(vector.ek) }
    const message = omemo2Profile.encodeMessage(header, unhex(vector.ciphertext))
    const sealed = omemo2Profile.seal(message, unhex(vector.mac))
    const kex = omemo2Profile.encodeExchange(exchange, unhex(vector.ik), sealed)
    expect(hex(message)).toBe(vector.omemo2.OMEMOMessage)
    expect(hex(sealed)).toBe(vector.omemo2.OMEMOAuthenticatedMessage)
    expect(hex(kex)).toBe(vector.omemo2.OMEMOKeyExchange)
    const read = {
      kind: 'message',
      ...header,
      ciphertext: unhex(vector.ciphertext),
      authenticated: message,
      mac: unhex(vector.mac),
    }
    expect(parseMessage(omemo2Profile, sealed)).toEqual(read)
    expect(parseMessage(omemo2Profile, kex)).toEqual({
      kind: 'key-exchange',
      ...exchange,
      identityKey: unhex(vector.ik),
      message: read,
    })
    const bare = omemo2Profile.seal(unhex(vector.omemo2.OMEMOMessage_header_only), unhex(vector.mac))
    expect(parseMessage(omemo2Profile, bare)).toMatchObject({ ...header, ciphertext: new Uint8Array(0) })
  })

  test.each(misc.protobuf)('0.3, n = $n, pn = $pn', (vector) => {
    const header = { ratchetKey: unhex(vector.dh), n: vector.n, pn: vector.pn }
    const exchange = { preKeyId: vector.pk_id, signedPreKeyId: vector.spk_id, ephemeralKey: unhex(vector.ek) }
    const identityKey = legacyProfile.encodeKey(unhex(vector.ik))
    const message = legacyProfile.encodeMessage(header, unhex(vector.ciphertext))
    const sealed = legacyProfile.seal(message, unhex(vector.mac).subarray(0, 8))
    const kex = legacyProfile.encodeExchange(exchange, identityKey, sealed)
    const named = legacyProfile.encodeExchange({ ...exchange, registrationId: 4711 }, identityKey, sealed)
    expect(hex(message)).toBe(vector.axolotl.SignalMessage_without_mac)
    expect(hex(sealed)).toBe(vector.axolotl.SignalMessage)
    expect(hex(kex)).toBe(vector.axolotl.PreKeySignalMessage)
    expect(hex(named)).toBe(vector.axolotl.PreKeySignalMessage_with_registrationId_4711)
    const read = {
      kind: 'message',
      ...header,
      ciphertext: unhex(vector.ciphertext),
      authenticated: message,
      mac: unhex(vector.mac).subarray(0, 8),
    }
    expect(parseMessage(legacyProfile, sealed)).toEqual(read)
    const wanted = { kind: 'key-exchange', ...exchange, identityKey, message: read }
    expect(parseMessage(legacyProfile, kex)).toEqual({ ...wanted, registrationId: undefined })
    expect(parseMessage(legacyProfile, named)).toEqual({ ...wanted, registrationId: 4711 })
  })
})

describe.each(backends)('$name', (backend) => {
  test('OMEMO A1: payloads of omemo:2', () => {
    for (const { plaintext, key, hkdf80, ciphertext, key_material_for_ratchet } of misc.payload_omemo2) {
      const keyMaterial = unhex(key_material_for_ratchet)
      expect(hex(backend.hkdfSha256(undefined, unhex(key), utf8Bytes('OMEMO Payload'), 80))).toBe(hkdf80)
      expect(hex(decryptOmemo2Payload(backend, { payload: unhex(ciphertext), keyMaterial }))).toBe(plaintext)
    }
  })

  test('OMEMO F20: payloads of 0.3, with initialisation vectors of 12 and 16 bytes', () => {
    const accepted = misc.payload_axolotl.filter(({ ciphertext_without_tag }) => ciphertext_without_tag !== undefined)
    expect(new Set(accepted.map(({ iv }) => iv.length / 2))).toEqual(new Set([12, 16]))
    for (const { plaintext, iv, ciphertext_without_tag, key_material_for_ratchet } of accepted) {
      const keyMaterial = unhex(key_material_for_ratchet)
      const payload = unhex(ciphertext_without_tag as string)
      expect(hex(decryptLegacyPayload(backend, { payload, iv: unhex(iv), keyMaterial }))).toBe(plaintext)
    }
  })

  test('OMEMO S1: a payload that carries its own tag, as until 2017, is refused', () => {
    const old = misc.payload_axolotl.find(({ ciphertext_with_tag }) => ciphertext_with_tag !== undefined)
    const keyMaterial = unhex(old?.key_material_for_ratchet as string)
    const payload = unhex(old?.ciphertext_with_tag as string)
    const attempt = () => decryptLegacyPayload(backend, { payload, iv: unhex(old?.iv as string), keyMaterial })
    expect(attempt).toThrow(expect.objectContaining({ code: 'obsolete-payload' }))
  })

  test('OMEMO F20: wrong lengths are malformed, whatever is not authentic is one error', () => {
    const malformed = expect.objectContaining({ code: 'malformed' })
    const notAuthentic = expect.objectContaining({ code: 'bad-mac', message: 'the message is not authentic' })
    const [legacy] = misc.payload_axolotl as [Misc['payload_axolotl'][0]]
    const good = {
      payload: unhex(legacy.ciphertext_without_tag as string),
      iv: unhex(legacy.iv),
      keyMaterial: unhex(legacy.key_material_for_ratchet),
    }
    for (const change of [
      { iv: new Uint8Array(13) },
      { keyMaterial: new Uint8Array(33) },
      { keyMaterial: new Uint8Array(0) },
    ]) {
      expect(() => decryptLegacyPayload(backend, { ...good, ...change })).toThrow(malformed)
    }
    for (const change of [
      { iv: new Uint8Array(12) },
      { keyMaterial: new Uint8Array(32) },
      { payload: concatBytes(good.payload, good.iv) },
    ]) {
      expect(() => decryptLegacyPayload(backend, { ...good, ...change })).toThrow(notAuthentic)
    }
    const [vector] = misc.payload_omemo2 as [Misc['payload_omemo2'][0]]
    const newer = { payload: unhex(vector.ciphertext), keyMaterial: unhex(vector.key_material_for_ratchet) }
    expect(() => decryptOmemo2Payload(backend, { ...newer, keyMaterial: new Uint8Array(32) })).toThrow(malformed)
    for (const payload of [newer.payload.subarray(1), new Uint8Array(0), newer.payload.with(0, 0)]) {
      expect(() => decryptOmemo2Payload(backend, { ...newer, payload })).toThrow(notAuthentic)
    }
    // Damage that leaves the padding valid: only the MAC can notice it.
    const long = misc.payload_omemo2.at(-1) as Misc['payload_omemo2'][0]
    const payload = unhex(long.ciphertext)
    const keyMaterial = unhex(long.key_material_for_ratchet)
    const flipped = payload.with(0, (payload[0] as number) ^ 1)
    expect(() => decryptOmemo2Payload(backend, { payload: flipped, keyMaterial })).toThrow(notAuthentic)
    for (const at of [32, 47]) {
      const forged = keyMaterial.with(at, (keyMaterial[at] as number) ^ 1)
      expect(() => decryptOmemo2Payload(backend, { payload, keyMaterial: forged })).toThrow(notAuthentic)
    }
  })

  test('OMEMO F25: files', () => {
    for (const { url, plaintext, file } of misc.aesgcm_files) {
      const secret = unhex(url.slice(url.indexOf('#') + 1))
      const [iv, key] = [secret.subarray(0, -32), secret.subarray(-32)]
      expect(hex(backend.aesGcmDecrypt(key, iv, unhex(file)) as Uint8Array)).toBe(plaintext)
      expect(hex(backend.aesGcmEncrypt(key, iv, unhex(plaintext)))).toBe(file)
    }
  })

  test('OMEMO S25: signatures of labels', () => {
    for (const { label, ed25519_pub, labelsig_b64, labelsig_rfc8032_b64 } of misc.label_signatures_0_9) {
      for (const text of [labelsig_b64, labelsig_rfc8032_b64]) {
        const signature = Uint8Array.from(Buffer.from(text, 'base64'))
        expect(verifySignature(backend, unhex(ed25519_pub), utf8Bytes(label), signature)).toBe(true)
        expect(verifySignature(backend, unhex(ed25519_pub), utf8Bytes(`${label}!`), signature)).toBe(false)
      }
    }
  })
})

import { Jid, type XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import type { CryptoBackend } from '../../../omemo/src/crypto/backend.js'
import { generateKeyPair, identityFromPrivateKey, type KeyPair } from '../../../omemo/src/crypto/identity.js'
import { type Profile, parseMessage } from '../../../omemo/src/crypto/profile.js'
import { decrypt, encrypt } from '../../../omemo/src/crypto/ratchet.js'
import type { Session } from '../../../omemo/src/crypto/session.js'
import { decodeSession, encodeSession } from '../../../omemo/src/crypto/session-encoding.js'
import { initiate, isExchangeOf, respond, verifyBundle } from '../../../omemo/src/crypto/x3dh.js'
import { LegacyBundle, LegacyEncrypted } from '../../../omemo/src/legacy/elements.js'
import { decryptLegacyPayload, encryptLegacyPayload } from '../../../omemo/src/legacy/payload.js'
import { legacyProfile } from '../../../omemo/src/legacy/profile.js'
import { Bundle, Encrypted } from '../../../omemo/src/omemo2/elements.js'
import { decryptOmemo2Payload, encryptOmemo2Payload } from '../../../omemo/src/omemo2/payload.js'
import { omemo2Profile } from '../../../omemo/src/omemo2/profile.js'
import { NS_LEGACY, type Version } from './elements.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What a device has to know of another one. */
export interface Contact {
  readonly jid: string
  readonly device: number
  /** What it has published, as XML. */
  readonly bundle: string
}

/** What was decrypted; without a text the message was an empty one. */
export interface Plain {
  readonly text: string | undefined
  readonly wasKeyExchange: boolean
}

/**
 * The cryptography of `@couplet/omemo` as one device with one contact, and nothing else of it: no plugin, store or server.
 * Its session lives in bytes, as in a store.
 */
export class BareDevice {
  readonly jid = 'juliet@couplet.example'
  readonly device = 4223
  readonly #version: Version
  readonly #backend: CryptoBackend
  readonly #profile: Profile
  readonly #identity
  readonly #signedPreKey: { readonly id: number; readonly pair: KeyPair }
  readonly #preKeys: Map<number, KeyPair>
  #session: Uint8Array | undefined

  constructor(version: Version, backend: CryptoBackend, signBit: 0 | 1) {
    this.#backend = backend
    this.#signedPreKey = { id: 7, pair: generateKeyPair(backend) }
    this.#preKeys = new Map([1, 2, 3, 4, 5].map((id) => [id, generateKeyPair(backend)]))
    this.#version = version
    this.#profile = version === NS_LEGACY ? legacyProfile : omemo2Profile
    this.#identity = identityFromPrivateKey(backend, backend.randomBytes(32), signBit)
  }

  /** What it publishes. */
  get bundle(): XmlElement {
    const { encodeKey, encodeIdentity, sign } = this.#profile
    const publicKey = encodeKey(this.#signedPreKey.pair.publicKey)
    return (this.#version === NS_LEGACY ? LegacyBundle : Bundle).build({
      signedPreKey: { id: this.#signedPreKey.id, publicKey },
      signature: sign(this.#backend, this.#identity, publicKey),
      identityKey: encodeIdentity(this.#identity),
      preKeys: { keys: [...this.#preKeys].map(([id, pair]) => ({ id, publicKey: encodeKey(pair.publicKey) })) },
    })
  }

  /** Encrypts for the contact, in the session there is or in a new one. */
  encrypt(contact: Contact, text: string): XmlElement {
    const plaintext = new TextEncoder().encode(text)
    const { keyMaterial, payload, iv } = this.#seal(plaintext)
    const session = this.#session ? decodeSession(this.#session) : this.#initiate(contact.bundle)
    const { session: next, bytes, isKeyExchange } = encrypt(this.#backend, this.#profile, session, keyMaterial)
    this.#session = encodeSession(next)
    const key = { rid: contact.device, kex: isKeyExchange ? true : undefined, bytes }
    if (iv) return LegacyEncrypted({ header: { sid: this.device, keys: [key], iv }, payload })
    const recipients = [{ jid: Jid.parse(contact.jid), keys: [key] }]
    return Encrypted({ header: { sid: this.device, recipients }, payload })
  }

  /** Decrypts what the contact has sent. A new key exchange takes the place of the session, once it has proven itself. */
  decrypt(xml: string): Plain {
    const { bytes, payload, iv } = this.#open(parseXml(xml))
    const parsed = parseMessage(this.#profile, bytes)
    const wasKeyExchange = parsed.kind === 'key-exchange'
    const message = wasKeyExchange ? parsed.message : parsed
    const known = this.#session && decodeSession(this.#session)
    const isNew = wasKeyExchange && !(known && isExchangeOf(known, parsed))
    const session = isNew ? this.#respond(parsed) : known
    if (session === undefined) throw new Error('no session')
    const { session: next, plaintext: keyMaterial } = decrypt(this.#backend, this.#profile, session, message)
    this.#session = encodeSession(next)
    if (payload === undefined) return { text: undefined, wasKeyExchange }
    const plaintext = iv
      ? decryptLegacyPayload(this.#backend, { payload, iv, keyMaterial })
      : decryptOmemo2Payload(this.#backend, { payload, keyMaterial })
    return { text: utf8.decode(plaintext), wasKeyExchange }
  }

  #initiate(xml: string): Session {
    const element = parseXml(xml)
    const read = element.ns === NS_LEGACY ? LegacyBundle.parse(element) : Bundle.parse(element)
    if (!('signedPreKey' in read)) throw new Error('the bundle of the contact cannot be read')
    const { signedPreKey, signature, identityKey, preKeys } = read
    const bundle = verifyBundle(this.#backend, this.#profile, {
      identityKey,
      signedPreKey: { ...signedPreKey, signature },
      preKeys: preKeys.keys,
    })
    const preKeyId = bundle.preKeys[0]?.id ?? 0
    return initiate(this.#backend, this.#profile, {
      identity: this.#identity,
      bundle,
      preKeyId,
      registrationId: this.device,
    })
  }

  #respond(exchange: Parameters<typeof respond>[2]['exchange']): Session {
    const preKey = this.#preKeys.get(exchange.preKeyId)
    if (preKey === undefined || exchange.signedPreKeyId !== this.#signedPreKey.id) throw new Error('no such prekey')
    this.#preKeys.delete(exchange.preKeyId)
    const signedPreKey = this.#signedPreKey.pair
    return respond(this.#backend, this.#profile, { identity: this.#identity, signedPreKey, preKey, exchange })
  }

  #seal(plaintext: Uint8Array): { keyMaterial: Uint8Array; payload: Uint8Array; iv?: Uint8Array } {
    if (this.#version === NS_LEGACY) return encryptLegacyPayload(this.#backend, plaintext)
    return encryptOmemo2Payload(this.#backend, plaintext)
  }

  #open(element: XmlElement): { bytes: Uint8Array; payload?: Uint8Array | undefined; iv?: Uint8Array | undefined } {
    const legacy = element.ns === NS_LEGACY ? LegacyEncrypted.parse(element) : undefined
    const modern = element.ns === NS_LEGACY ? undefined : Encrypted.parse(element)
    const read = legacy ?? modern
    if (read === undefined || !('header' in read)) throw new Error('the message of the contact cannot be read')
    const keys = 'keys' in read.header ? read.header.keys : read.header.recipients.flatMap((each) => each.keys)
    const bytes = keys.find(({ rid }) => rid === this.device)?.bytes
    if (bytes === undefined) throw new Error('nothing for this device')
    return { bytes, payload: read.payload, iv: 'iv' in read.header ? read.header.iv : undefined }
  }
}

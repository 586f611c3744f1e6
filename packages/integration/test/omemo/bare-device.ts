import { Jid, type XmlElement } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import type { CryptoBackend } from '../../../omemo/src/crypto/backend.js'
import { LegacyBundle, LegacyEncrypted } from '../../../omemo/src/legacy/elements.js'
import { decryptLegacyPayload, encryptLegacyPayload } from '../../../omemo/src/legacy/payload.js'
import { Bundle, Encrypted } from '../../../omemo/src/omemo2/elements.js'
import { decryptOmemo2Payload, encryptOmemo2Payload } from '../../../omemo/src/omemo2/payload.js'
import type { BundleValue } from '../../../omemo/src/wire/version.js'
import { NS_LEGACY, type Version } from './elements.js'
import { RatchetDevice } from './ratchet-device.js'

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

/** A `RatchetDevice` with whole elements: bundles, and messages with a payload. No plugin, store or server. */
export class BareDevice {
  readonly #version: Version
  readonly #backend: CryptoBackend
  readonly #ratchet: RatchetDevice

  constructor(version: Version, backend: CryptoBackend, signBit: 0 | 1) {
    this.#version = version
    this.#backend = backend
    this.#ratchet = new RatchetDevice(version, backend, signBit)
  }

  get jid(): string {
    return this.#ratchet.jid
  }

  get device(): number {
    return this.#ratchet.device
  }

  /** What it publishes. */
  get bundle(): XmlElement {
    return (this.#version === NS_LEGACY ? LegacyBundle : Bundle).build(this.#ratchet.bundle)
  }

  /** Encrypts for the contact, in the session there is or in a new one. */
  encrypt(contact: Contact, text: string): XmlElement {
    const plaintext = new TextEncoder().encode(text)
    const { keyMaterial, payload, iv } = this.#seal(plaintext)
    if (!this.#ratchet.hasSession) this.#ratchet.begin(readBundle(contact.bundle))
    const { bytes, isKeyExchange } = this.#ratchet.encrypt(keyMaterial)
    const key = { rid: contact.device, kex: isKeyExchange ? true : undefined, bytes }
    if (iv) return LegacyEncrypted({ header: { sid: this.device, keys: [key], iv }, payload })
    const recipients = [{ jid: Jid.parse(contact.jid), keys: [key] }]
    return Encrypted({ header: { sid: this.device, recipients }, payload })
  }

  /** Decrypts what the contact has sent. */
  decrypt(xml: string): Plain {
    const { bytes, payload, iv } = this.#open(parseXml(xml))
    const { plaintext: keyMaterial, wasKeyExchange } = this.#ratchet.decrypt(bytes)
    if (payload === undefined) return { text: undefined, wasKeyExchange }
    const plaintext = iv
      ? decryptLegacyPayload(this.#backend, { payload, iv, keyMaterial })
      : decryptOmemo2Payload(this.#backend, { payload, keyMaterial })
    return { text: utf8.decode(plaintext), wasKeyExchange }
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

function readBundle(xml: string): BundleValue {
  const element = parseXml(xml)
  const read = element.ns === NS_LEGACY ? LegacyBundle.parse(element) : Bundle.parse(element)
  if (!('signedPreKey' in read)) throw new Error('the bundle of the contact cannot be read')
  return read
}

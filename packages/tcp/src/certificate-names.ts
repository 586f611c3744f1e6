import { content, type DerValue, derTag, hex, inside, readAll } from './der.js'

/** The subject alternative names of a certificate that can speak for a domain, as they stand in it. */
export interface CertificateNames {
  /** dNSName (RFC 5280 §4.2.1.6), perhaps with a wildcard. */
  readonly dns: readonly string[]
  /** iPAddress: 4 or 16 bytes. */
  readonly addresses: readonly Uint8Array[]
  /** SRVName (RFC 4985): `_xmpp-client.example.org`. */
  readonly services: readonly string[]
  /** XmppAddr (RFC 6120 §13.7.1.4): a JID. */
  readonly jids: readonly string[]
}

const none: CertificateNames = { dns: [], addresses: [], services: [], jids: [] }

/** Identifiers as hex of their content: subjectAltName, id-on-dnsSRV and id-on-xmppAddr. */
const identifiers = { altNames: '551d11', service: '2b06010505070807', jid: '2b06010505070805' } as const

/** Context-specific tags: of the certificate, and of GeneralName (RFC 5280 §4.1, §4.2.1.6). */
const version = 0xa0
const extensionList = 0xa3
const nameTag = { other: 0xa0, dns: 0x82, address: 0x87 } as const

/** The fields of `tbsCertificate`, the version left out: it is optional. */
function fieldsOf(certificate: Uint8Array): readonly DerValue[] {
  const [whole, ...more] = readAll(certificate, 0, certificate.length)
  if (whole?.tag !== derTag.sequence || more.length > 0) return []
  const [signed] = inside(certificate, whole)
  if (signed?.tag !== derTag.sequence) return []
  return inside(certificate, signed).filter(({ tag }, index) => index > 0 || tag !== version)
}

/**
 * The public key of a certificate as it stands in it: the DER of SubjectPublicKeyInfo, which pins are made of (RFC 7469 §2.4).
 *
 * @returns `undefined` if the certificate is malformed
 */
export function publicKeyInfo(certificate: Uint8Array): Uint8Array | undefined {
  const key = fieldsOf(certificate)[5] // after serial number, signature, issuer, validity and subject
  if (key?.tag !== derTag.sequence) return undefined
  return certificate.subarray(key.at, key.end)
}

/**
 * Reads the alternative names from the DER. Node only has them as text, where one name can pose as several, and without the
 * forms that RFC 6120 §13.7.1.2 adds. A certificate that is malformed has none.
 */
export function certificateNames(certificate: Uint8Array): CertificateNames {
  const list = fieldsOf(certificate).filter(({ tag }) => tag === extensionList)
  const [extensions] = list.flatMap((value) => inside(certificate, value))
  if (extensions?.tag !== derTag.sequence) return none
  const found = inside(certificate, extensions).flatMap((extension) => altNames(certificate, extension))
  const [names, ...more] = found
  // RFC 5280 §4.2: each extension is there once.
  if (names?.tag !== derTag.sequence || more.length > 0) return none
  return sort(certificate, inside(certificate, names))
}

/** `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }`: what is inside, if it is the one. */
function altNames(der: Uint8Array, extension: DerValue): readonly DerValue[] {
  const parts = inside(der, extension)
  const [identifier] = parts
  const value = parts.at(-1)
  if (identifier?.tag !== derTag.objectIdentifier || hex(der, identifier) !== identifiers.altNames) return []
  return value?.tag === derTag.octetString ? inside(der, value) : []
}

function sort(der: Uint8Array, names: readonly DerValue[]): CertificateNames {
  const dns: string[] = []
  const addresses: Uint8Array[] = []
  const services: string[] = []
  const jids: string[] = []
  for (const name of names) {
    if (name.tag === nameTag.dns) dns.push(latin1(der, name))
    if (name.tag === nameTag.address) addresses.push(content(der, name))
    if (name.tag !== nameTag.other) continue
    const other = otherName(der, name)
    if (other?.id === identifiers.service && other.value.tag === derTag.ia5String) {
      services.push(latin1(der, other.value))
    }
    if (other?.id === identifiers.jid && other.value.tag === derTag.utf8String) jids.push(...utf8(der, other.value))
  }
  return { dns, addresses, services, jids }
}

/** `OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }`. */
function otherName(der: Uint8Array, name: DerValue): { readonly id: string; readonly value: DerValue } | undefined {
  const [identifier, wrapped, ...more] = inside(der, name)
  if (identifier?.tag !== derTag.objectIdentifier || wrapped?.tag !== 0xa0 || more.length > 0) return undefined
  const [value, ...others] = inside(der, wrapped)
  return value === undefined || others.length > 0 ? undefined : { id: hex(der, identifier), value }
}

const latin1 = (der: Uint8Array, value: DerValue): string => Buffer.from(content(der, value)).toString('latin1')

function utf8(der: Uint8Array, value: DerValue): readonly string[] {
  try {
    return [new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content(der, value))]
  } catch {
    return []
  }
}

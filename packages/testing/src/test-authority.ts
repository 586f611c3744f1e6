import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import * as der from './der.js'

/** A certificate and its private key, both PEM: what `tls.createServer` takes. */
export interface TestCertificate {
  /** The certificate, as PEM. */
  readonly cert: string
  /** Its private key, as PEM. */
  readonly key: string
}

/** What is to be certified; without `names`, nothing a client would accept. */
export interface CertificateOptions {
  /** Domain names (with a wildcard if need be) and IP addresses. */
  readonly names?: readonly string[]
  /** Service names such as `_xmpp-client.example.org` (RFC 6120 §13.7.1.2). */
  readonly srvNames?: readonly string[]
  /** JIDs (RFC 6120 §13.7.1.4). */
  readonly xmppAddresses?: readonly string[]
  /** The common name; default the first name or JID. */
  readonly commonName?: string
  /** More content for the list of alternative names, as DER. */
  readonly altNames?: Uint8Array
  /** Whether it ended yesterday. */
  readonly expired?: boolean
  /** Whether it begins tomorrow. */
  readonly notYetValid?: boolean
  /** Whether it vouches for itself instead of being issued by the authority. */
  readonly selfSigned?: boolean
}

/** A certificate authority that exists for a test. */
export interface TestAuthority {
  /** Its certificate as PEM, for the `ca` option of a client. */
  readonly ca: string
  /** Issues a certificate with a new P-256 key. */
  certificate(options?: CertificateOptions): TestCertificate
}

interface Party {
  readonly name: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

interface Validity {
  readonly from: Date
  readonly to: Date
}

const ecdsaWithSha256 = der.sequence(der.oid('1.2.840.10045.4.3.2'))
const day = 86_400_000

/** Makes a certificate authority in memory: no openssl, no files, a millisecond. */
export function testAuthority(): TestAuthority {
  const root = party('Couplet test CA')
  const rootExtensions = [basicConstraints(true), keyUsage(0x06, 1), subjectKey(root)]
  const ca = certify(root, root, validity({}), rootExtensions)
  return {
    ca,
    certificate(options = {}) {
      const [name = options.xmppAddresses?.[0] ?? 'nobody'] = options.names ?? []
      const subject = party(options.commonName ?? name)
      const issuer = options.selfSigned ? subject : root
      const extensions: Uint8Array[] = [basicConstraints(false), keyUsage(0x80, 7), extendedKeyUsage()]
      extensions.push(subjectKey(subject), authorityKey(issuer), ...alternativeNames(options))
      return {
        cert: certify(subject, issuer, validity(options), extensions),
        key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}

const party = (name: string): Party => ({ name, ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) })

function validity({ expired, notYetValid }: CertificateOptions): Validity {
  const now = Date.now()
  const from = new Date(now + (notYetValid ? day : -30 * day))
  return { from, to: new Date(now + (expired ? -day : 30 * day)) }
}

/** RFC 5280 §4.1. */
function certify(subject: Party, issuer: Party, { from, to }: Validity, extensions: readonly Uint8Array[]): string {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40 // positive, and without a leading zero
  const signed = der.sequence(
    der.tagged(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ecdsaWithSha256,
    distinguishedName(issuer),
    der.sequence(der.utcTime(from), der.utcTime(to)),
    distinguishedName(subject),
    publicKeyInfo(subject),
    der.tagged(3, der.sequence(...extensions)),
  )
  const signature = der.bitString(sign('sha256', signed, issuer.privateKey))
  const base64 = der.sequence(signed, ecdsaWithSha256, signature).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

const distinguishedName = ({ name }: Party): Buffer =>
  // RFC 5280 appendix A.1 ends a common name after 64 characters.
  der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String(name.slice(0, 64)))))

const publicKeyInfo = ({ publicKey }: Party): Buffer => publicKey.export({ type: 'spki', format: 'der' })

const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.yes] : []), der.octetString(value))

const basicConstraints = (authority: boolean): Buffer =>
  extension('2.5.29.19', true, der.sequence(...(authority ? [der.yes] : [])))

const keyUsage = (bits: number, unused: number): Buffer =>
  extension('2.5.29.15', true, der.bitString(Buffer.from([bits]), unused))

const extendedKeyUsage = (): Buffer =>
  extension('2.5.29.37', false, der.sequence(der.oid('1.3.6.1.5.5.7.3.1'), der.oid('1.3.6.1.5.5.7.3.2')))

/** Any unique identifier will do (RFC 5280 §4.2.1.2). */
const keyIdentifier = (owner: Party): Buffer => createHash('sha256').update(publicKeyInfo(owner)).digest().subarray(12)

const subjectKey = (owner: Party): Buffer => extension('2.5.29.14', false, der.octetString(keyIdentifier(owner)))

const authorityKey = (issuer: Party): Buffer =>
  extension('2.5.29.35', false, der.sequence(der.implicit(0, keyIdentifier(issuer))))

/** RFC 5280 §4.2.1.6, with the otherName forms of RFC 6120 §13.7.1.4 and RFC 4985. */
function alternativeNames({
  names = [],
  srvNames = [],
  xmppAddresses = [],
  altNames,
}: CertificateOptions): Uint8Array[] {
  const other = (id: string, value: Uint8Array): Buffer => der.tagged(0, der.oid(id), der.tagged(0, value))
  const entries: Uint8Array[] = [
    ...names.map((name) =>
      isIP(name) ? der.implicit(7, addressBytes(name)) : der.implicit(2, Buffer.from(name, 'latin1')),
    ),
    ...srvNames.map((name) => other('1.3.6.1.5.5.7.8.7', der.ia5String(name))),
    ...xmppAddresses.map((address) => other('1.3.6.1.5.5.7.8.5', der.utf8String(address))),
    ...(altNames ? [altNames] : []),
  ]
  return entries.length === 0 ? [] : [extension('2.5.29.17', false, der.sequence(...entries))]
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes an IPv6 address in one way, so only `::` is left to expand.
  const compact = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = compact.split('::')
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : [])
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

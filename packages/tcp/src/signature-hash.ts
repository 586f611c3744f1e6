import { type DerValue, derTag, hex, inside, readAll } from './der.js'

/** Hash algorithms by the signature algorithm that uses them, as hex of the identifier's content. */
const hashes: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // MD5 with RSA: RFC 5929 §4.1 replaces MD5 and SHA-1
  '2a864886f70d010105': 'sha256', // SHA-1 with RSA
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256', // ECDSA with SHA-1
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}
const rsaPss = '2a864886f70d01010a'
const pssHashes: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha256', // SHA-1
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
}

/**
 * The hash function for the channel binding `tls-server-end-point` (RFC 5929 §4.1): that of the certificate's signature,
 * but never a weaker one than SHA-256. Node does not tell it, so it is read from the DER.
 *
 * @returns `undefined` for signatures without one, such as Ed25519, where the binding is not defined
 */
export function signatureHash(certificate: Uint8Array): string | undefined {
  const [whole] = readAll(certificate, 0, certificate.length)
  if (whole?.tag !== derTag.sequence) return undefined
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 §4.1)
  const algorithm = inside(certificate, whole)[1]
  if (algorithm?.tag !== derTag.sequence) return undefined
  const [identifier, parameters] = inside(certificate, algorithm)
  if (identifier?.tag !== derTag.objectIdentifier) return undefined
  const oid = hex(certificate, identifier)
  if (oid !== rsaPss) return hashes[oid]
  return parameters?.tag === derTag.sequence ? pssHash(certificate, parameters) : undefined
}

/** RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] AlgorithmIdentifier DEFAULT sha1, … } (RFC 4055 §3.1). */
function pssHash(der: Uint8Array, parameters: DerValue): string | undefined {
  const tagged = inside(der, parameters).find(({ tag }) => tag === 0xa0)
  if (tagged === undefined) return 'sha256'
  const [algorithm] = inside(der, tagged)
  const [identifier] = algorithm ? inside(der, algorithm) : []
  return identifier && pssHashes[hex(der, identifier)]
}

import { createHash, X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'
import { publicKeyInfo } from './certificate-names.js'

/** Longer chains are not looked at to their end. */
const longestChain = 10

/**
 * The pins as given, checked: the SHA-256 of a SubjectPublicKeyInfo in base64 (RFC 7469 §2.4).
 *
 * @throws TypeError
 */
export function checkPins(pins: readonly string[] | undefined): readonly string[] | undefined {
  if (pins === undefined) return undefined
  const isDigest = (pin: unknown): boolean => typeof pin === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(pin)
  if (!Array.isArray(pins) || pins.length === 0 || !pins.every(isDigest)) {
    throw new TypeError('pins: not a list of SHA-256 digests in base64')
  }
  return pins
}

/**
 * Whether a pinned key is that of the certificate, or of one of its issuers. Node makes the chain from what the server
 * sent, by names alone; here each one has to have signed the one before, or any key could be put into it.
 */
export function isPinned(leaf: DetailedPeerCertificate, pins: readonly string[]): boolean {
  let link: DetailedPeerCertificate | undefined = leaf
  for (let depth = 0; depth < longestChain && link?.raw !== undefined; depth++) {
    const key = publicKeyInfo(link.raw)
    if (key !== undefined && pins.includes(createHash('sha256').update(key).digest('base64'))) return true
    const issuer: DetailedPeerCertificate | undefined = link.issuerCertificate
    if (issuer?.raw === undefined || issuer === link || !hasSigned(issuer.raw, link.raw)) return false
    link = issuer
  }
  return false
}

function hasSigned(issuer: Uint8Array, subject: Uint8Array): boolean {
  try {
    return new X509Certificate(subject).verify(new X509Certificate(issuer).publicKey)
  } catch {
    return false // a key that this platform cannot use
  }
}

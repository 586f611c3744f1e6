import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { ChannelBinding } from '@couplet/client'
import { signatureHash } from './signature-hash.js'

/**
 * Whether the certificate speaks for the domain of the account (RFC 6120 §13.7.2.1). Names come from the subject
 * alternative names only (RFC 9525 §6.3): Node would fall back to the common name, and accept `f*.example.org`.
 */
export function checkDomain(domain: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname ?? ''
  const usable = names
    .split(', ')
    .filter((name) => /^(?:DNS:(?:\*\.)?[^*]+|IP Address:.*)$/.test(name))
    .join(', ')
  if (usable === '') return new WrongNameError('the certificate has no usable subject alternative name')
  return checkServerIdentity(domain, { ...certificate, subjectaltname: usable })
}

class WrongNameError extends Error {
  readonly code = 'ERR_TLS_CERT_ALTNAME_INVALID'
}

/** The name for SNI, where an address must not stand (RFC 6066 §3). */
export const serverName = (domain: string): string => (isIP(domain.replace(/^\[|\]$/g, '')) === 0 ? domain : '')

/** What binds SASL to this very TLS connection, best first. `tls-unique` is never used: TLS 1.3 does not have it. */
export function channelBindings(socket: TLSSocket): readonly ChannelBinding[] {
  const bindings: ChannelBinding[] = []
  if (socket.getProtocol() === 'TLSv1.3') {
    // RFC 9266 §4.2 wants the empty context, which only TLS 1.3 treats like none.
    const data = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    bindings.push({ type: 'tls-exporter', data })
  }
  const { raw } = socket.getPeerCertificate()
  const hash = raw && signatureHash(raw)
  if (hash) bindings.push({ type: 'tls-server-end-point', data: createHash(hash).update(raw).digest() })
  return bindings
}

import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { ChannelBinding } from '@couplet/client'
import { signatureHash } from './signature-hash.js'

/**
 * Whether the certificate speaks for the domain of the account (RFC 6120 §13.7.2.1). Names come from the subject
 * alternative names only (RFC 9525 §6.3): Node would fall back to the common name, and accept `f*.example.org`.
 */
export function checkDomain(domain: string, certificate: PeerCertificate): Error | undefined {
  const usable = (certificate.subjectaltname ?? '').split(', ').filter((name) => usableName.test(name))
  if (usable.length === 0) return new WrongNameError('the certificate has no usable subject alternative name')
  const host = hostOf(domain)
  if (isIP(host) !== 0) return checkAddress(host, usable)
  const subject = {} as PeerCertificate['subject'] // without names of its kind, Node would look here
  return checkServerIdentity(host, { ...certificate, subject, subjectaltname: usable.join(', ') })
}

/** Addresses are equal as addresses, however they are written. Not every Node can compare those of IPv6. */
function checkAddress(host: string, names: readonly string[]): Error | undefined {
  const addresses = names.flatMap((name) => /^IP Address:(.*)$/.exec(name)?.[1] ?? [])
  const found = addresses.some((address) => canonical(address) === canonical(host))
  return found ? undefined : new WrongNameError('the certificate is for other addresses')
}

const canonical = (address: string): string => (isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address)

/** Node puts a strange name in quotes, and writes its commas as escapes: none passes for another name. */
const usableName = /^(?:DNS:(?:\*\.)?[^*"]+|IP Address:[^"]*)$/

/** The domain of a JID as certificates have it: ASCII, and an IPv6 address without brackets. */
const hostOf = (domain: string): string => {
  const address = domain.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? domainToASCII(domain) || domain : address
}

class WrongNameError extends Error {
  readonly code = 'ERR_TLS_CERT_ALTNAME_INVALID'
}

/** The name for SNI, where an address must not stand (RFC 6066 §3). */
export const serverName = (domain: string): string => (isIP(hostOf(domain)) === 0 ? hostOf(domain) : '')

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

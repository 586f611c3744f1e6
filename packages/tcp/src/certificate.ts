import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { ChannelBinding } from '@couplet/client'
import { certificateNames } from './certificate-names.js'
import { signatureHash } from './signature-hash.js'

/**
 * Whether the certificate speaks for the domain of the account (RFC 6120 §13.7.2.1). Names come from the subject alternative
 * names only, never from the common name (RFC 9525 §6.3): a dNSName with at most one whole label as wildcard, or else
 * SRVName for clients (RFC 4985) or XmppAddr (RFC 6120 §13.7.1.4), or the address where the domain is one.
 */
export function checkDomain(domain: string, { raw }: Pick<PeerCertificate, 'raw'>): Error | undefined {
  const names = certificateNames(raw ?? new Uint8Array())
  const host = hostOf(domain)
  const isOurs =
    isIP(host) === 0
      ? names.dns.some((name) => covers(name, host)) ||
        names.services.some((name) => name.toLowerCase() === `_xmpp-client.${host}`) ||
        names.jids.some((jid) => domainOf(jid) === host)
      : names.addresses.some((bytes) => addressOf(bytes) === canonical(host))
  return isOurs ? undefined : new WrongNameError('no alternative name of the certificate is for the domain')
}

/** RFC 9525 §6.3: letters count alike; `*.` stands for one whole label, and not for all of a top-level domain. */
function covers(name: string, host: string): boolean {
  const pattern = name.toLowerCase()
  if (!/^(?:\*\.[a-z0-9_-]+(?=\.))?[a-z0-9_.-]+$/.test(pattern)) return false
  return pattern.startsWith('*.') ? host.replace(/^[^.]+/, '*') === pattern : host === pattern
}

/** The domain that an XmppAddr is; one with a local part or a resource is not the server's. */
const domainOf = (jid: string): string | undefined =>
  // Before the conversion, which reads the beginning of a URL: it would stop at a slash.
  /^[a-z0-9.\-\u0080-\uffff]+$/i.test(jid) ? domainToASCII(jid) : undefined

/** Addresses are equal as addresses, however they are written. */
const canonical = (address: string): string => (isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address)

function addressOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  return canonical(
    Buffer.from(bytes)
      .toString('hex')
      .replace(/.{4}(?=.)/g, '$&:'),
  )
}

/** The domain of a JID as certificates have it: ASCII, and an IPv6 address without brackets. */
const hostOf = (domain: string): string => {
  const address = domain.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? domainToASCII(domain) || domain : address
}

/** With the code that Node has for it. */
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

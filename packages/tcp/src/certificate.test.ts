import { X509Certificate } from 'node:crypto'
import type { PeerCertificate } from 'node:tls'
import { type CertificateOptions, testAuthority } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { checkDomain, serverName } from './certificate.js'

const authority = testAuthority()

function accepts(domain: string, options: CertificateOptions): boolean {
  const { cert } = authority.certificate(options)
  const certificate = new X509Certificate(cert).toLegacyObject() as PeerCertificate
  const error = checkDomain(domain, certificate) as (Error & { code?: string }) | undefined
  if (error !== undefined) expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  return error === undefined
}

describe('checkDomain', () => {
  test.each([
    ['example.org', ['example.org'], true],
    ['example.org', ['other.org', 'EXAMPLE.org'], true],
    ['example.org', ['other.org'], false],
    ['example.org', ['example.org.evil.net'], false],
    ['example.org', ['sub.example.org'], false],
    ['xmpp.example.org', ['*.example.org'], true],
    ['S-013 example.org', ['*.example.org'], false],
    ['S-013 a.b.example.org', ['*.example.org'], false],
    ['S-013 example.org', ['*.org'], false],
    ['S-013 example.org', ['*'], false],
    ['S-013 xmpp.example.org', ['x*.example.org'], false],
    ['S-013 xmpp.example.org', ['*p.example.org'], false],
    ['S-013 xmpp.example.org', ['xmpp.*.org'], false],
    ['S-013 a.xmpp.example.org', ['*.*.example.org'], false],
    ['bücher.example', ['xn--bcher-kva.example'], true],
    ['127.0.0.1', ['127.0.0.1'], true],
    ['127.0.0.1', ['127.0.0.2'], false],
    ['[::1]', ['::1'], true],
    ['[::1]', ['::2'], false],
    ['127.0.0.1', ['*.0.0.1'], false],
  ])('%s by a certificate for %s: %s', (domain, names, expected) => {
    expect(accepts(domain.replace(/^S-\d+ /, ''), { names })).toBe(expected)
  })

  test('S-014 the common name never counts', () => {
    // The authority makes the common name from these.
    expect(accepts('example.org', { xmppAddresses: ['example.org'] })).toBe(false)
    expect(accepts('example.org', { srvNames: ['_xmpp-client.example.org'], xmppAddresses: ['example.org'] })).toBe(
      false,
    )
    const named = (subjectaltname?: string) =>
      ({ subject: { CN: 'example.org' }, ...(subjectaltname && { subjectaltname }) }) as unknown as PeerCertificate
    expect(checkDomain('example.org', named())).toBeInstanceOf(Error)
    expect(checkDomain('example.org', named('DNS:other.org'))).toBeInstanceOf(Error)
    // Node looks at the common name where there is no DNS name, even beside an address.
    expect(checkDomain('example.org', named('IP Address:127.0.0.1'))).toBeInstanceOf(Error)
  })

  test('a name inside another name is no name', () => {
    expect(accepts('example.org', { xmppAddresses: ['x, DNS:example.org, y'] })).toBe(false)
    expect(accepts('example.org', { xmppAddresses: ['x", DNS:example.org, "y'] })).toBe(false)
    expect(accepts('example.org', { xmppAddresses: ['x\\", DNS:example.org'], names: ['other.org'] })).toBe(false)
    expect(accepts('example.org', { names: ['other.org, DNS:example.org'] })).toBe(false)
    expect(accepts('example.org', { names: ['other.org", DNS:example.org'] })).toBe(false)
    expect(accepts('other.org', { xmppAddresses: ['x, DNS:example.org, y'], names: ['other.org'] })).toBe(true)
  })
})

test.each([
  ['example.org', 'example.org'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['127.0.0.1', ''],
  ['[::1]', ''],
])('RFC 6066 the server name for %s is "%s"', (domain, expected) => {
  expect(serverName(domain)).toBe(expected)
})

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

const node = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, body.length]), body])
}
const ia5 = (text: string): Buffer => node(0x16, Buffer.from(text))
const utf8 = (text: string): Buffer => node(0x0c, Buffer.from(text))
const oid = (dotted: string): Buffer => node(0x06, Buffer.from([0x2b, ...dotted.split('.').slice(2).map(Number)]))
const other = (id: string, value: Uint8Array): Buffer => node(0xa0, oid(id), node(0xa0, value))

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
    const commonName = 'example.org'
    expect(accepts('example.org', { commonName })).toBe(false)
    expect(accepts('example.org', { commonName, names: ['other.org'] })).toBe(false)
    // Node looks at the common name where there is no DNS name, even beside an address.
    expect(accepts('example.org', { commonName, names: ['127.0.0.1'] })).toBe(false)
    expect(accepts('example.org', { commonName, srvNames: ['_imap.example.org'] })).toBe(false)
    expect(checkDomain('example.org', {} as PeerCertificate)).toBeInstanceOf(Error)
  })

  test.each<[string, CertificateOptions, boolean]>([
    ['example.org', { srvNames: ['_xmpp-client.example.org'] }, true],
    ['example.org', { srvNames: ['_XMPP-Client.Example.ORG'], names: ['other.org'] }, true],
    ['example.org', { srvNames: ['_xmpp-server.example.org'] }, false],
    ['example.org', { srvNames: ['_imap.example.org'] }, false],
    ['example.org', { srvNames: ['_xmpp-client.evil.net'] }, false],
    ['example.org', { srvNames: ['_xmpp-client.example.org.evil.net'] }, false],
    ['example.org', { srvNames: ['example.org'] }, false],
    ['a.example.org', { srvNames: ['_xmpp-client.*.example.org', '_xmpp-client.example.org'] }, false],
    ['bücher.example', { srvNames: ['_xmpp-client.xn--bcher-kva.example'] }, true],
    ['example.org', { xmppAddresses: ['example.org'] }, true],
    ['example.org', { xmppAddresses: ['evil.net', 'EXAMPLE.org'] }, true],
    ['bücher.example', { xmppAddresses: ['BÜCHER.example'] }, true],
    ['bücher.example', { xmppAddresses: ['xn--bcher-kva.example'] }, true],
    ['example.org', { xmppAddresses: ['evil.net'] }, false],
    ['example.org', { xmppAddresses: ['u@example.org'] }, false],
    ['example.org', { xmppAddresses: ['example.org/x', 'example.org?', 'example.org#', 'example.org\0'] }, false],
    ['example.org', { xmppAddresses: ['example.org\uff0fx', '%65xample.org', ' example.org', ''] }, false],
    ['example.org', { xmppAddresses: ['*.org', '*', '.'] }, false],
    ['a.example.org', { xmppAddresses: ['*.example.org'] }, false],
    ['127.0.0.1', { xmppAddresses: ['127.0.0.1'], srvNames: ['_xmpp-client.127.0.0.1'] }, false],
    // Other forms of the same names, by identifier and by type.
    ['example.org', { altNames: other('1.3.6.1.5.5.7.8.9', ia5('_xmpp-client.example.org')) }, false],
    ['example.org', { altNames: other('1.3.6.1.5.5.7.8.7', utf8('_xmpp-client.example.org')) }, false],
    ['example.org', { altNames: other('1.3.6.1.5.5.7.8.5', ia5('example.org')) }, false],
    ['example.org', { altNames: other('1.3.6.1.5.5.7.8.5', node(0x0c, Buffer.from([0xff]))) }, false],
    ['example.org', { altNames: node(0x86, Buffer.from('xmpp://example.org')) }, false],
    ['example.org', { altNames: node(0x81, Buffer.from('example.org')) }, false],
  ])('S-011 %s by a certificate with %j: %s', (domain, options, expected) => {
    expect(accepts(domain, options)).toBe(expected)
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

import { X509Certificate } from 'node:crypto'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { type TestCertificate, testAuthority } from './test-authority.js'

/** Connects to a TLS server with the certificate; resolves with the outcome of the client's checks. */
async function verify(certificate: TestCertificate, ca: string, host: string): Promise<string> {
  const server = createServer(certificate, (socket) => socket.on('error', () => {}).end())
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const outcome = await new Promise<string>((resolve) => {
    const servername = /^[\d.]+$/.test(host) ? {} : { servername: host }
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, ...servername }, () => {
      resolve('accepted')
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
  await new Promise((resolve) => server.close(resolve))
  return outcome
}

describe('testAuthority', () => {
  const authority = testAuthority()

  test.each([
    ['example.org', 'example.org', 'accepted'],
    ['*.example.org', 'xmpp.example.org', 'accepted'],
    ['127.0.0.1', '127.0.0.1', 'accepted'],
    ['example.org', 'example.com', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a certificate for %s asked for %s: %s', async (name, host, outcome) => {
    expect(await verify(authority.certificate({ names: [name] }), authority.ca, host)).toBe(outcome)
  })

  test.each([
    [{ expired: true }, 'CERT_HAS_EXPIRED'],
    [{ notYetValid: true }, 'CERT_NOT_YET_VALID'],
    [{ selfSigned: true }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('%j is refused with %s', async (options, outcome) => {
    const certificate = authority.certificate({ names: ['example.org'], ...options })
    expect(await verify(certificate, authority.ca, 'example.org')).toBe(outcome)
  })

  test('another authority is not trusted', async () => {
    const certificate = testAuthority().certificate({ names: ['example.org'] })
    expect(await verify(certificate, authority.ca, 'example.org')).not.toBe('accepted')
  })

  test('the names of RFC 6120 are there', () => {
    const { cert } = authority.certificate({
      names: ['example.org', '::1', '2001:db8::5', '1:2:3:4:5:6:7:8'],
      srvNames: ['_xmpp-client.example.org'],
      xmppAddresses: ['joé@example.org'],
    })
    const certificate = new X509Certificate(cert)
    expect(certificate.subjectAltName).toContain('DNS:example.org')
    expect(certificate.subjectAltName).toContain('IP Address:0:0:0:0:0:0:0:1')
    expect(certificate.subjectAltName).toContain('IP Address:2001:DB8:0:0:0:0:0:5')
    expect(certificate.subjectAltName).toContain('IP Address:1:2:3:4:5:6:7:8')
    expect(certificate.raw.includes(Buffer.from('joé@example.org'))).toBe(true)
    expect(certificate.raw.includes(Buffer.from('_xmpp-client.example.org'))).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.checkIssued(new X509Certificate(authority.ca))).toBe(true)
    expect(certificate.verify(new X509Certificate(authority.ca).publicKey)).toBe(true)
  })

  test('a common name and further alternative names are there as they are given', () => {
    const uri = Buffer.concat([Buffer.from([0x86, 10]), Buffer.from('xmpp:a@b.c')])
    const { cert } = authority.certificate({ commonName: 'somebody', names: ['example.org'], altNames: uri })
    const certificate = new X509Certificate(cert)
    expect(certificate.subject).toBe('CN=somebody')
    expect(certificate.subjectAltName).toBe('DNS:example.org, URI:xmpp:a@b.c')
  })
})

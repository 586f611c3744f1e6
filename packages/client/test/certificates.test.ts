import { type CertificateOptions, scriptedServer, testAuthority } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { account, expectAnonymous, password, victim } from './victim.js'

const authority = testAuthority()

describe.each(['tcp', 'tls', 'websocket'] as const)('Setup T1: over %s, a certificate', (transport) => {
  test.each<[string, CertificateOptions, string]>([
    ['S-010 for another name', { names: ['evil.net'] }, 'certificate-name'],
    ['S-013 with wildcards', { names: ['*.org', '*', '*.example.org'] }, 'certificate-name'],
    ['S-014 with a common name alone', { commonName: 'example.org' }, 'certificate-name'],
    ['that is expired', { names: ['example.org', '127.0.0.1'], expired: true }, 'certificate-expired'],
    ['that vouches for itself', { names: ['example.org', '127.0.0.1'], selfSigned: true }, 'certificate-untrusted'],
  ])('%s: nothing is said, and nothing is tried again', async (_, options, code) => {
    const certificate = authority.certificate(options)
    const server = await scriptedServer(async (peer) => void (await peer.secured()), {
      transport,
      authority,
      certificate,
      ...account,
    })
    const { client, failure, online } = victim(server)
    const { error, state } = await failure
    expect([error.name, error.phase, error.code, state]).toEqual(['ConnectionError', 'tls', code, 'offline'])
    await expect(online).rejects.toBe(error)
    await client.close()
    for (const { received } of server.peers) {
      expectAnonymous(received)
      expect(received).not.toContain(password)
    }
    await server.stop().catch(() => {}) // the handshake has failed for the script too
    expect(server.peers.length).toBeLessThanOrEqual(1)
  })
})

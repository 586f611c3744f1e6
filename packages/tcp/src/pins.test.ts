import { createHash, X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'
import { testAuthority } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { checkPins, isPinned } from './pins.js'

const authority = testAuthority()
const { cert } = authority.certificate({ names: ['example.org'] })

const pinOf = (pem: string): string => {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** A chain as Node hands it out, of certificates as PEM; the root is its own issuer. */
function chain(...certificates: readonly string[]): DetailedPeerCertificate {
  const [first = '', ...rest] = certificates
  const link = { raw: new X509Certificate(first).raw } as DetailedPeerCertificate
  link.issuerCertificate = rest.length === 0 ? link : chain(...rest)
  return link
}

describe('isPinned', () => {
  test('the key of the certificate, or of an issuer', () => {
    expect(isPinned(chain(cert, authority.ca), [pinOf(cert)])).toBe(true)
    expect(isPinned(chain(cert, authority.ca), [pinOf(authority.ca)])).toBe(true)
    expect(isPinned(chain(cert, authority.ca), [pinOf(testAuthority().ca), pinOf(authority.ca)])).toBe(true)
    expect(isPinned(chain(cert, authority.ca), [pinOf(testAuthority().ca)])).toBe(false)
    expect(isPinned(chain(cert), [pinOf(authority.ca)])).toBe(false)
  })

  test('one that has only the name of the issuer has not signed', () => {
    const { ca } = testAuthority() // all have the same name
    expect(isPinned(chain(cert, ca), [pinOf(ca)])).toBe(false)
    expect(isPinned(chain(cert, authority.ca, ca), [pinOf(ca)])).toBe(false)
  })

  test('a chain without an end, or without anything', () => {
    expect(isPinned({} as DetailedPeerCertificate, [pinOf(cert)])).toBe(false)
    const [one, other] = [chain(authority.ca), chain(authority.ca)]
    one.issuerCertificate = other
    other.issuerCertificate = one
    expect(isPinned(one, [pinOf(cert)])).toBe(false)
  })
})

test.each([
  [[]],
  [['']],
  [['sha256/x']],
  [[`${'a'.repeat(44)}`]],
  [[Buffer.alloc(20).toString('base64')]],
  ['x'],
  [[1]],
])('pins that are none: %j', (pins) => {
  expect(() => checkPins(pins as string[])).toThrow(new TypeError('pins: not a list of SHA-256 digests in base64'))
})

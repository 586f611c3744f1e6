import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { testAuthority } from '@couplet/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certificateNames, publicKeyInfo } from './certificate-names.js'

const folder = fileURLToPath(new URL('../../../test-vectors/certificates/', import.meta.url))
const files = readdirSync(folder).filter((file) => file.endsWith('.der'))
const authority = testAuthority()
const { cert, key } = authority.certificate({
  names: ['example.org', '*.example.org', '127.0.0.1', '::1'],
  srvNames: ['_xmpp-client.example.org'],
  xmppAddresses: ['bücher.example'],
})
const whole = new Uint8Array(new X509Certificate(cert).raw)
const empty = { dns: [], addresses: [], services: [], jids: [] }

describe('S-011 certificateNames', () => {
  test('every form of name, as it stands there', () => {
    expect(certificateNames(whole)).toEqual({
      dns: ['example.org', '*.example.org'],
      addresses: [Uint8Array.of(127, 0, 0, 1), Uint8Array.of(...Array(15).fill(0), 1)],
      services: ['_xmpp-client.example.org'],
      jids: ['bücher.example'],
    })
  })

  test('no extension, no names', () => {
    expect(certificateNames(new X509Certificate(authority.certificate().cert).raw)).toEqual(empty)
  })

  test('a certificate that is cut off anywhere, or has something behind it, has no names', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(certificateNames(whole.subarray(0, length))).toEqual(empty)
    }
    expect(certificateNames(Uint8Array.of(...whole, 0x05, 0x00))).toEqual(empty)
  })

  const node = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts)
    return Buffer.concat([Buffer.from([tag, body.length]), body])
  }
  /** No more of a certificate than where its extensions are. */
  const withExtensions = (...extensions: readonly Uint8Array[]): Buffer => {
    const fields = [0x02, 0x30, 0x30, 0x30, 0x30, 0x30].map((tag) => node(tag))
    return node(0x30, node(0x30, node(0xa0), ...fields, node(0xa3, node(0x30, ...extensions))), node(0x30), node(0x03))
  }
  const names = node(0x30, node(0x82, Buffer.from('example.org')))
  const altNames = (...parts: readonly Uint8Array[]): Buffer =>
    node(0x30, node(0x06, Buffer.from('551d11', 'hex')), ...parts)

  test('the extension may be critical; there is one, and one list in it', () => {
    const found = { ...empty, dns: ['example.org'] }
    expect(certificateNames(withExtensions(altNames(node(0x04, names))))).toEqual(found)
    const critical = node(0x01, Buffer.from([0xff]))
    expect(certificateNames(withExtensions(altNames(critical, node(0x04, names))))).toEqual(found)
    const twice = withExtensions(altNames(node(0x04, names)), altNames(node(0x04, names)))
    expect(certificateNames(twice)).toEqual(empty)
    expect(certificateNames(withExtensions(altNames(node(0x04, names, names))))).toEqual(empty)
    expect(certificateNames(withExtensions(altNames(names)))).toEqual(empty)
    expect(certificateNames(withExtensions(altNames()))).toEqual(empty)
  })

  test('garbage never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => certificateNames(bytes).dns.length === 0))
    const flipped = fc.tuple(fc.nat(whole.length - 1), fc.nat(255))
    fc.assert(
      fc.property(flipped, ([at, byte]) => {
        const bytes = Uint8Array.from(whole)
        bytes[at] = byte
        return certificateNames(bytes).services.length <= 1 && publicKeyInfo(bytes) !== null
      }),
      { numRuns: 2000 },
    )
  })
})

describe('publicKeyInfo', () => {
  const digest = (bytes: Uint8Array | undefined): string =>
    createHash('sha256')
      .update(bytes ?? '')
      .digest('hex')

  test('is what Node exports', () => {
    const expected = createPublicKey(key).export({ type: 'spki', format: 'der' })
    expect(digest(publicKeyInfo(whole))).toBe(digest(expected))
  })

  test.each(files)('%s', (file) => {
    const der = readFileSync(`${folder}${file}`)
    const expected = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' })
    expect(digest(publicKeyInfo(der))).toBe(digest(expected))
  })

  test('a certificate that is cut off has none', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(publicKeyInfo(whole.subarray(0, length))).toBeUndefined()
    }
  })
})

import { type BareJid, Jid } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { formatTrustMessageUri, parseTrustMessageUri } from './trust-message-uri.js'

/** XEP-0434 §8.1.1, the example. */
const example =
  'xmpp:bob@example.com?trust-message;encryption=urn:xmpp:omemo:2;' +
  'trust=623548d3835c6d33ef5cb680f7944ef381cf712bf23a0119dabe5c4f252cd02f;' +
  'distrust=b423f5088de9a924d51b31581723d850c7cc67d0a4fe6b267c3d301ff56d2413;' +
  'distrust=d9f849b6b828309c5f2c8df4f38fd891887da5aaa24a22c50d52f69b4a80817e'

test('the example of XEP-0434 §8.1.1, both ways', () => {
  const read = parseTrustMessageUri(example)
  expect(String(read?.jid)).toBe('bob@example.com')
  expect(read?.encryption).toBe('urn:xmpp:omemo:2')
  expect([read?.trust.length, read?.distrust.length]).toEqual([1, 2])
  expect(Buffer.from(read?.trust[0] as Uint8Array).toString('base64')).toBe(
    'YjVI04NcbTPvXLaA95RO84HPcSvyOgEZ2r5cTyUs0C8=',
  )
  expect(read && formatTrustMessageUri(read)).toBe(example)
})

test('upper case, percent signs', () => {
  const jid = Jid.parse('dart?#;@example.org') as BareJid
  const text = formatTrustMessageUri({ jid, encryption: 'urn:x;y', trust: [Uint8Array.of(1, 255)], distrust: [] })
  expect(text).toBe('xmpp:dart%3F%23%3B@example.org?trust-message;encryption=urn:x%3By;trust=01ff')
  expect(parseTrustMessageUri(text)).toMatchObject({ jid, encryption: 'urn:x;y', trust: [Uint8Array.of(1, 255)] })
  expect(parseTrustMessageUri('XMPP:a@b?Trust-Message;Encryption=x;TRUST=AB')?.trust).toEqual([Uint8Array.of(0xab)])
})

test('without a key there is nothing to write', () => {
  const jid = Jid.parse('a@b') as BareJid
  expect(() => formatTrustMessageUri({ jid, encryption: 'x', trust: [], distrust: [] })).toThrow(RangeError)
})

test.each([
  ['nothing', ''],
  ['another scheme', example.replace('xmpp:', 'https:')],
  ['another query', example.replace('trust-message', 'message')],
  ['no owner', example.replace('bob@example.com', '')],
  ['an owner that is none', example.replace('bob@example.com', '@')],
  ['an owner with a resource', example.replace('bob@example.com', 'bob@example.com/desk')],
  ['an owner with a hidden resource', example.replace('bob@example.com', 'bob@example.com%2Fdesk')],
  ['broken percent signs', example.replace('bob', '%zz')],
  ['no encryption', example.replace('encryption=urn:xmpp:omemo:2;', '')],
  ['encryption later', 'xmpp:a@b?trust-message;trust=ab;encryption=x'],
  ['no key', 'xmpp:a@b?trust-message;encryption=x'],
  ['an empty key', 'xmpp:a@b?trust-message;encryption=x;trust='],
  ['half a byte', 'xmpp:a@b?trust-message;encryption=x;trust=abc'],
  ['base64', 'xmpp:a@b?trust-message;encryption=x;trust=YjVI'],
  ['a word nobody knows', `${example};revoke=ab`],
  ['a fragment', `${example}#x`],
  ['too much', example + ';trust=ab'.repeat(2000)],
])('%s is no Trust Message URI', (_, text) => {
  expect(parseTrustMessageUri(text)).toBeUndefined()
})

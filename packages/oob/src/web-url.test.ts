import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { OobData } from './elements.js'
import { webUrl } from './web-url.js'

describe('webUrl', () => {
  test('an address of the web', () => {
    const sent = message({ body: 'hi' }, OobData({ url: 'http://www.jabber.org/images/psa-license.jpg' }))
    const data = sent.get(OobData)
    expect(data && webUrl(data)?.hostname).toBe('www.jabber.org')
    expect(webUrl({ url: 'HTTPS://example.org/a b' })?.href).toBe('https://example.org/a%20b')
  })

  test.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' java\nscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'callto:someone',
    'aesgcm://example.org/x#00',
    '//example.org/x',
    '/etc/passwd',
    'example.org',
    'https://',
    '',
  ])('%j is none', (url) => expect(webUrl({ url })).toBeUndefined())
})

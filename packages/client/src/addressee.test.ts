import { Jid, NS_CLIENT, xml } from '@couplet/stanza'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAddressee } from './addressee.js'

const own = Jid.parse('u@example.org/r')
const stanza = (name: string, to: string | undefined) => xml(NS_CLIENT, name, { to, from: 'bob@example.org/x' })

describe('S-112 checkAddressee', () => {
  describe.each(['message', 'presence', 'iq'])('a %s', (name) => {
    test.each([
      undefined,
      'u@example.org',
      'u@example.org/r',
      'U@EXAMPLE.ORG',
      'U@Example.Org/r',
      '\uff35@example.org/r', // a full-width U
      'u@example.org.',
    ])('to %s is ours', (to) => {
      expect(checkAddressee(stanza(name, to), own)).toBe(true)
    })

    test.each([
      '',
      '@',
      'example.org',
      'example.org/r',
      'someoneelse@example.org',
      'someoneelse@example.org/r',
      'u@evil.net',
      'u@evil.net/r',
      'u@example.org.evil.net',
      'u@chat.example.org',
      'uu@example.org',
      'u/r',
      'u@example.org/',
    ])('to "%s" is not', (to) => {
      expect(checkAddressee(stanza(name, to), own)).toBe(false)
    })
  })

  test('another client of ours: a message that its server hands on, but neither a request nor a presence', () => {
    const accepted = ['message', 'presence', 'iq'].map((name) => checkAddressee(stanza(name, 'u@example.org/R'), own))
    expect(accepted).toEqual([true, false, false])
  })

  test('an internationalised account is the same in every form of its name', () => {
    const account = Jid.parse('fußball@bücher.example/r')
    for (const to of ['FUßBALL@xn--bcher-kva.example', 'fußball@BÜCHER.example/r']) {
      expect(checkAddressee(stanza('iq', to), account)).toBe(true)
    }
    expect(checkAddressee(stanza('message', 'fussball@bücher.example'), account)).toBe(false)
  })

  test('whatever it says, it never throws, and only our own account is ours', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('message', 'presence', 'iq'), (to, name) => {
        const ours = Jid.tryParse(to)?.bare.equals(own.bare) ?? false
        expect(checkAddressee(stanza(name, to), own) && !ours).toBe(false)
      }),
    )
  })
})

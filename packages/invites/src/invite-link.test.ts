import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { IssuedInvitation, parseInvitation } from './invite-link.js'

describe('invitations', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'xmpp:romeo@montague.net?roster;preauth=1tMFqYDdKhfe2pwp;name=Romeo+Montague',
      { kind: 'contact', token: '1tMFqYDdKhfe2pwp', name: 'Romeo Montague', registers: false },
    ],
    [
      'xmpp:romeo@montague.net?roster;preauth=1tMFqYDdKhfe2pwp;name=Romeo%20Montague',
      { kind: 'contact', name: 'Romeo Montague' },
    ],
    ['xmpp:inviter@example.com?roster;preauth=TOKEN;ibr=y', { kind: 'contact', token: 'TOKEN', registers: true }],
    ['xmpp:inviter@example.com?roster', { kind: 'contact', token: undefined, registers: false }],
    ['xmpp:inviter@example.com?roster;ibr=y', { kind: 'contact', registers: false }],
    ['xmpp:juliet@example.com?register;preauth=TOKEN', { kind: 'account', token: 'TOKEN', registers: true }],
    ['xmpp:example.com?register;preauth=TOKEN', { kind: 'account', token: 'TOKEN' }],
  ])('%s', (uri, expected) => {
    const found = parseInvitation(uri)
    expect(found).toMatchObject(expected)
    const again = parseInvitation(found?.uri ?? '')
    expect([again?.kind, again?.jid, again?.token, again?.name, again?.registers]).toEqual([
      found?.kind,
      found?.jid,
      found?.token,
      found?.name,
      found?.registers,
    ])
  })

  test.each([
    'xmpp:romeo@montague.net',
    'xmpp:romeo@montague.net?message',
    'xmpp:montague.net?roster',
    'xmpp:romeo@montague.net/x?roster',
    'xmpp:?roster',
    'https://example.org/#romeo@montague.net?roster',
    'xmpp:romeo@montague.net?ROSTER',
    '',
  ])('%j is none', (uri) => expect(parseInvitation(uri)).toBeUndefined())

  test('a name is the same when it is read again, whatever is in it', () => {
    const jid = parseInvitation('xmpp:a@b.c?roster')!.jid
    for (const [name, read = name] of [['A+B & C; d=e %20'], ['Jiří 👋'], ['x\ud800', 'x\ufffd']] as const) {
      const issued = new IssuedInvitation(
        { kind: 'contact', jid, name },
        { issuer: 'client', expires: undefined, landingUrl: undefined },
      )
      expect(parseInvitation(issued.uri)?.name).toBe(read)
    }
  })

  test('the token is shown by its property and the link alone', () => {
    const parts = { kind: 'contact', jid: parseInvitation('xmpp:a@b.c?roster')!.jid, token: 'TOKEN' } as const
    const landingUrl = new URL('https://example.com/invite/#TOKEN')
    const issued = new IssuedInvitation(parts, { issuer: 'server', expires: undefined, landingUrl })
    expect([issued.token, issued.uri, issued.landingUrl]).toEqual([
      'TOKEN',
      'xmpp:a@b.c?roster;preauth=TOKEN',
      landingUrl,
    ])
    for (const each of [issued, parseInvitation(issued.uri)]) {
      expect(`${inspect(each, { showHidden: true, depth: 9 })} ${JSON.stringify(each)} ${each}`).not.toContain('TOKEN')
    }
  })
})

import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { formatXmppUri, parseXmppUri, type XmppUri } from './xmpp-uri.js'

const read = (uri: string) => {
  const { jid, account, action, parameters } = parseXmppUri(uri) ?? {}
  return [jid && `${jid}`, action, parameters && Object.fromEntries(parameters), account && `${account}`]
}

describe('xmpp: URIs', () => {
  // The examples of RFC 5122 and XEP-0147, and of XEP-0379, XEP-0401 and XEP-0445.
  test.each<[string, ...unknown[]]>([
    ['xmpp:node@example.com', 'node@example.com', undefined, {}],
    ['xmpp://guest@example.com', undefined, undefined, {}, 'guest@example.com'],
    ['xmpp://guest@example.com/support@example.com?message', 'support@example.com', 'message', {}, 'guest@example.com'],
    [
      'xmpp:romeo@montague.net?message;subject=Test%20Message;body=Here%27s%20a%20test%20message',
      'romeo@montague.net',
      'message',
      { subject: 'Test Message', body: "Here's a test message" },
    ],
    [
      'xmpp:nasty!%23$%25()*+,-.;=%3F%5B%5C%5D%5E_%60%7B%7C%7D~node@example.com',
      'nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com',
      undefined,
      {},
    ],
    [
      "xmpp:node@example.com/repulsive%20!%23%22$%25&'()*+,-.%2F:;%3C=%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~resource",
      'node@example.com/repulsive !#"$%&\'()*+,-./:;<=>?@[\\]^_`{|}~resource',
      undefined,
      {},
    ],
    ['xmpp:ji%C5%99i@%C4%8Dechy.example/v%20Praze', 'jiři@čechy.example/v Praze', undefined, {}],
    [
      'xmpp:coven@chat.shakespeare.lit?join;password=cauldronburn',
      'coven@chat.shakespeare.lit',
      'join',
      { password: 'cauldronburn' },
    ],
    [
      'xmpp:romeo@montague.net?roster;preauth=1tMFqYDdKhfe2pwp;name=Romeo+Montague',
      'romeo@montague.net',
      'roster',
      { preauth: '1tMFqYDdKhfe2pwp', name: 'Romeo+Montague' },
    ],
    ['XMPP:example.com?register;preauth=TOKEN#x', 'example.com', 'register', { preauth: 'TOKEN' }],
    ['xmpp:?a;b;c=;c=2;d=1=2', undefined, 'a', { b: '', c: '', d: '1=2' }],
  ])('%s', (uri, ...expected) => expect(read(uri)).toEqual([...expected, undefined].slice(0, 4)))

  test.each([
    '',
    'http://example.org',
    'xmpp',
    'javascript:xmpp:a@b',
    'xmpp:@',
    'xmpp:a@',
    'xmpp:%zz@b',
    'xmpp:%ff@b',
    'xmpp:a%40b@c',
    'xmpp:a@b?x;y=%',
    'xmpp://@/a@b',
    `xmpp:a@b?x;y=${'z'.repeat(9000)}`,
  ])('%j is none', (uri) => expect(parseXmppUri(uri)).toBeUndefined())

  test('S-192 they are read and nothing else: what they say is for the application to do', () => {
    for (const action of [
      'join;password=x',
      'roster',
      'remove',
      'unsubscribe',
      'command;node=x;action=execute',
      'sendfile',
      'message;body=x',
      'register',
    ]) {
      expect(parseXmppUri(`xmpp:a@b.example?${action}`)?.action).toBe(action.split(';')[0])
    }
    expect(parseXmppUri('xmpp:a@b.example?x;__proto__=1;constructor=2')?.parameters?.get('__proto__')).toBe('1')
  })

  test.each<XmppUri>([
    { jid: Jid.parse('node@example.com') },
    { jid: Jid.parse('nasty!#$%()*+,-.;=?[\\]^_`{|}~node@example.com/a/b?c#d@e') },
    {
      jid: Jid.parse('jiři@čechy.example/v Praze'),
      action: 'message',
      parameters: new Map([
        ['body', 'a;b=c&d+e#f?g'],
        ['x', ''],
      ]),
    },
    { jid: Jid.parse('a@[::1]'), account: Jid.parse('me@example.org'), action: 'roster' },
    { account: Jid.parse('me@example.org') },
  ])('written and read again: %j', (uri) => {
    const written = formatXmppUri(uri)
    expect(written).toMatch(/^[!-~]+$/)
    expect(read(written)).toEqual([
      uri.jid && `${uri.jid}`,
      uri.action,
      Object.fromEntries(uri.parameters ?? []),
      uri.account && `${uri.account}`,
    ])
  })
})

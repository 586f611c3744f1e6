import { Message } from '@couplet/stanza'
import { type Script, type ScriptedPeer, scriptedServer } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { account, letGo, user, victim } from './victim.js'

const good = (body = 'good'): string =>
  `<message from='bob@example.org/x' to='${user}@example.org/r'><body>${body}</body></message>`

/** Setup T3: a session into which the server sends the bytes, and then a good message. */
async function T3(hostile: string | Uint8Array | Script, options: Parameters<typeof victim>[1] = {}) {
  const server = await scriptedServer(
    async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      if (typeof hostile === 'function') await hostile(peer)
      else await peer.send(hostile)
      await peer.stanza(good())
      await letGo(peer)
    },
    { transport: 'memory', ...account },
  )
  const target = victim(server, options)
  await target.online
  const peer = server.peers[0] as ScriptedPeer
  return {
    ...target,
    peer,
    bodies: () => target.messages.map(({ body }) => body),
    /** Resolves when the good message has come. */
    survived: () => target.until(() => target.messages.some(({ body }) => body === 'good')),
    async [Symbol.asyncDispose]() {
      await target.client.close()
      await server.stop()
    },
  }
}

describe('Setup T3: what ends the stream', () => {
  test.each([
    ['S-072 a processing instruction', '<?pi x?>', 'restricted-xml'],
    ['S-072 a late XML declaration', `<?xml version="1.0" encoding="UTF-16"?>`, 'restricted-xml'],
    ['a comment', '<!-- x -->', 'restricted-xml'],
    [
      'S-078 an attribute twice',
      `<message from='stranger@b' from='admin@example.org'><body>x</body></message>`,
      'not-well-formed',
    ],
    [
      'S-085 a stanza of a server',
      `<message xmlns='jabber:server' from='boss@example.org'><body>x</body></message>`,
      'unsupported-stanza-type',
    ],
    ['S-085 an IQ of nobody', `<iq xmlns='urn:evil' type='get' id='1'><x/></iq>`, 'unsupported-stanza-type'],
    [
      'S-085 a stanza without a namespace',
      `<message xmlns='' from='boss@example.org'><body>x</body></message>`,
      'unsupported-stanza-type',
    ],
    ['another element', `<x xmlns='urn:evil'/>`, 'unsupported-stanza-type'],
    [
      'S-090 an element with 100,000 attributes',
      `<message ${Array.from({ length: 100_000 }, (_, i) => `a${i}=''`).join(' ')}/>`,
      'policy-violation',
    ],
    [
      'S-090 an element with 100,000 namespaces',
      `<message ${Array.from({ length: 100_000 }, (_, i) => `xmlns:a${i}='urn:x'`).join(' ')}/>`,
      'policy-violation',
    ],
    ['S-090 a stanza with 200,000 children', `<message>${'<a/>'.repeat(200_000)}</message>`, 'policy-violation'],
    ['S-091 an attribute of 8 MiB', `<message to='${'b'.repeat(2 ** 23)}`, 'policy-violation'],
    ['S-055 a challenge', `<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>cj1l</challenge>`, 'policy-violation'],
    ['S-055 a success', `<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`, 'policy-violation'],
    [
      'S-055 a failure',
      `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>`,
      'policy-violation',
    ],
    [
      'S-055 features',
      `<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>`,
      'policy-violation',
    ],
    ['S-055 a proceed', `<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`, 'policy-violation'],
  ])('%s', async (_, bytes, condition) => {
    const password = vi.fn(() => account.password)
    await using session = await T3(bytes, { password })
    const { error, state } = await session.failure
    expect([error.name, error.code, state]).toEqual(['StreamError', condition, 'waiting'])
    await session.peer.closed
    expect(session.peer.received).toMatch(new RegExp(`<stream:error><${condition} .*</stream:error></stream:stream>$`))
    expect([session.bodies(), session.events]).toEqual([[], []])
    expect(password).toHaveBeenCalledOnce()
  })

  test('S-091 an attribute in small pieces ends at its limit, not at its end', async () => {
    const pieces: Script = async (peer) => {
      await peer.send(`<message to='`)
      for (let i = 0; i < 256; i++) await peer.send('b'.repeat(1024))
    }
    await using session = await T3(pieces)
    expect((await session.failure).error.code).toBe('policy-violation')
  })

  test('S-102 data behind the end of the stream is not read', async () => {
    await using session = await T3(`</stream:stream>${good('late')}`)
    const { error } = await session.failure
    expect([error.name, error.code]).toEqual(['ConnectionError', 'closed'])
    await session.peer.closed
    expect(session.bodies()).toEqual([])
    expect(session.peer.received.endsWith('</stream:stream>')).toBe(true)
  })

  test('what follows a violation in the same segment is not read', async () => {
    await using session = await T3(`<x xmlns='urn:evil'/>${good('late')}`)
    await session.failure
    await session.peer.closed
    expect(session.bodies()).toEqual([])
  })

  test('a stream error of the server is the reason, and gets no answer but the end', async () => {
    const error = `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>secret</text></stream:error>`
    await using session = await T3(`${error}</stream:stream>`, { jid: `${user}@example.org/r` })
    const failure = await session.failure
    expect([failure.error.code, failure.state, failure.error.message]).toEqual([
      'conflict',
      'offline',
      'stream error: conflict',
    ])
    await session.peer.closed
    expect(session.peer.received).not.toContain('<stream:error')
  })
})

describe('Setup T3: what does not', () => {
  test('S-075 R-020 characters split over segments', async () => {
    const text = 'ä€\u{1f600} \u{10ffff}'
    await using session = await T3((peer) => peer.send(good(text), { everyByte: true }))
    await session.survived()
    expect(session.bodies()).toEqual([text, 'good'])
  })

  test('S-082 a stream error inside a stanza is a child like any other', async () => {
    const nested = `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.net</see-other-host></stream:error>`
    await using session = await T3(`<message from='bob@example.org/x'>${nested}<body>nested</body></message>`)
    await session.survived()
    expect(session.bodies()).toEqual(['nested', 'good'])
  })

  test('S-084 another prefix is the same element', async () => {
    await using session = await T3(
      `<c:message xmlns:c='jabber:client' from='bob@example.org/x'><c:body>prefixed</c:body></c:message>`,
    )
    await session.survived()
    expect(session.bodies()).toEqual(['prefixed', 'good'])
  })

  test('S-094 names of object properties are names', async () => {
    const attributes = `__proto__='x' constructor='y' hasOwnProperty='z'`
    await using session = await T3(
      `<message ${attributes} from='bob@example.org/x'><__proto__ xmlns='urn:x'/><body>b</body></message>`,
    )
    await session.survived()
    const [message] = session.messages
    expect(['__proto__', 'constructor', 'hasOwnProperty'].map((name) => message?.element.attr(name))).toEqual([
      'x',
      'y',
      'z',
    ])
    expect(message?.element.child('__proto__', 'urn:x')).toBeDefined()
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  test('S-096 text is the text of the element itself, and the first body counts', async () => {
    await using session = await T3(
      `<message from='bob@example.org/x'><body>yes<b xmlns='urn:x'/>no</body><body>second</body></message>`,
    )
    await session.survived()
    expect(session.messages[0]?.body).toBe('yesno')
    expect(new Message(session.messages[0]?.element as never).body).toBe('yesno')
  })

  test('S-097 S-203 a handler that throws does not shift the parser', async () => {
    const sibling = `<message from='bob@example.org/x'><forwarded xmlns='urn:xmpp:forward:0'><message from='boss@example.org' xmlns='jabber:client'><body>inner</body></message></forwarded><body>first</body></message>`
    const boom = (): never => {
      throw new Error('in the handler')
    }
    const server = await scriptedServer(async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      await peer.send(sibling + good())
      await letGo(peer)
    }, account)
    const target = victim(server)
    target.client.onMessage(boom)
    target.client.onMessage(async () => boom())
    target.client.on('error', boom)
    await target.online
    await target.until(() => target.messages.length === 2 && target.events.length === 4)
    expect(target.messages.map(({ body }) => body)).toEqual(['first', 'good'])
    expect(target.client.status.state).toBe('online')
    await target.client.close()
    await server.stop()
  })

  test('S-207 what a stranger wrote cannot forge a line of a log', async () => {
    const forged = '\\r\\n2026-01-01 admin logged in'
    await using session = await T3(
      `<message from='bob@example.org/&#xA;x'><body>${forged}</body></message><iq type='foo' id='&#xA;' from='bob@example.org'/>`,
    )
    await session.survived()
    const { inspect } = await import('node:util')
    for (const [, event] of session.events) {
      const { error } = event as { error: Error }
      expect(`${error.message}${inspect(error.message)}`).not.toMatch(/[\r\n\x1b]/)
    }
    expect(session.events.map(([name]) => name)).toEqual(['malformed', 'malformed'])
  })
})

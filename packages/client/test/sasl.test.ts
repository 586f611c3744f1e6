import { Jid } from '@couplet/stanza'
import { type Script, type ScriptedPeer, scriptedServer } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { account, attackLogin, expectNoSecret, letGo, password, user, victim } from './victim.js'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const encode = (text: string): string => Buffer.from(text).toString('base64')
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()
const challenge = (text: string): string => `<challenge xmlns='${NS_SASL}'>${encode(text)}</challenge>`
const success = (content = ''): string => `<success xmlns='${NS_SASL}'>${content}</success>`
const salt = encode('saltsaltsalt')

/** Waits for the client's first SCRAM message; returns its GS2 header and its nonce. */
async function clientFirst(
  peer: ScriptedPeer,
  mechanisms = ['SCRAM-SHA-256'],
): Promise<{ gs2: string; nonce: string }> {
  await peer.secured()
  await peer.streamHeader()
  const list = mechanisms.map((name) => `<mechanism>${name}</mechanism>`).join('')
  await peer.offer(`<mechanisms xmlns='${NS_SASL}'>${list}</mechanisms>`)
  const [, initial] = await peer.expect(/<auth [^>]*>([^<]*)</)
  const [, gs2 = '', nonce = ''] = /^([^,]*,[^,]*,)n=[^,]*,r=(.*)$/.exec(decode(initial)) ?? []
  return { gs2, nonce }
}

const T2 = (script: Script, transport: 'tls' | 'tcp' | 'websocket' | 'memory' = 'memory') =>
  scriptedServer(
    async (peer) => {
      await script(peer)
      await letGo(peer)
    },
    { transport, ...account },
  )

describe('Setup T2: hostile SCRAM', () => {
  test.each([
    ['S-033 no signature', ''],
    ['S-033 empty data', '='],
    ['S-034 a wrong signature', encode('v=wrong')],
    ['S-034 a signature of the right size', encode(`v=${Buffer.alloc(32).toString('base64')}`)],
  ])('%s in <success/>', async (_, content) => {
    await using server = await T2(async (peer) => {
      const { nonce } = await clientFirst(peer)
      await peer.send(challenge(`r=${nonce}server,s=${salt},i=4096`))
      await peer.expect(/<response/)
      await peer.send(success(content))
    })
    const received = await attackLogin(server, { name: 'AuthenticationError', terminal: true })
    expect(received.match(/<stream:stream/g)).toHaveLength(1) // the stream is not restarted
    expectNoSecret(received)
  })

  test('S-034 says that it was the signature', async () => {
    await using server = await T2(async (peer) => {
      const { nonce } = await clientFirst(peer)
      await peer.send(challenge(`r=${nonce}server,s=${salt},i=4096`))
      await peer.expect(/<response/)
      await peer.send(success(encode(`v=${Buffer.alloc(32).toString('base64')}`)))
    })
    await attackLogin(server, { code: 'server-signature', terminal: true })
  })

  test('success before the exchange has come to it', async () => {
    await using server = await T2(async (peer) => {
      await clientFirst(peer)
      await peer.send(success())
    })
    await attackLogin(server, { name: 'AuthenticationError', terminal: true })
  })

  test.each([
    ['S-037 another nonce', () => `r=evil,s=${salt},i=4096`],
    ['S-037 our nonce unchanged', (nonce: string) => `r=${nonce},s=${salt},i=4096`],
    ['S-037 an empty nonce', () => `r=,s=${salt},i=4096`],
    ['S-039 4,294,967,295 iterations', (nonce: string) => `r=${nonce}x,s=${salt},i=4294967295`],
    ['S-039 2,147,483,647 iterations', (nonce: string) => `r=${nonce}x,s=${salt},i=2147483647`],
    ['one iteration', (nonce: string) => `r=${nonce}x,s=${salt},i=1`],
    ['garbage', () => '\0\0\0'],
  ])('%s', async (_, first) => {
    const fetched = vi.fn(() => password)
    await using server = await T2(async (peer) => peer.send(challenge(first((await clientFirst(peer)).nonce))))
    const received = await attackLogin(server, { name: 'AuthenticationError', terminal: true }, { password: fetched })
    expect(received).toContain(`<abort xmlns='${NS_SASL}'/>`)
    expect(received).not.toContain('<response')
    expect(fetched).not.toHaveBeenCalled()
  })

  test('data that is not base64', async () => {
    await using server = await T2(async (peer) => {
      await clientFirst(peer)
      await peer.send(`<challenge xmlns='${NS_SASL}'>%%%</challenge>`)
    })
    await attackLogin(server, { name: 'AuthenticationError', code: 'malformed', terminal: true })
  })

  test.each([
    [['PLAIN'], 'no-mechanism'],
    [[], 'no-mechanism'],
    [['X-EVIL', 'LOGIN', 'ANONYMOUS', 'EXTERNAL'], 'no-mechanism'],
  ])('S-043 nothing usable is offered: %s', async (mechanisms, code) => {
    await using server = await T2(async (peer) => {
      const first = clientFirst(peer, mechanisms).catch(() => {})
      await Promise.race([first, letGo(peer)])
    })
    const received = await attackLogin(server, { name: 'AuthenticationError', code, terminal: true })
    expect(received).not.toContain('<auth')
  })

  test.each([
    ['not-authorized', true],
    ['account-disabled', true],
    ['temporary-auth-failure', false],
  ])('R-018 refused with %s', async (condition, terminal) => {
    await using server = await T2(async (peer) => {
      await clientFirst(peer)
      await peer.send(`<failure xmlns='${NS_SASL}'><${condition}/><text>go away</text></failure>`)
    })
    await attackLogin(server, { name: 'AuthenticationError', code: condition, terminal })
  })

  test.each([
    ['a message', `<message from='boss@example.org'><body>x</body></message>`],
    ['features', '<stream:features/>'],
    ['an IQ', `<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>`],
    ['a challenge of another namespace', `<challenge xmlns='urn:xmpp:sasl:2'/>`],
  ])('S-007 %s during the exchange', async (_, element) => {
    await using server = await T2(async (peer) => {
      await clientFirst(peer)
      await peer.send(element)
    })
    const received = await attackLogin(server, { phase: 'sasl', code: 'unexpected-element', terminal: false })
    expect(received).toContain('<policy-violation')
  })
})

describe('S-048 the GS2 header tells what the channel can do', () => {
  test.each([
    ['tls', 'y,,'],
    ['tcp', 'y,,'],
    ['websocket', 'n,,'],
    ['memory', 'n,,'],
  ] as const)('over %s it is %s', async (transport, expected) => {
    const seen: string[] = []
    await using server = await T2(async (peer) => {
      const { gs2, nonce } = await clientFirst(peer)
      await peer.send(challenge(`r=${nonce}x,s=${salt},i=4096`))
      const [, response] = await peer.expect(/<response [^>]*>([^<]*)</)
      seen.push(gs2, decode(/c=([^,]*)/.exec(decode(response))?.[1]))
      await peer.send(`<failure xmlns='${NS_SASL}'><not-authorized/></failure>`)
    }, transport)
    await attackLogin(server, { code: 'not-authorized', terminal: true })
    expect(seen).toEqual([expected, expected])
  })
})

describe('S-054 the resource that is bound', () => {
  const bound = (jid: string): string => `<bind xmlns='${NS_BIND}'><jid>${jid}</jid></bind>`
  test.each([
    ['another account', bound('root@evil.net/r'), ''],
    ['another account of the domain', bound('root@example.org/r'), ''],
    ['no resource', bound(`${user}@example.org`), ''],
    ['a sender from elsewhere', bound(`${user}@example.org/r`), `from='x@evil.net'`],
    ['a sender that is no JID', bound(`${user}@example.org/r`), `from='@'`],
    ['no JID', bound('@'), ''],
    ['two JIDs', bound(`${user}@example.org/r</jid><jid>root@evil.net/r`), ''],
    ['no payload', '', ''],
    ['another payload', `<query xmlns='jabber:iq:roster'/>`, ''],
  ])('%s', async (_, payload, from) => {
    await using server = await T2(async (peer) => {
      await peer.login()
      await peer.streamHeader()
      await peer.offer(`<bind xmlns='${NS_BIND}'/>`)
      const { id } = await peer.expectRequest(NS_BIND, 'bind')
      await peer.send(`<iq type='result' id='${id}' ${from}>${payload}</iq>`)
    })
    const target = victim(server)
    const { error } = await target.failure
    expect(['ConnectionError', 'MalformedElementError']).toContain(error.name)
    expect(target.client.jid.equals(Jid.parse(`${user}@example.org`))).toBe(true)
    await target.client.close()
    expect(target.events).toEqual([])
  })

  test('an IQ before the answer is nobody’s, and an error is an error', async () => {
    await using server = await T2(async (peer) => {
      await peer.login()
      await peer.streamHeader()
      await peer.offer(`<bind xmlns='${NS_BIND}'/>`)
      const { id } = await peer.expectRequest(NS_BIND, 'bind')
      await peer.send(`<iq type='set' id='push' from='mallory@evil.net'><x xmlns='urn:evil'/></iq>`)
      const condition = `<not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`
      await peer.send(`<iq type='error' id='${id}'><error type='cancel'>${condition}</error></iq>`)
    })
    const received = await attackLogin(server, { name: 'StanzaError', code: 'not-allowed', terminal: true })
    expect(received).not.toContain('push')
  })
})

describe('S-063 secrets', () => {
  test('an honest login over TLS shows none, nowhere', async () => {
    await using server = await T2((peer) => peer.online().then(() => {}), 'tls')
    const { client, online, events, messages } = victim(server)
    await online
    expectNoSecret(server.peers[0]?.received, client, client.status, events, messages)
    expect(JSON.stringify(client)).not.toContain(password)
    await client.close()
  })

  test('a wrong password shows neither the right nor the wrong one', async () => {
    await using server = await T2(async (peer) => {
      await peer.login({ password: 'other' }).catch(() => {})
      await peer.send(`<failure xmlns='${NS_SASL}'><not-authorized/></failure>`)
    })
    expectNoSecret(await attackLogin(server, { code: 'not-authorized', terminal: true }))
  })

  test('a function that gives the password and throws is not called in a loop', async () => {
    const fetch = vi.fn(() => Promise.reject(new Error('the keychain is locked')))
    await using server = await T2(async (peer) => {
      const { nonce } = await clientFirst(peer)
      await peer.send(challenge(`r=${nonce}x,s=${salt},i=4096`))
    })
    const target = victim(server, { password: fetch })
    const { error, state } = await target.failure
    expect([error.message, state]).toEqual(['the keychain is locked', 'waiting'])
    await target.client.close()
    expect(fetch).toHaveBeenCalledOnce()
  })
})

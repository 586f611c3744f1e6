import { iqGet, marker, message } from '@couplet/stanza'
import { type Script, type ScriptedPeer, scriptedServer } from '@couplet/testing'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { account, letGo, password, user, victim, warmUp } from './victim.js'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

/** A client that is online with these options, after this script. */
async function online(options: Parameters<typeof victim>[1], script: Script = (peer) => peer.online().then(() => {})) {
  const server = await scriptedServer(async (peer) => {
    await script(peer)
    await letGo(peer)
  }, account)
  const target = victim(server, options)
  await target.online
  return {
    ...target,
    peer: server.peers[0] as ScriptedPeer,
    async [Symbol.asyncDispose]() {
      await target.client.close()
      await server.stop()
    },
  }
}

/** A login by one message: whoever comes is let in, and bound to this JID. */
const letIn =
  (mechanism: string, jid: string): Script =>
  async (peer) => {
    await peer.streamHeader()
    await peer.offer(`<mechanisms xmlns='${NS_SASL}'><mechanism>${mechanism}</mechanism></mechanisms>`)
    await peer.expectElement(NS_SASL, 'auth')
    await peer.send(`<success xmlns='${NS_SASL}'/>`)
    await peer.streamHeader()
    await peer.offer(`<bind xmlns='${NS_BIND}'/>`)
    await peer.reply(await peer.expectRequest(NS_BIND, 'bind'), `<bind xmlns='${NS_BIND}'><jid>${jid}</jid></bind>`)
  }

beforeAll(warmUp)

describe('options of a login', () => {
  test('a resource is asked for, and the server’s word counts', async () => {
    await using mine = await online({ jid: `${user}@example.org/desk` })
    expect(String(mine.client.jid)).toBe(`${user}@example.org/desk`)
    expect(mine.peer.received).toContain('<resource>desk</resource>')
    await using other = await online({ jid: `${user}@example.org/desk` }, (peer) =>
      peer.online({ resource: 'desk-2' }).then(() => {}),
    )
    expect(String(other.client.jid)).toBe(`${user}@example.org/desk-2`)
  })

  test('presence is announced as it was given, or not at all', async () => {
    await using away = await online({ presence: { show: 'away', priority: -1 } })
    await away.peer.expect(/<presence[^>]*><show>away<\/show><priority>-1<\/priority><\/presence>/)
    await using hidden = await online({ presence: false })
    await hidden.client.close()
    expect(hidden.peer.received.replace(/<presence [^>]*type='unavailable'[^>]*\/>/, '')).not.toContain('<presence')
  })

  test('the language is that of the stream', async () => {
    await using session = await online({ lang: 'de-AT' })
    expect(session.peer.received).toMatch(/<stream:stream [^>]*xml:lang='de-AT'/)
  })

  test('an anonymous login learns its account from the server', async () => {
    const options = { jid: 'example.org', password: undefined, anonymous: true }
    await using session = await online(options, letIn('ANONYMOUS', 'x7@example.org/r'))
    const { client, peer } = session
    expect([String(client.jid), String(client.account)]).toEqual(['x7@example.org/r', 'x7@example.org'])
    expect(peer.received).not.toContain(password)
  })

  test('S-054 an anonymous login is not bound to another domain', async () => {
    const options = { jid: 'example.org', password: undefined, anonymous: true, reconnect: false }
    await expect(online(options, letIn('ANONYMOUS', 'x7@evil.net/r'))).rejects.toMatchObject({ phase: 'bind' })
  })

  test('a certificate in the transport logs in with EXTERNAL', async () => {
    const options = { password: undefined, external: true }
    await using session = await online(options, letIn('EXTERNAL', `${user}@example.org/r`))
    expect(session.peer.received).toContain(`mechanism='EXTERNAL'`)
  })

  test('the password is fetched when it is about to be used, and not before', async () => {
    const fetched = vi.fn(async () => password)
    await using session = await online({ password: fetched })
    expect(fetched).toHaveBeenCalledOnce()
    expect(session.peer.received).not.toContain(password)
  })

  test('limits of the parser are those that were set', async () => {
    await using session = await online({ limits: { stanzaBytes: 10_000 } }, async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      await peer.stanza(`<message><body>${'x'.repeat(20_000)}</body></message>`)
    })
    expect((await session.failure).error).toMatchObject({ name: 'StreamError', code: 'policy-violation' })
  })

  test('a request ends after the time that was set', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await using session = await online({ requestTimeout: 5000 })
      const answer = session.client.request(iqGet(marker('urn:example', 'question')), true)
      const verdict = expect(answer).rejects.toMatchObject({ name: 'TimeoutError' })
      await vi.advanceTimersByTimeAsync(5000)
      await verdict
    } finally {
      vi.useRealTimers()
    }
  })

  test('methods work without their client', async () => {
    await using session = await online({})
    const { send } = session.client
    await expect(send(message({ to: 'bob@example.org', body: 'hi' })).acked).resolves.toBeUndefined()
  })
})

import { type Script, scriptedServer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { type AccountOptions, createAccount, tcp } from '../src/index-node.js'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const NS_REGISTER = 'jabber:iq:register'
const features = `<register xmlns='http://jabber.org/features/iq-register'/><register xmlns='urn:xmpp:ibr-token:0'/>`
const secret = 'Gr0undl!ngs'

/** A server that lets people register, and what it was told. */
const registering = async (offered = features, fields = '<username/><password/>') => {
  const told: string[] = []
  const script: Script = async (peer) => {
    await peer.streamHeader()
    await peer.offer(offered)
    peer.polite()
    peer.answer('urn:xmpp:pars:0', 'preauth', (request) => {
      told.push(String(request.payload?.attr('token')))
      return ''
    })
    peer.answer(NS_REGISTER, 'query', (request) => {
      if (request.type === 'set')
        told.push([...(request.payload?.elements() ?? [])].map(({ name, text }) => `${name} ${text}`).join(', '))
      return request.type === 'get' ? `<query xmlns='${NS_REGISTER}'>${fields}</query>` : ''
    })
    await peer.closed
  }
  const server = await scriptedServer(script, { transport: 'tls', user: 'u', password: 'p' })
  const create = (options: Partial<AccountOptions> = {}) =>
    createAccount({
      jid: 'juliet@example.org',
      password: secret,
      service: server.service,
      transports: [tcp({ ca: server.ca })],
      ...options,
    })
  return { server, create, told }
}

describe('an account in one call', () => {
  test('is registered, and the stream is closed', async () => {
    const { server, create, told } = await registering()
    await using _ = server
    await create()
    expect(told).toEqual([`username juliet, password ${secret}`])
    await server.peers[0]?.closed
  })

  test('with the token of an invitation, which comes first, and with what else is wanted', async () => {
    const { server, create, told } = await registering(features, '<username/><password/><email/>')
    await using _ = server
    await create({ token: 'TOKEN', values: { email: 'juliet@capulet.lit' } })
    expect(told).toEqual(['TOKEN', `username juliet, password ${secret}, email juliet@capulet.lit`])
  })

  test('not where it is not offered, and nothing is left open', async () => {
    const { server, create, told } = await registering('')
    await using _ = server
    await expect(create()).rejects.toMatchObject({ name: 'RegistrationError', code: 'not-offered' })
    await expect(create({ token: 'TOKEN' })).rejects.toMatchObject({ name: 'InviteError', code: 'not-offered' })
    await Promise.all(server.peers.map(({ closed }) => closed))
    expect([told, server.peers.length]).toEqual([[], 2])
  })

  test('S-067 not on a connection that is not secure', async () => {
    await using server = await scriptedServer(
      async (peer) => {
        await peer.streamHeader()
        await peer.offer(features)
        await peer.expectElement(NS_TLS, 'starttls')
        await peer.send(`<failure xmlns='${NS_TLS}'/></stream:stream>`)
        await peer.closed
      },
      { transport: 'tcp', user: 'u', password: 'p' },
    )
    const options = {
      jid: 'juliet@example.org',
      password: secret,
      service: server.service,
      transports: [tcp({ ca: server.ca })],
    }
    const created = createAccount({ ...options, token: 'TOKEN' })
    await expect(created).rejects.toMatchObject({ name: 'ConnectionError', code: 'tls-required' })
    for (const word of [secret, 'TOKEN', 'juliet']) expect(server.peers[0]?.received).not.toContain(word)
  })

  test('an address without a name, or with a resource, is a mistake', async () => {
    for (const jid of ['example.org', 'juliet@example.org/x']) {
      await expect(createAccount({ jid, password: secret })).rejects.toThrow(TypeError)
    }
  })
})

import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { type ExternalService, queryCredentials, queryServices } from './elements.js'
import { getIceServers } from './ice-servers.js'

const service = (init: Partial<ExternalService>): ExternalService => ({
  host: 'a.example',
  type: 'turn',
  forms: [],
  ...init,
})
const known = { username: 'u', password: 'p' }
const credentials = { username: 'u', credential: 'p' }

async function serversOf(services: readonly ExternalService[]) {
  const session = fakeSession()
  session.answer(queryServices, { services })
  session.answer(queryCredentials, new StanzaError({ condition: 'item-not-found' }))
  return getIceServers(session)
}

describe('ICE servers', () => {
  test('are the STUN and TURN servers', async () => {
    const all = await serversOf([
      service({ type: 'stun', port: 3478, transport: 'udp' }),
      service({ type: 'stuns', host: '192.0.2.1' }),
      service({ ...known, port: 3478, transport: 'UDP' }),
      service({ ...known, type: 'turns', host: '2001:db8::1', port: 5349, transport: 'tcp' }),
      service({ ...known, transport: 'sctp' }),
      service({ ...known, type: 'ftp' }),
    ])
    expect(all).toEqual([
      { urls: 'stun:a.example:3478' },
      { urls: 'stuns:192.0.2.1' },
      { urls: 'turn:a.example:3478?transport=udp', ...credentials },
      { urls: 'turns:[2001:db8::1]:5349?transport=tcp', ...credentials },
      { urls: 'turn:a.example', ...credentials },
    ])
  })

  test('each comes once', async () => {
    expect(await serversOf([service(known), service(known)])).toHaveLength(1)
  })

  test.each(['', 'a b', 'a?transport=tcp', 'a/b', 'a@b', '-a', 'a:1', '[::1]', 'a-', 'ä.example'])(
    'a host of "%s" makes none',
    async (host) => {
      const found = await serversOf([service({ ...known, host }), service({ type: 'stun', host })])
      expect(found).toEqual([])
    },
  )

  test('expired credentials, and none, make none', async () => {
    const expires = (milliseconds: number) => new Date(Date.now() + milliseconds)
    const all = [
      { ...known, expires: expires(-1000) },
      { ...known, port: 1, expires: expires(60_000) },
      { username: 'u' },
    ]
    expect((await serversOf(all.map(service))).map(({ urls }) => urls)).toEqual(['turn:a.example:1'])
  })

  test('relays without credentials are asked for them', async () => {
    const session = fakeSession()
    const relay = service({ port: 1, transport: 'tcp', restricted: true })
    session.answer(queryServices, { services: [relay, service({ type: 'stun', restricted: true })] })
    session.answer(queryCredentials, {
      services: [service({ ...known, port: 2 }), service(known)],
    })
    expect(await getIceServers(session, { from: 'disco.example.net' })).toEqual([
      { urls: 'turn:a.example:1?transport=tcp', ...credentials },
      { urls: 'stun:a.example' },
    ])
    expect(session.requests.map(({ to }) => String(to))).toEqual(['disco.example.net', 'disco.example.net'])
  })

  test('a relay listed without a port is where its credentials say', async () => {
    const session = fakeSession()
    session.answer(queryServices, { services: [service({ restricted: true })] })
    session.answer(queryCredentials, { services: [service({ ...known, port: 3479, transport: 'udp' })] })
    expect(await getIceServers(session)).toEqual([{ urls: 'turn:a.example:3479?transport=udp', ...credentials }])
  })

  test('a connection that is lost meanwhile is no empty list', async () => {
    const session = fakeSession()
    session.answer(queryServices, { services: [service({ restricted: true })] })
    const asked = getIceServers(session)
    await session.settled()
    session.lose()
    await expect(asked).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})

import { getExternalServices, getIceServers, getServiceCredentials } from '@couplet/external-services'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const all = await targets()
/** The loopback server knows of no services. */
const isLive = ({ server }: Target): boolean => server !== undefined

describe.each(all.filter(isLive))('external services of $title', (target) => {
  test('are told with what is needed to use them', async () => {
    const client = await openClient(target)
    const services = await getExternalServices(client)
    const shared = { host: '192.0.2.1', port: 3478, transport: 'udp' }
    expect(services).toContainEqual(expect.objectContaining({ ...shared, type: 'stun' }))
    const relay = services.find(({ type }) => type === 'turn')
    expect(relay).toMatchObject({
      ...shared,
      restricted: true,
      username: expect.any(String),
      password: expect.any(String),
    })
    expect(relay!.expires!.getTime()).toBeGreaterThan(Date.now())
    expect((await getExternalServices(client, { type: 'turn' })).map(({ type }) => type)).toEqual(['turn'])
    expect(await getExternalServices(client, { type: 'stuns' })).toEqual([])
  })

  test('give credentials for a service', async () => {
    const client = await openClient(target)
    const found = await getServiceCredentials(client, { host: '192.0.2.1', type: 'turn', port: 3478 })
    expect(found).toEqual([expect.objectContaining({ username: expect.any(String), password: expect.any(String) })])
  })

  test('are ICE servers', async () => {
    const client = await openClient(target)
    const servers = await getIceServers(client)
    expect(servers.map(({ urls }) => urls).sort()).toEqual(['stun:192.0.2.1:3478', 'turn:192.0.2.1:3478?transport=udp'])
  })
})

describe.each(all.filter((target) => !isLive(target)))('a server without external services: $title', (target) => {
  test('says so', async () => {
    const client = await openClient(target)
    const refused = {
      name: 'StanzaError',
      condition: expect.stringMatching(/^(service-unavailable|feature-not-implemented)$/),
    }
    await expect(getIceServers(client)).rejects.toMatchObject(refused)
  })
})

import { disco } from '@couplet/disco'
import { ping } from '@couplet/ping'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('service discovery at $title', (target) => {
  const open = (name = 'Test') => openClient(target, { plugins: [disco({ name, answer: () => true }), ping()] })

  test('the server says what it is and what it can do', async () => {
    const { disco: api } = await open()
    const { identities, features } = await api.info(target.domain)
    expect(identities).toContainEqual(expect.objectContaining({ category: 'server', type: 'im' }))
    expect(features).toContain('http://jabber.org/protocol/disco#info')
    expect(await api.supports(target.domain, 'urn:xmpp:ping')).toBe(true)
    expect(await api.supports(target.domain, 'urn:example:nothing')).toBe(false)
  })

  test('the own account is an account', async () => {
    const client = await open()
    const { identities } = await client.disco.info(client.account)
    expect(identities).toContainEqual(expect.objectContaining({ category: 'account', type: 'registered' }))
  })

  test('clients answer each other with the features of their plugins', async () => {
    const [one, other] = await Promise.all([open('One'), open('Other')])
    const { identities, features } = await one.disco.info(other.jid)
    expect(identities).toEqual([{ category: 'client', type: 'pc', name: 'Other' }])
    expect([...features].sort()).toEqual([...features])
    expect(features).toEqual(expect.arrayContaining(['http://jabber.org/protocol/disco#info', 'urn:xmpp:ping']))
    expect((await one.disco.items(other.jid)).items).toEqual([])
  })

  test('a node that does not exist', async () => {
    const [one, other] = await Promise.all([open(), open()])
    const outcome = one.disco.info(other.jid, { node: 'urn:example:nothing' })
    await expect(outcome).rejects.toMatchObject({ name: 'StanzaError', condition: 'item-not-found' })
  })

  test('who does not exist can do nothing', async () => {
    const { disco: api } = await open()
    expect(await api.supports(`nobody@${target.domain}/x`, 'urn:xmpp:ping')).toBe(false)
  })

  const { server } = target
  if (server) {
    test('the server lists its services, and they say what they are', async () => {
      const { disco: api } = await open()
      const { items } = await api.items(target.domain)
      const services = items.map(({ jid }) => jid.toString())
      expect(services).toEqual(expect.arrayContaining([server.hosts.rooms, server.hosts.pubsub, server.hosts.upload]))
      const { identities } = await api.info(server.hosts.rooms)
      expect(identities).toContainEqual(expect.objectContaining({ category: 'conference', type: 'text' }))
    })
  }
})

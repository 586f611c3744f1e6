import { field, findForm, NS_DATA_FORMS, resultForm } from '@couplet/forms'
import { StanzaError, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { disco } from './disco.js'
import { getDiscoInfo, getDiscoItems, NS_DISCO_INFO, NS_DISCO_ITEMS } from './elements.js'

const friend = 'friend@example.org/x'
const room = 'cave@rooms.example.org'

describe('asking', () => {
  test('info sends the question with its node and returns the answer', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    const answer = { node: 'n', identities: [{ category: 'conference', type: 'text' }], features: ['a'], forms: [] }
    session.answer(getDiscoInfo, (query) => ({ ...answer, ...query }))
    expect(await api.info(room, { node: 'n' })).toEqual(answer)
    expect(session.requests[0]?.to?.toString()).toBe(room)
    expect(session.requests[0]?.get(getDiscoInfo.request)).toEqual({ node: 'n' })
  })

  test('items sends node and page', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    session.answer(getDiscoItems, { items: [], page: { count: 800 } })
    expect(await api.items(room, { node: 'n', page: { max: 0 } })).toEqual({ items: [], page: { count: 800 } })
    expect(session.requests[0]?.get(getDiscoItems.request)).toEqual({ node: 'n', page: { max: 0 } })
  })

  test('an item whose address is no JID does not hide the others', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    const items = api.items('rooms.example.org')
    session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='rooms.example.org'>
      <query xmlns='${NS_DISCO_ITEMS}'><item jid='@'/><item jid='${room}'/></query></iq>`)
    expect((await items).items.map(({ jid }) => jid.toString())).toEqual([room])
  })

  test('a malformed form does not cost the answer, and the others can be read (XEP-0128)', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    const Room = resultForm('urn:example:room', { subject: field('subject') })
    const forms = [xml(NS_DATA_FORMS, 'x'), Room({ subject: 'Caves' })]
    session.answer(getDiscoInfo, { identities: [], features: [], forms })
    expect(findForm((await api.info(room)).forms, Room)).toEqual({ subject: 'Caves' })
  })

  test('supports is true for a feature that is listed', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    session.answer(getDiscoInfo, { identities: [], features: ['urn:xmpp:ping'], forms: [] })
    expect(await api.supports(room, 'urn:xmpp:ping')).toBe(true)
    expect(await api.supports(room, 'urn:xmpp:pong')).toBe(false)
    expect(await api.supports(room, NS_DISCO_INFO)).toBe(true)
  })

  test.each(['service-unavailable', 'feature-not-implemented', 'item-not-found'] as const)(
    'supports is false after %s (XEP-0030 §7)',
    async (condition) => {
      const session = fakeSession()
      const api = session.install(disco())
      session.answer(getDiscoInfo, new StanzaError({ condition }))
      expect(await api.supports(room, 'urn:xmpp:ping')).toBe(false)
    },
  )

  test('supports rejects when nobody could answer', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    session.answer(getDiscoInfo, new StanzaError({ condition: 'remote-server-timeout' }))
    await expect(api.supports(room, 'urn:xmpp:ping')).rejects.toMatchObject({ condition: 'remote-server-timeout' })
  })

  test('a signal ends the call', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    const controller = new AbortController()
    const info = api.info(room, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(info).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  test('with the identity and the sorted features of all plugins', async () => {
    const session = fakeSession({ features: ['urn:z', 'urn:a', 'urn:z'] })
    session.install(disco({ identity: { category: 'client', type: 'bot' }, name: 'Puck' }))
    expect(await session.ask(getDiscoInfo, {}, friend)).toEqual({
      identities: [{ category: 'client', type: 'bot', name: 'Puck' }],
      features: [NS_DISCO_INFO, NS_DISCO_ITEMS, 'urn:a', 'urn:z'],
      forms: [],
    })
  })

  test('there are no items, and no nodes', async () => {
    const session = fakeSession()
    session.install(disco())
    expect(await session.ask(getDiscoItems, {}, friend)).toEqual({ items: [] })
    await expect(session.ask(getDiscoInfo, { node: 'n' }, friend)).rejects.toMatchObject({
      condition: 'item-not-found',
    })
    await expect(session.ask(getDiscoItems, { node: 'n' }, friend)).rejects.toMatchObject({
      condition: 'item-not-found',
    })
  })

  test('S-160 who is not to know that we are online gets the answer of a missing resource', async () => {
    const session = fakeSession()
    session.install(disco({ answer: (from) => from.toString() === friend }))
    await session.ask(getDiscoInfo, {}, friend)
    for (const query of [{}, { node: 'n' }]) {
      const question = session.ask(getDiscoInfo, query, 'stranger@evil.net/x')
      await expect(question).rejects.toMatchObject({ type: 'cancel', condition: 'service-unavailable' })
    }
    await expect(session.ask(getDiscoItems, {}, 'stranger@evil.net/x')).rejects.toMatchObject({
      condition: 'service-unavailable',
    })
  })
})

import { field, findForm, NS_DATA_FORMS, resultForm } from '@couplet/forms'
import type { Contact } from '@couplet/roster'
import { Jid, StanzaError, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { disco } from './disco.js'
import { getDiscoInfo, getDiscoItems, NS_DISCO_INFO, NS_DISCO_ITEMS } from './elements.js'

const friend = 'friend@example.org/x'
const me = 'me@example.org/other'
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
    expect(await session.ask(getDiscoInfo, {}, me)).toEqual({
      identities: [{ category: 'client', type: 'bot', name: 'Puck' }],
      features: [NS_DISCO_INFO, NS_DISCO_ITEMS, 'urn:a', 'urn:z'],
      forms: [],
    })
  })

  test('with what the application says about itself besides (XEP-0128)', async () => {
    const session = fakeSession({ features: ['urn:z'] })
    const Software = resultForm('urn:xmpp:dataforms:softwareinfo', { software: field('software') })
    const forms = [Software({ software: 'Puck' })]
    const identity = { category: 'client', type: 'pc', name: 'Kobold', lang: 'de' }
    const api = session.install(disco({ name: 'Puck', identities: [identity], features: ['urn:a'], forms }))
    const info = await session.ask(getDiscoInfo, {}, me)
    expect(info.identities).toEqual([{ category: 'client', type: 'pc', name: 'Puck' }, identity])
    expect(info.features).toEqual([NS_DISCO_INFO, NS_DISCO_ITEMS, 'urn:a', 'urn:z'])
    expect(findForm(info.forms, Software)).toEqual({ software: 'Puck' })
    expect(api.self.forms).toEqual(forms)
  })

  test('there are no items, and no nodes', async () => {
    const session = fakeSession()
    session.install(disco())
    expect(await session.ask(getDiscoItems, {}, me)).toEqual({ items: [] })
    await expect(session.ask(getDiscoInfo, { node: 'n' }, me)).rejects.toMatchObject({
      condition: 'item-not-found',
    })
    await expect(session.ask(getDiscoItems, { node: 'n' }, me)).rejects.toMatchObject({
      condition: 'item-not-found',
    })
  })

  test('plugins describe nodes, to those who may know, until they are done', async () => {
    const session = fakeSession({ features: ['urn:example:a'] })
    const api = session.install(disco({ name: 'Puck' }))
    expect(api.self.identities).toEqual([{ category: 'client', type: 'pc', name: 'Puck' }])
    expect(api.self.features).toContain('urn:example:a')
    const info = { identities: [], features: ['urn:example:node'], forms: [] }
    const subscription = api.describeNodes((node) => (node === 'n' ? info : undefined))
    api.describeNodes((node) => (node === 'all' ? api.self : undefined))
    expect(await session.ask(getDiscoInfo, { node: 'n' }, me)).toEqual({ ...info, node: 'n' })
    expect(await session.ask(getDiscoItems, { node: 'n' }, me)).toEqual({ node: 'n', items: [] })
    expect((await session.ask(getDiscoInfo, { node: 'all' }, me)).features).toEqual(api.self.features)
    const denied = session.ask(getDiscoInfo, { node: 'n' }, 'stranger@evil.net/x')
    await expect(denied).rejects.toMatchObject({ condition: 'service-unavailable' })
    subscription.dispose()
    await expect(session.ask(getDiscoInfo, { node: 'n' }, me)).rejects.toMatchObject({ condition: 'item-not-found' })
  })

  test('S-160 who serves nodes decides who may know of them; for the others there are none', async () => {
    const session = fakeSession()
    const api = session.install(disco())
    const info = { identities: [], features: ['urn:example:node'], forms: [] }
    const asked: string[] = []
    const subscription = api.serveNodes({
      async info(node, { from, to }) {
        asked.push(`${from} ${to}`)
        if (node === 'closed') throw new StanzaError({ condition: 'forbidden' })
        return node === 'n' && from.toString() === friend ? info : undefined
      },
      items: (node, { from, to }) =>
        node === 'n' && from.toString() === friend ? [{ jid: to, node: 'm' }] : undefined,
    })
    expect(await session.ask(getDiscoInfo, { node: 'n' }, friend)).toEqual({ ...info, node: 'n' })
    expect(await session.ask(getDiscoItems, { node: 'n' }, friend)).toEqual({
      node: 'n',
      items: [{ jid: session.jid, node: 'm' }],
    })
    expect(asked).toEqual([`${friend} me@example.org/here`])
    const outcome = async (from: string, node?: string): Promise<unknown[]> => [
      await session.ask(getDiscoInfo, { node }, from).catch((error) => error.condition),
      await session.ask(getDiscoItems, { node }, from).catch((error) => error.condition),
    ]
    const unavailable = ['service-unavailable', 'service-unavailable']
    expect(await outcome('stranger@evil.net/x', 'n')).toEqual(unavailable)
    expect(await outcome(friend)).toEqual(unavailable)
    expect(await outcome(me, 'n')).toEqual(['item-not-found', 'item-not-found'])
    expect((await outcome(me, 'closed'))[0]).toBe('forbidden')
    subscription.dispose()
    expect(await outcome(friend, 'n')).toEqual(unavailable)
  })

  test('answers tells who may know that this client is online', () => {
    const api = fakeSession().install(disco({ answer: (from) => from.toString() === friend }))
    const all = [friend, me, 'example.org', 'stranger@evil.net/x']
    expect(all.filter((jid) => api.answers(Jid.parse(jid)))).toEqual([friend, me, 'example.org'])
  })

  const refused = { type: 'cancel', condition: 'service-unavailable', text: undefined }
  /** Who of these gets answers; the others get the one of a missing resource to every question. */
  const answered = async (session: ReturnType<typeof fakeSession>, all: readonly string[]): Promise<string[]> => {
    const found: string[] = []
    for (const from of all) {
      const outcome = await session.ask(getDiscoInfo, {}, from).catch((error: unknown) => error)
      if (!(outcome instanceof Error)) {
        found.push(from)
        continue
      }
      expect(outcome).toMatchObject(refused)
      await expect(session.ask(getDiscoInfo, { node: 'n' }, from)).rejects.toMatchObject(refused)
      await expect(session.ask(getDiscoItems, {}, from)).rejects.toMatchObject(refused)
      await expect(session.ask(getDiscoItems, { node: 'n' }, from)).rejects.toMatchObject(refused)
    }
    return found
  }
  const own = ['me@example.org', 'me@example.org/other', 'example.org']

  test('S-160 S-163 by default only the own account and its server learn that we are online', async () => {
    const session = fakeSession()
    session.install(disco())
    const others = [friend, 'stranger@evil.net/x', 'transport.example.org', 'example.org/x', 'm\u0435@example.org']
    expect(await answered(session, [...own, ...others])).toEqual(own)
  })

  test('S-160 a broken question of a stranger gets no other answer, one of ours gets the usual one', async () => {
    const session = fakeSession()
    session.install(disco())
    const broken = `<query xmlns='${NS_DISCO_ITEMS}'><set xmlns='http://jabber.org/protocol/rsm'><max>x</max></set></query>`
    for (const from of ['stranger@evil.net/x', me])
      session.receive(`<iq type='get' id='1' from='${from}'>${broken}</iq>`)
    await session.settled()
    expect(session.replies.map(({ error }) => error?.condition)).toEqual(['service-unavailable', undefined])
  })

  test('S-160 whom the application allows learns it, too', async () => {
    const session = fakeSession()
    session.install(disco({ answer: (from) => from.toString() === friend }))
    expect(await answered(session, [...own, friend, 'stranger@evil.net/x'])).toEqual([...own, friend])
  })

  const subscriptions = ['none', 'to', 'from', 'both'] as const
  /** A contact `NAME@NAME.net` for each, with the subscription of that name. */
  const rosterOf = (...names: readonly Contact['subscription'][]) => {
    const list = names.map((name) => ({ jid: Jid.parse(`${name}@${name}.net`).bare, subscription: name }) as Contact)
    const contacts = new Map(list.map((contact) => [String(contact.jid), contact]))
    return { contacts, get: (jid: Jid | string) => contacts.get(String(Jid.parse(String(jid)).bare)) }
  }

  test('S-160 with contacts, those who may see our presence', async () => {
    const session = fakeSession()
    session.install(disco({ answer: 'contacts', name: 'Puck' }), { roster: rosterOf(...subscriptions) })
    const all = [...subscriptions, 'stranger'].map((name) => `${name}@${name}.net/x`)
    expect(await answered(session, [...own, ...all])).toEqual([...own, 'from@from.net/x', 'both@both.net/x'])
    expect((await session.ask(getDiscoInfo, {}, 'both@both.net/x')).identities[0]?.name).toBe('Puck')
  })

  test('S-160 with contacts, their servers ask which events to send, in their name or in their own', async () => {
    const session = fakeSession()
    session.install(disco({ answer: 'contacts' }), { roster: rosterOf(...subscriptions) })
    const theirs = ['from@from.net', 'both@both.net', 'from.net', 'both.net']
    const others = ['to@to.net', 'to.net', 'none.net', 'evil.net', 'other@from.net', 'pubsub.from.net', 'from.net/x']
    expect(await answered(session, [...theirs, ...others])).toEqual(theirs)
  })

  test('contacts need the roster', () => {
    expect(disco().needs).toEqual({})
    expect(disco({ answer: 'contacts' }).needs).toEqual({ roster: true })
  })
})

import { disco, getDiscoInfo } from '@couplet/disco'
import { pep } from '@couplet/pep'
import { getItems, NS_PUBLISH_OPTIONS, NS_PUBSUB_EVENT, publishItems, pubsub } from '@couplet/pubsub'
import { StanzaError } from '@couplet/stanza'
import { fakeSession, parseXml } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { NS_VCARD4, NS_VCARD4_CONTACTS, NS_VCARD4_NODE, Vcard4, Vcard4Contacts } from './elements.js'
import { getVcard4, onVcard4Change, publishVcard4, updateVcard4 } from './vcard4.js'

const card = (content: string) => parseXml(`<vcard xmlns='${NS_VCARD4}'>${content}</vcard>`)

const setUp = () => {
  const session = fakeSession()
  session.answer(getDiscoInfo, { identities: [], features: [NS_PUBLISH_OPTIONS], forms: [] })
  const needs = { pubsub: session.install(pubsub()), disco: session.install(disco()), caps: {} }
  const client = { pep: session.install(pep(), needs) }
  const stored = (content: string) =>
    session.answer(getItems, { items: { node: NS_VCARD4_NODE, items: [{ id: 'current', payload: card(content) }] } })
  const published: {
    readonly payload: string
    readonly access: string | undefined
    readonly id: string | undefined
  }[] = []
  session.answer(publishItems, ({ publish: { items }, options }) => {
    published.push({ payload: String(items[0]?.payload), access: options?.accessModel, id: items[0]?.id })
    return undefined
  })
  const tell = (from: string, items: string, node = NS_VCARD4_NODE) =>
    session.receive(`<message type='headline' from='${from}'>
      <event xmlns='${NS_PUBSUB_EVENT}'><items node='${node}'>${items}</items></event></message>`)
  return { session, client, stored, published, tell }
}

describe('getVcard4', () => {
  test('asks an account for its newest', async () => {
    const { session, client, stored } = setUp()
    stored('<fn><text>Ishmael</text></fn>')
    expect(await getVcard4(client, { from: 'ish@example.org/x' })).toEqual({ fullNames: [{ text: 'Ishmael' }] })
    await getVcard4(client)
    expect(session.requests.map(({ to }) => String(to))).toEqual(['ish@example.org', 'me@example.org'])
  })

  test('none, a refusal, and something else in its place', async () => {
    const { session, client } = setUp()
    session.answer(getItems, new StanzaError({ condition: 'item-not-found' }))
    expect(await getVcard4(client)).toBeUndefined()
    session.answer(getItems, new StanzaError({ condition: 'forbidden' }))
    await expect(getVcard4(client)).rejects.toMatchObject({ condition: 'forbidden' })
    const items = [{ id: '1', payload: parseXml("<vCard xmlns='vcard-temp'/>") }]
    session.answer(getItems, { items: { node: NS_VCARD4_NODE, items } })
    await expect(getVcard4(client)).rejects.toMatchObject({ name: 'MalformedElementError' })
    await expect(getVcard4(client, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })

  test('S-183 whatever it holds, it is a vCard, and nothing of it is lost', () => {
    const content =
      '<fn/><fn><text><b/></text></fn><n><n/></n><tel><parameters><type><b/></type><pref><integer>x</integer></pref>' +
      '<pref/></parameters></tel><bday><date/><date/></bday><__proto__/><others>x</others><kind><text/><text/></kind>'
    const value = Vcard4.parse(card(content)) as Vcard4
    const again = Vcard4.parse(Vcard4(value)) as Vcard4
    expect(again).toEqual(value)
    const count = (element: ReturnType<typeof card>): number =>
      [...element.elements()].reduce((sum, child) => sum + 1 + count(child), 0)
    expect(count(Vcard4(value))).toBe(count(card(content)))
  })
})

describe('publishing', () => {
  test('for contacts, unless it is said otherwise', async () => {
    const { client, published } = setUp()
    await publishVcard4(client, { fullNames: [{ text: 'Ishmael' }] })
    await publishVcard4(client, {}, { access: 'open' })
    expect(published).toEqual([
      { payload: String(card('<fn><text>Ishmael</text></fn>')), access: 'presence', id: 'current' },
      { payload: String(card('')), access: 'open', id: 'current' },
    ])
  })

  test('a change keeps what it knows nothing of', async () => {
    const { client, stored, published } = setUp()
    const unknown = "<x-ship><text>Pequod</text></x-ship><mood xmlns='urn:example:mood'/>"
    stored(`<fn><text>Ishmael</text><x-fn/></fn>${unknown}`)
    const result = await updateVcard4(client, (before) => ({ ...before, nicknames: [{ text: 'Ish' }] }), {
      access: 'open',
    })
    expect(result.nicknames).toEqual([{ text: 'Ish' }])
    const content = `<fn><text>Ishmael</text><x-fn/></fn><nickname><text>Ish</text></nickname>${unknown}`
    expect(published).toEqual([{ payload: String(card(content)), access: 'open', id: 'current' }])
  })

  test('the first one is made of nothing; what cannot be read is not overwritten', async () => {
    const { session, client, published } = setUp()
    session.answer(getItems, new StanzaError({ condition: 'internal-server-error' }))
    await expect(updateVcard4(client, (before) => before)).rejects.toMatchObject({ condition: 'internal-server-error' })
    expect(published).toEqual([])
    session.answer(getItems, new StanzaError({ condition: 'item-not-found' }))
    expect(await updateVcard4(client, () => ({ kind: { text: 'group' } }))).toEqual({ kind: { text: 'group' } })
    expect(published).toHaveLength(1)
  })

  test('what is kept about contacts is private, one item for each', async () => {
    const { client, published } = setUp()
    await client.pep.publish(Vcard4Contacts, { notes: [{ text: 'owes me' }] }, { id: 'sam@example.org' })
    expect(published).toMatchObject([{ access: 'whitelist', id: 'sam@example.org' }])
  })
})

describe('onVcard4Change', () => {
  test('tells what accounts publish, also without saying what', () => {
    const { session, client, tell } = setUp()
    const handler = vi.fn()
    const subscription = onVcard4Change(client, handler)
    expect(session.features).toContain(`${NS_VCARD4_NODE}+notify`)
    tell('bob@example.org', `<item id='1'>${card('<fn><text>Bob</text></fn>')}</item>`)
    tell('bob@example.org', "<item id='2'/>")
    tell('bob@example.org', "<retract id='2'/>")
    tell('bob@example.org', "<item id='3'><other xmlns='urn:example'/></item>")
    tell('bob@example.org/x', `<item id='1'>${card('<fn><text>Mallory</text></fn>')}</item>`)
    expect(handler.mock.calls.map(([value, { type, from }]) => [value, type, String(from)])).toEqual([
      [{ fullNames: [{ text: 'Bob' }] }, 'published', 'bob@example.org'],
      [undefined, 'published', 'bob@example.org'],
      [undefined, 'retracted', 'bob@example.org'],
      [undefined, 'malformed', 'bob@example.org'],
    ])
    expect(session.rejected).toHaveLength(1)
    subscription.dispose()
    expect(session.features).not.toContain(`${NS_VCARD4_NODE}+notify`)
  })

  test('what is said about contacts can only come from ourselves', () => {
    const { session, client, tell } = setUp()
    const handler = vi.fn()
    client.pep.onChange(Vcard4Contacts, handler)
    const items = `<item id='sam@example.org'>${card('<fn><text>Sam</text></fn>')}</item>`
    tell('mallory@example.org', items, NS_VCARD4_CONTACTS)
    expect([handler.mock.calls.length, session.rejected.length]).toEqual([0, 1])
    tell('me@example.org', items, NS_VCARD4_CONTACTS)
    expect(handler).toHaveBeenCalledTimes(1)
  })
})

import { attr, element, Jid } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { NS_PUBSUB_EVENT } from './event/elements.js'
import type { NodeChange } from './node-change.js'
import { pubsub } from './pubsub.js'

const Note = element('urn:example:note', 'note', { text: attr('text') })
type Note = { readonly text: string }
const service = 'pubsub.example.org'
const note = (text: string) => `<note xmlns='urn:example:note' text='${text}'/>`

/** What a message of this service with this content changes. */
const watch = (session: FakeSession, name = 'news') => {
  const changes: NodeChange<Note>[] = []
  const subscription = session
    .install(pubsub())
    .node(service, name, Note)
    .onChange((change) => void changes.push(change))
  return { changes, subscription }
}
const tell = (session: FakeSession, content: string, from: string | null = service, more = ''): void => {
  const sender = from === null ? '' : ` from='${from}'`
  session.receive(
    `<message${sender} type='headline'><event xmlns='${NS_PUBSUB_EVENT}'>${content}</event>${more}</message>`,
  )
}
const base = { from: Jid.parse(service), stamp: undefined }

describe('what happens to a node', () => {
  test('each kind of change has a type of its own', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    tell(session, `<items node='news'><item id='1' publisher='bob@example.org'>${note('a')}</item></items>`)
    tell(session, `<items node='news'><retract id='1'/></items>`)
    tell(session, `<purge node='news'/>`)
    tell(session, `<configuration node='news'/>`)
    tell(session, `<delete node='news'><redirect uri='xmpp:${service}?;node=olds'/></delete>`)
    tell(session, `<subscription node='news' jid='me@example.org' subscription='subscribed' subid='s'/>`)
    expect(changes).toEqual([
      { ...base, type: 'published', id: '1', value: { text: 'a' }, publisher: Jid.parse('bob@example.org') },
      { ...base, type: 'retracted', id: '1' },
      { ...base, type: 'purged' },
      { ...base, type: 'configured', config: undefined },
      { ...base, type: 'deleted', redirect: `xmpp:${service}?;node=olds` },
      { ...base, type: 'subscription', jid: Jid.parse('me@example.org'), state: 'subscribed', subid: 's' },
    ])
  })

  test('a new configuration comes with what it says', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    const field = (name: string, value: string) => `<field var='${name}'><value>${value}</value></field>`
    const form = (type: string) =>
      `<configuration node='news'><x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', type)}
        ${field('pubsub#access_model', 'open')}${field('pubsub#max_items', 'lots')}</x></configuration>`
    tell(session, form('http://jabber.org/protocol/pubsub#node_config'))
    tell(session, form('urn:example:other'))
    expect(changes.map((change) => change.type === 'configured' && change.config)).toEqual([
      { accessModel: 'open' },
      undefined,
    ])
  })

  test('what was published earlier says when', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    const delay = `<delay xmlns='urn:xmpp:delay' stamp='2003-12-13T23:58:37Z'/>`
    tell(session, `<items node='news'><item id='1'>${note('a')}</item></items>`, service, delay)
    expect(changes.map(({ stamp }) => stamp)).toEqual([new Date('2003-12-13T23:58:37Z')])
  })

  test('other nodes and a subscription that has ended change nothing', () => {
    const session = fakeSession()
    const { changes, subscription } = watch(session)
    tell(session, `<items node='other'><item id='1'>${note('a')}</item></items>`)
    tell(session, `<purge node='other'/>`)
    subscription.dispose()
    tell(session, `<purge node='news'/>`)
    expect(changes).toEqual([])
  })

  test('what a handler throws is reported, and hurts nobody', () => {
    const session = fakeSession()
    const node = session.install(pubsub()).node(service, 'news', Note)
    const handler = vi.fn(() => {
      throw new Error('oops')
    })
    node.onChange(handler)
    tell(session, `<items node='news'><item id='1'/><item id='2'/></items>`)
    expect(handler).toHaveBeenCalledTimes(2)
    expect(session.errors).toEqual([new Error('oops'), new Error('oops')])
  })
})

describe('S-149 malformed events', () => {
  test('empty items and an item without a payload are changes without a value', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    tell(session, `<items node='news'/>`)
    tell(session, `<items node='news'><item id='1'/><item/></items>`)
    const published = { ...base, type: 'published', value: undefined, publisher: undefined }
    expect(changes).toEqual([
      { ...published, id: undefined },
      { ...published, id: '1' },
      { ...published, id: undefined },
    ])
  })

  test('a payload of another shape is a change of its own type, between the others', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    tell(
      session,
      `<items node='news'><item id='1'><note xmlns='urn:example:note'/></item><item id='2'>${note('b')}</item>
        <item id='3'><other xmlns='urn:example:other'/></item><retract id='4'/></items>`,
    )
    expect(changes.map((change) => [change.type, 'id' in change && change.id])).toEqual([
      ['malformed', '1'],
      ['published', '2'],
      ['malformed', '3'],
      ['retracted', '4'],
    ])
    const problems = changes.flatMap((change) => (change.type === 'malformed' ? [change.error.message] : []))
    expect(problems).toEqual(['note@text: is missing', 'item/note: is missing'])
    expect(session.errors).toEqual([])
  })

  test.each([
    ['two payloads', `<items node='news'><item id='1'>${note('a')}${note('b')}</item><retract id='2'/></items>`, 1],
    ['a retraction of nothing', `<items node='news'><retract/><retract id='2'/></items>`, 1],
    ['a publisher that is no JID', `<items node='news'><item id='1' publisher='@'>${note('a')}</item></items>`, 1],
    ['something unknown', `<collection node='news'/>`, 0],
    ['nothing', '', 0],
  ])('%s costs nothing else', (_, content, count) => {
    const session = fakeSession()
    const { changes } = watch(session)
    tell(session, content)
    expect([changes.length, session.malformed, session.errors]).toEqual([count, [], []])
  })

  test.each(["<items><item id='1'/></items>", '<purge/>', '<delete/>', "<items node='news'/><items node='news'/>"])(
    '%s is reported',
    (content) => {
      const session = fakeSession()
      const { changes } = watch(session)
      tell(session, content)
      expect([changes, session.malformed.length, session.errors]).toEqual([[], 1, []])
    },
  )

  test('10,000 items are 10,000 changes', () => {
    const session = fakeSession()
    const { changes } = watch(session)
    const items = Array.from({ length: 10_000 }, (_, i) => `<item id='${i}'/>`).join('')
    tell(session, `<items node='news'>${items}</items>`)
    expect([changes.length, changes.at(-1)]).toMatchObject([10_000, { type: 'published', id: '9999' }])
  })
})

describe('who may say so', () => {
  const content = `<items node='news'><item id='1'>${note('a')}</item></items>`

  test.each(['mallory@example.org/x', 'mallory@example.org', `${service}/x`, `x@${service}`, 'example.org', null])(
    '%s may not speak for the service',
    (from) => {
      const session = fakeSession()
      const { changes } = watch(session)
      tell(session, content, from)
      expect([changes, session.rejected.length]).toEqual([[], 1])
    },
  )

  test('the own account speaks for its nodes, also without saying who it is', () => {
    const session = fakeSession()
    const handler = vi.fn()
    session.install(pubsub()).node(session.account, 'news', Note).onChange(handler)
    tell(session, content, null)
    tell(session, content, 'me@example.org')
    tell(session, content, 'me@example.org/other')
    expect(handler.mock.calls.map(([{ from }]) => String(from))).toEqual(['me@example.org', 'me@example.org'])
  })

  test('of any account: its server, but no client', () => {
    const session = fakeSession()
    const handler = vi.fn()
    session.install(pubsub()).onChange('anyAccount', 'news', Note, handler)
    for (const from of ['bob@example.net', 'bob@example.net/phone', service]) tell(session, content, from)
    expect(handler.mock.calls.map(([{ from }]) => String(from))).toEqual(['bob@example.net', service])
    expect(session.rejected).toHaveLength(1)
  })
})

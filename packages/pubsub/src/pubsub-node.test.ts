import { PagingError } from '@couplet/rsm'
import { attr, element, InvalidJidError, Jid, MalformedElementError, StanzaError, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import {
  getItems,
  getSubscriptions,
  type ItemsRequest,
  type ItemsResult,
  PublishRequest,
  publishItems,
  retractItems,
  SubscribeRequest,
  subscribeNode,
  unsubscribeNode,
} from './elements.js'
import { pubsub } from './pubsub.js'

const Note = element('urn:example:note', 'note', { text: attr('text') })
const service = 'pubsub.example.org'

const setUp = () => {
  const session = fakeSession()
  return { session, node: session.install(pubsub()).node(service, 'news', Note) }
}
const items = (...ids: string[]) => ids.map((id) => ({ id, payload: Note({ text: `text ${id}` }) }))
const collect = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const each of all) found.push(each)
  return found
}

describe('publishing', () => {
  test('an item with its id, and what the node must be like', async () => {
    const { session, node } = setUp()
    session.answer(publishItems, undefined)
    expect(await node.publish({ text: 'a' }, { id: '1', options: { accessModel: 'open', maxItems: 'max' } })).toBe('1')
    expect(String(session.requests[0]?.to)).toBe(service)
    const options = session.requests[0]?.get(PublishRequest)
    expect(options).toMatchObject({ publish: { node: 'news', items: [{ id: '1' }] } })
    expect(options?.options).toEqual({ accessModel: 'open', maxItems: 'max' })
    expect(options?.publish.items[0]?.payload?.equals(Note({ text: 'a' }))).toBe(true)
  })

  test('the service finds an id, or says nothing', async () => {
    const { session, node } = setUp()
    session.answer(publishItems, { publish: { node: 'news', items: [{ id: 'abc' }] } })
    expect(await node.publish({ text: 'a' })).toBe('abc')
    session.answer(publishItems, { publish: { node: 'news', items: [] } })
    expect(await node.publish({ text: 'a' })).toBeUndefined()
  })

  test('retracting names the item', async () => {
    const { session, node } = setUp()
    session.answer(retractItems, undefined)
    await node.retract('1', { notify: true })
    await node.retract('2')
    expect(session.requests.map((request) => request.get(retractItems.request))).toEqual([
      { node: 'news', notify: true, ids: ['1'] },
      { node: 'news', ids: ['2'] },
    ])
  })

  test('a service that is no JID is a mistake of the caller', () => {
    const session = fakeSession()
    expect(() => session.install(pubsub()).node('@', 'news', Note)).toThrow(InvalidJidError)
  })
})

describe('items', () => {
  test('come page by page, and only as they are asked for', async () => {
    const { session, node } = setUp()
    session.answer(getItems, ({ page }): ItemsResult => {
      if (page?.after === undefined) {
        return { items: { node: 'news', items: items('1', '2') }, page: { first: { id: 'c1' }, last: 'c2', count: 3 } }
      }
      return page.after === 'c2'
        ? { items: { node: 'news', items: items('3') }, page: { first: { id: 'c3' }, last: 'c3', count: 3 } }
        : { items: { node: 'news', items: [] }, page: { count: 3 } }
    })
    const all = node.items({ pageSize: 2 })
    expect((await all.next()).value).toEqual({ id: '1', value: { text: 'text 1' }, publisher: undefined })
    expect(session.requests).toHaveLength(1)
    expect((await collect(all)).map(({ id }) => id)).toEqual(['2', '3'])
    expect(session.requests.map((request) => request.get(getItems.request)?.page)).toEqual([
      { max: 2 },
      { max: 2, after: 'c2' },
      { max: 2, after: 'c3' },
    ])
  })

  test('a service without pages sends all at once', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1', '2', '3') } })
    expect(await collect(node.items({ pageSize: 2 }))).toHaveLength(3)
    expect(session.requests).toHaveLength(1)
  })

  test('a service that begins again and again is stopped', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1') }, page: { first: { id: '1' }, last: '1' } })
    await expect(collect(node.items())).rejects.toThrow(PagingError)
    expect(session.requests).toHaveLength(2)
  })

  test('some of them are asked for by id, or the newest', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1') } })
    await collect(node.items({ ids: ['1', '2'], subid: 's' }))
    await collect(node.items({ max: 3 }))
    const asked = session.requests.map((request) => request.get(getItems.request) as ItemsRequest)
    expect(asked).toEqual([
      { items: { node: 'news', subid: 's', items: [{ id: '1' }, { id: '2' }] } },
      { items: { node: 'news', maxItems: 3, items: [] } },
    ])
  })

  test('one that cannot be read does not hide the others', async () => {
    const { session, node } = setUp()
    const broken = { id: 'x', payload: xml('urn:example:note', 'note') }
    const payloads = [broken, { id: 'y' }, { payload: Note({ text: 'z' }) }, ...items('1')]
    session.answer(getItems, { items: { node: 'news', items: payloads } })
    expect((await collect(node.items())).map(({ id }) => id)).toEqual(['1'])
  })

  test.each([0, -1, 1.5, Number.NaN])('%d is no number of items', async (number) => {
    const { session, node } = setUp()
    await expect(collect(node.items({ max: number }))).rejects.toThrow(RangeError)
    await expect(collect(node.items({ pageSize: number }))).rejects.toThrow(RangeError)
    expect(session.requests).toEqual([])
  })

  test('a signal ends the walk, also between two items', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1', '2') } })
    const controller = new AbortController()
    const all = node.items({ signal: controller.signal })
    await all.next()
    controller.abort(new Error('enough'))
    await expect(all.next()).rejects.toThrow('enough')
  })
})

describe('one item', () => {
  test('by its id, whatever else is sent', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1', '2') } })
    expect(await node.item('1')).toEqual({ id: '1', value: { text: 'text 1' }, publisher: undefined })
    expect(session.requests[0]?.get(getItems.request)?.items.items).toEqual([{ id: '1' }])
    expect(await node.item('3')).toBeUndefined()
  })

  test('the newest: a service that cannot count sends all, and it is the last', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: items('1', '2') } })
    expect(await node.newest()).toMatchObject({ id: '2' })
    expect(session.requests[0]?.get(getItems.request)?.items).toEqual({ node: 'news', maxItems: 1, items: [] })
  })

  test('is absent without a node, and without a payload', async () => {
    const { session, node } = setUp()
    session.answer(getItems, new StanzaError({ condition: 'item-not-found' }))
    expect([await node.item('1'), await node.newest()]).toEqual([undefined, undefined])
    session.answer(getItems, { items: { node: 'news', items: [{ id: '1' }] } })
    expect(await node.item('1')).toBeUndefined()
    session.answer(getItems, {})
    expect(await node.newest()).toBeUndefined()
  })

  test('rejects if it has another shape, or may not be read', async () => {
    const { session, node } = setUp()
    session.answer(getItems, { items: { node: 'news', items: [{ id: '1', payload: xml('urn:x', 'note') }] } })
    await expect(node.item('1')).rejects.toThrow(MalformedElementError)
    session.answer(getItems, new StanzaError({ condition: 'forbidden' }))
    await expect(node.newest()).rejects.toMatchObject({ condition: 'forbidden' })
  })
})

describe('subscribing', () => {
  test('is for the account, or for one client, with options', async () => {
    const { session, node } = setUp()
    const answer = { jid: session.account, node: 'news', state: 'pending' } as const
    session.answer(subscribeNode, { subscription: answer })
    expect(await node.subscribe()).toEqual(answer)
    session.answer(subscribeNode, undefined)
    const options = { digest: true, showValues: ['chat', 'online'] } as const
    expect(await node.subscribe({ jid: session.jid, options })).toEqual({
      jid: session.jid,
      node: 'news',
      state: 'subscribed',
    })
    expect(session.requests.map((request) => request.get(SubscribeRequest))).toEqual([
      { subscribe: { jid: session.account, node: 'news' } },
      { subscribe: { jid: session.jid, node: 'news' }, options },
    ])
  })

  test('ends for the same', async () => {
    const { session, node } = setUp()
    session.answer(unsubscribeNode, undefined)
    await node.unsubscribe({ subid: 's' })
    await node.unsubscribe({ jid: 'me@example.org/x' })
    expect(session.requests.map((request) => request.get(unsubscribeNode.request))).toEqual([
      { jid: session.account, node: 'news', subid: 's' },
      { jid: Jid.parse('me@example.org/x'), node: 'news' },
    ])
  })

  test('our subscriptions to this node, also from a service that tells all', async () => {
    const { session, node } = setUp()
    const jid = session.account
    const [own, unnamed] = [
      { jid, node: 'news', subid: '1' },
      { jid, subid: '2' },
    ]
    session.answer(getSubscriptions, { subscriptions: [own, { jid, node: 'other' }, unnamed] })
    expect(await node.subscriptions()).toEqual([own, unnamed])
  })
})

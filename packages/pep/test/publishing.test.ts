import { createNode, getNodeConfig, type NodeConfig, publishItems } from '@couplet/pubsub'
import { attr, element, StanzaError } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { pepNode } from '../src/elements.js'
import { AccountNode, type AccountServer } from './account-node.js'

const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
const Secret = pepNode(Mood, { name: 'secrets', access: 'private', maxItems: 'max', sendLast: 'never' })
const Bundle = pepNode(Mood, { name: 'bundles', access: 'open', maxItems: 'max' })
const me = 'me@example.org'
const questions = [`disco ${me}`, 'disco example.org']

describe('publishing', () => {
  test('one status in one line, to those who see our presence', async () => {
    const account = new AccountNode()
    expect(await account.pep.publish(Mood, { text: 'happy' })).toBe('current')
    expect(account.log).toEqual([...questions, 'publish {"persistItems":true,"accessModel":"presence"}'])
    expect(account.items).toMatchObject([{ id: 'current', accessModel: 'presence' }])
    expect(await account.pep.get(Mood)).toEqual({ text: 'happy' })
  })

  test('what the server can do is asked for once in a session', async () => {
    const account = new AccountNode()
    await account.pep.publish(Mood, { text: 'a' })
    await account.pep.publish(Mood, { text: 'b' })
    expect(account.log.filter((entry) => entry.startsWith('disco'))).toEqual(questions)
    await account.session.begin()
    await account.pep.publish(Mood, { text: 'c' })
    expect(account.log.filter((entry) => entry.startsWith('disco'))).toHaveLength(4)
  })

  test('what is said at the call counts before what the kind of node says', async () => {
    const account = new AccountNode()
    await account.pep.publish(Secret, { text: 'a' }, { id: 'x', maxItems: 5, access: undefined, readBack: true })
    expect(account.log.slice(2)).toEqual([
      'publish {"persistItems":true,"maxItems":5,"sendLastPublishedItem":"never","accessModel":"whitelist"}',
      'items',
    ])
  })

  test.each([false, true])('to some groups of the roster, again and again: %j', async (cannotCompare) => {
    const account = new AccountNode({ cannotCompare })
    for (const text of ['a', 'b']) await account.pep.publish(Mood, { text }, { access: { groups: ['Friends'] } })
    expect(account.config).toMatchObject({ accessModel: 'roster', rosterGroupsAllowed: ['Friends'] })
    expect(account.items).toHaveLength(2)
  })

  test('a node of several items: the server finds the id', async () => {
    const account = new AccountNode()
    expect(await account.pep.publish(Bundle, { text: 'a' })).toBe('id0')
    expect(account.config?.maxItems).toBe('max')
  })

  test('a node that is set up in another way is set up anew, and its item read back', async () => {
    const account = new AccountNode({ config: { accessModel: 'presence' } })
    expect(await account.pep.publish(Bundle, { text: 'a' }, { id: '1' })).toBe('1')
    expect(account.log.slice(2)).toEqual([
      'publish {"persistItems":true,"maxItems":"max","accessModel":"open"}',
      'form',
      expect.stringMatching(/^configure .*"maxItems":"max".*"accessModel":"open"/),
      'form',
      'publish {"accessModel":"open"}',
      'items',
    ])
    expect(account.config?.sendLastPublishedItem).toBe('on_sub_and_presence')
  })

  test.each<[string, AccountServer, number | 'max', number]>([
    ['does not say that it knows max', { knowsMax: false, limit: 5000 }, 1000, 1],
    ['takes at most 256', { knowsMax: false }, 100, 2],
    ['takes at most 20', { knowsMax: false, limit: 20 }, 10, 3],
    ['takes max, but the node exists', { config: { maxItems: 3, accessModel: 'open' } }, 'max', 2],
    ['takes 100, and the node exists', { knowsMax: false, config: { accessModel: 'open' } }, 100, 3],
  ])('as many items as possible on a server that %s', async (_, server, expected, attempts) => {
    const account = new AccountNode(server)
    await account.pep.publish(Bundle, { text: 'a' }, { id: '1' })
    expect(account.config).toMatchObject({ maxItems: expected, accessModel: 'open' })
    expect(account.items).toHaveLength(1)
    expect(account.log.filter((entry) => entry.startsWith('publish'))).toHaveLength(attempts)
  })

  test.each<[number, NodeConfig]>([
    [256, {}],
    [5000, { accessModel: 'open' }],
  ])('a node that holds %i loses nothing where that is the most there can be', async (expected, config) => {
    for (const options of [true, false]) {
      const server = { knowsMax: false, options, limit: expected }
      const account = new AccountNode({ ...server, config: { ...config, maxItems: expected } })
      await account.pep.publish(Bundle, { text: 'a' }, { id: '1' })
      expect(account.config).toMatchObject({ maxItems: expected, accessModel: 'open' })
      const sizes = account.configs.map(({ maxItems }) => maxItems)
      expect(sizes.filter((size) => size !== expected)).toEqual([])
    }
  })

  test('a node that somebody makes at that very moment is not made smaller either', async () => {
    const account = new AccountNode({ knowsMax: false, options: false, limit: 5000 })
    account.session.answer(createNode, () => {
      account.config = { accessModel: 'open', persistItems: true, maxItems: 4000 }
      return new StanzaError({ condition: 'conflict' })
    })
    await account.pep.publish(Bundle, { text: 'a' }, { id: '1' })
    expect(account.config).toMatchObject({ maxItems: 4000 })
  })

  test.each<[string, AccountServer]>([
    ['can hold one item only', { knowsMax: false, limit: 1 }],
    ['keeps one whatever it is told', { options: false, forced: { maxItems: 1 } }],
  ])('on a server that %s, a node of several is an error and not overwritten', async (_, server) => {
    const account = new AccountNode(server)
    const published = account.pep.publish(Bundle, { text: 'a' }, { id: '1' })
    await expect(published).rejects.toMatchObject({ name: 'PepError', code: 'too-few-items', retry: 'no' })
    expect(account.items).toEqual([])
  })

  test('an item that is not there afterwards is an error', async () => {
    const account = new AccountNode({ forgets: true })
    await account.pep.publish(Mood, { text: 'a' })
    const published = account.pep.publish(Mood, { text: 'a' }, { readBack: true })
    await expect(published).rejects.toMatchObject({ code: 'not-stored' })
    const configured = new AccountNode({ forgets: true, options: false })
    await expect(configured.pep.publish(Mood, { text: 'a' })).rejects.toMatchObject({ code: 'not-stored' })
  })

  test('what the server has against the item itself is said as it is, at once', async () => {
    const account = new AccountNode()
    account.session.answer(publishItems, new StanzaError({ condition: 'forbidden' }))
    await expect(account.pep.publish(Mood, { text: 'a' })).rejects.toMatchObject({ condition: 'forbidden' })
    expect(account.session.requests).toHaveLength(1)
  })

  test('everybody should be able to read it, and cannot', async () => {
    const closed = new AccountNode({ options: false, forced: { accessModel: 'presence' } })
    await expect(closed.pep.publish(Bundle, { text: 'a' })).rejects.toMatchObject({ code: 'access-not-granted' })
    const fixed = new AccountNode({ options: false, configurable: false })
    await expect(fixed.pep.publish(Bundle, { text: 'a' })).rejects.toMatchObject({ code: 'access-not-granted' })
    expect([...closed.items, ...fixed.items]).toEqual([])
  })

  test('a node that the server does not make at once is asked for again, and made after that', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    for (const failsToCreate of [2, 100]) {
      const account = new AccountNode({ failsToCreate })
      const published = account.pep.publish(Bundle, { text: 'a' }, { id: '1' })
      await vi.advanceTimersByTimeAsync(5000)
      expect(await published).toBe('1')
      expect(account.items).toMatchObject([{ id: '1', accessModel: 'open' }])
      expect(account.log.filter((entry) => entry.startsWith('create'))).toHaveLength(failsToCreate === 2 ? 0 : 1)
    }
    const controller = new AbortController()
    const account = new AccountNode({ failsToCreate: 100 })
    const given = account.pep.publish(Bundle, { text: 'a' }, { signal: controller.signal })
    const rejected = expect(given).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(10)
    controller.abort(new Error('enough'))
    await rejected
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a signal ends it', async () => {
    const account = new AccountNode()
    account.session.answer(publishItems, () => new Promise(() => {}))
    const controller = new AbortController()
    const published = account.pep.publish(Mood, { text: 'a' }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(published).rejects.toThrow('enough')
  })
})

describe('S-148 what is private', () => {
  test('is published in one step where the server guarantees it', async () => {
    const account = new AccountNode()
    await account.pep.publish(Secret, { text: 'a' }, { id: '1' })
    expect(account.items).toMatchObject([{ accessModel: 'whitelist' }])
    expect(account.log.filter((entry) => !entry.startsWith('disco'))).toHaveLength(1)
  })

  test.each<[string, AccountServer]>([
    ['knows publish-options', {}],
    ['does not', { options: false }],
    ['has an open node', { options: false, config: { accessModel: 'open' } }],
  ])('is just as private through the node, on a server that %s', async (_, server) => {
    const account = new AccountNode(server)
    expect(await account.pep.node(Secret).publish({ text: 'a' }, { id: '1' })).toBe('1')
    await account.pep
      .node(Secret, `${me}/other`)
      .publish({ text: 'b' }, { id: '2', options: { sendLastPublishedItem: 'on_sub' } })
    expect(account.items).toMatchObject([
      { id: '1', accessModel: 'whitelist' },
      { id: '2', accessModel: 'whitelist' },
    ])
    expect(account.config).toMatchObject({ maxItems: 'max', sendLastPublishedItem: 'on_sub' })
  })

  test('is not sent through the node either if nobody guarantees it, unless that is what is asked for', async () => {
    const account = new AccountNode({ options: false, forced: { accessModel: 'open' } })
    const published = account.pep.node(Secret).publish({ text: 'a' }, { id: '1' })
    await expect(published).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
    expect(account.items).toEqual([])
    await account.pep.node(Secret).publish({ text: 'a' }, { id: '1', options: { accessModel: 'open' } })
    expect(account.items).toMatchObject([{ accessModel: 'open' }])
  })

  test('a kind of node that does not say who may read it stays as it is, and so do the nodes of others', async () => {
    const account = new AccountNode({ config: { accessModel: 'open' } })
    await account.pep.node(Mood).publish({ text: 'a' }, { id: '1' })
    await account.pep.node(Secret, 'bob@example.org').publish({ text: 'b' }, { id: '2' })
    expect(account.log).toEqual(['publish', 'publish'])
  })

  test('waits until a node that others could read is closed', async () => {
    const account = new AccountNode({ config: { accessModel: 'open' } })
    await account.pep.publish(Secret, { text: 'a' }, { id: '1' })
    expect(account.items).toMatchObject([{ id: '1', accessModel: 'whitelist' }])
  })

  test.each<[string, AccountServer]>([
    ['there is no node', {}],
    ['the node is open', { config: { accessModel: 'open' } }],
  ])('without publish-options is published after the node was set up: %s', async (_, server) => {
    const account = new AccountNode({ options: false, ...server })
    await account.pep.publish(Secret, { text: 'a' }, { id: '1' })
    expect(account.items).toMatchObject([{ id: '1', accessModel: 'whitelist' }])
    const published = account.log.findIndex((entry) => entry.startsWith('publish'))
    expect(account.log.slice(0, published).some((entry) => /^(create|configure) .*whitelist/.test(entry))).toBe(true)
    expect(account.log.slice(published - 1, published + 1)).toEqual(['form', 'publish'])
  })

  test.each<[string, AccountServer]>([
    ['nodes cannot be set up', { configurable: false }],
    ['nodes cannot be set up, and there is an open one', { configurable: false, config: { accessModel: 'open' } }],
    ['a new node does not become what was asked for', { forced: { accessModel: 'presence' } }],
    ['an old node stays what it was', { forced: { accessModel: 'open' }, config: { accessModel: 'open' } }],
    ['the form has no access model', { lacks: ['pubsub#access_model'], config: {} }],
  ])('is not published if nobody guarantees it: %s', async (_, server) => {
    const account = new AccountNode({ options: false, ...server })
    const published = account.pep.publish(Secret, { text: 'very secret' }, { id: '1' })
    const error = await published.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'PepError', code: 'privacy-not-guaranteed', retry: 'no' })
    expect(String(error)).not.toContain('secret')
    expect(account.session.requests.some((request) => String(request).includes('very secret'))).toBe(false)
  })

  test('is not published either if the node is opened at that very moment', async () => {
    const account = new AccountNode({ config: { accessModel: 'open' } })
    const precondition = account.session.requests
    account.session.answer(publishItems, () => {
      const error = `<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/></error>`
      return StanzaError.fromElement(parseXml(error))
    })
    await expect(account.pep.publish(Secret, { text: 'a' })).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
    const sent = precondition.filter((request) => request.get(publishItems.request) !== undefined)
    expect(sent.every((request) => request.get(publishItems.request)?.options?.accessModel === 'whitelist')).toBe(true)
  })

  test('nor is what only contacts may read, nor what only some groups may', async () => {
    for (const access of ['presence', { groups: ['Friends'] }] as const) {
      const account = new AccountNode({ options: false, configurable: false })
      const published = account.pep.publish(Mood, { text: 'a' }, { access })
      await expect(published).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
      expect(account.items).toEqual([])
    }
    const more = new AccountNode({ options: false, forced: { accessModel: 'roster', rosterGroupsAllowed: ['Foes'] } })
    const published = more.pep.publish(Mood, { text: 'a' }, { access: { groups: ['Friends'] } })
    await expect(published).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
  })

  test.each([Secret, pepNode(Mood, { access: 'private' })])(
    'a node that somebody creates meanwhile: %#',
    async (node) => {
      const account = new AccountNode({ options: false })
      account.session.answer(createNode, () => {
        account.config = { accessModel: 'open', persistItems: true, maxItems: 'max' }
        return new StanzaError({ condition: 'conflict' })
      })
      await account.pep.publish(node, { text: 'a' }, { id: '1' })
      expect(account.items).toMatchObject([{ accessModel: 'whitelist' }])
    },
  )

  test('a server that cannot say at the moment gets nothing, and may be asked again', async () => {
    const account = new AccountNode({ options: false })
    account.session.answer(getNodeConfig, new StanzaError({ condition: 'internal-server-error', type: 'wait' }))
    await expect(account.pep.publish(Secret, { text: 'a' })).rejects.toMatchObject({ retry: 'backoff' })
    expect(account.items).toEqual([])
  })

  test('a server that does not answer what it can do gets nothing', async () => {
    const account = new AccountNode()
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    const published = account.pep.publish(Secret, { text: 'a' }, { signal: controller.signal })
    await expect(published).rejects.toThrow('enough')
    expect(account.items).toEqual([])
  })
})

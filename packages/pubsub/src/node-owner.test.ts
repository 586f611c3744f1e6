import type { DataForm } from '@couplet/forms'
import { attr, element, Jid } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { createNode } from './elements.js'
import { NS_NODE_CONFIG } from './forms/elements.js'
import {
  deleteNode,
  getNodeAffiliations,
  getNodeConfig,
  getNodeSubscriptions,
  purgeNode,
  setNodeAffiliations,
  setNodeConfig,
  setNodeSubscriptions,
} from './owner/elements.js'
import { pubsub } from './pubsub.js'

const Note = element('urn:example:note', 'note', { text: attr('text') })
const setUp = () => {
  const session = fakeSession()
  return { session, owner: session.install(pubsub()).node('pubsub.example.org', 'news', Note).owner }
}

const fields = (entries: Record<string, readonly string[]>): DataForm['fields'] =>
  Object.entries(entries).map(([name, values]) => ({
    var: name,
    values,
    options: [],
    ...(name === 'FORM_TYPE' && { type: 'hidden' as const }),
  }))
const form: DataForm = {
  type: 'form',
  instructions: [],
  items: [],
  fields: fields({
    FORM_TYPE: [NS_NODE_CONFIG],
    'pubsub#access_model': ['presence'],
    'pubsub#max_items': ['1'],
    'pubsub#persist_items': ['1'],
    'pubsub#notification_type': ['carrier-pigeon'],
    'vendor#thing': ['a', 'b'],
  }),
}

test('creating sets up', async () => {
  const { session, owner } = setUp()
  session.answer(createNode, undefined)
  await owner.create({ accessModel: 'whitelist' })
  await owner.create()
  expect(session.requests.map((request) => request.get(createNode.request))).toEqual([
    { create: { node: 'news' }, config: { accessModel: 'whitelist' } },
    { create: { node: 'news' } },
  ])
})

test('the configuration is read as far as it is known', async () => {
  const { session, owner } = setUp()
  session.answer(getNodeConfig, { node: 'news', form })
  expect(await owner.config()).toEqual({ accessModel: 'presence', maxItems: 1, persistItems: true })
  session.answer(getNodeConfig, { node: 'news' })
  await expect(owner.config()).rejects.toMatchObject({ name: 'MalformedElementError' })
})

test('a change keeps every field that it does not name, known or not', async () => {
  const { session, owner } = setUp()
  session.answer(getNodeConfig, { node: 'news', form })
  session.answer(setNodeConfig, undefined)
  await owner.configure({ accessModel: 'open', maxItems: 'max' }, { fields: { 'vendor#thing': ['c'] } })
  const sent = session.requests[1]?.get(setNodeConfig.request)
  expect(sent?.node).toBe('news')
  expect(Object.fromEntries(sent?.form?.fields.map((each) => [each.var, each.values]) ?? [])).toEqual({
    FORM_TYPE: [NS_NODE_CONFIG],
    'pubsub#access_model': ['open'],
    'pubsub#max_items': ['max'],
    'pubsub#persist_items': ['1'],
    'pubsub#notification_type': ['carrier-pigeon'],
    'vendor#thing': ['c'],
  })
})

test('what the service has no field for is a mistake, unless it may be left out', async () => {
  const { session, owner } = setUp()
  session.answer(getNodeConfig, { node: 'news', form })
  session.answer(setNodeConfig, undefined)
  await expect(owner.configure({ title: 'News' })).rejects.toThrow(RangeError)
  expect(session.requests).toHaveLength(1)
  await owner.configure({ title: 'News', maxItems: 5 }, { offeredOnly: true })
  const sent = session.requests.at(-1)?.get(setNodeConfig.request)?.form?.fields
  expect(sent?.find((each) => each.var === 'pubsub#max_items')?.values).toEqual(['5'])
  expect(sent?.some((each) => each.var === 'pubsub#title')).toBe(false)
})

test('deleting and purging', async () => {
  const { session, owner } = setUp()
  session.answer(deleteNode, undefined)
  session.answer(purgeNode, undefined)
  await owner.purge()
  await owner.delete()
  await owner.delete({ redirect: 'xmpp:a@b?;node=c' })
  expect(session.requests[0]?.get(purgeNode.request)).toEqual({ node: 'news' })
  expect(session.requests.slice(1).map((request) => request.get(deleteNode.request))).toEqual([
    { node: 'news' },
    { node: 'news', redirect: { uri: 'xmpp:a@b?;node=c' } },
  ])
})

test('who has subscribed, and who may do what', async () => {
  const { session, owner } = setUp()
  const jid = Jid.parse('bob@example.org')
  session.answer(getNodeSubscriptions, { node: 'news', subscriptions: [{ jid, state: 'pending', subid: 's' }] })
  session.answer(setNodeSubscriptions, undefined)
  session.answer(getNodeAffiliations, { node: 'news', affiliations: [{ jid, affiliation: 'outcast' }] })
  session.answer(setNodeAffiliations, undefined)
  expect(await owner.subscriptions()).toEqual([{ jid, state: 'pending', subid: 's' }])
  expect(await owner.affiliations()).toEqual([{ jid, affiliation: 'outcast' }])
  await owner.setSubscription('bob@example.org', 'subscribed', { subid: 's' })
  await owner.setAffiliation(jid, 'publisher')
  expect(session.requests[2]?.get(setNodeSubscriptions.request)).toEqual({
    node: 'news',
    subscriptions: [{ jid, state: 'subscribed', subid: 's' }],
  })
  expect(session.requests[3]?.get(setNodeAffiliations.request)).toEqual({
    node: 'news',
    affiliations: [{ jid, affiliation: 'publisher' }],
  })
})

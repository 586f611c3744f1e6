import { StanzaError, XmlElement } from '@couplet/stanza'
import { parseXml, vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import * as elements from './elements.js'
import { PubsubEvent } from './event/elements.js'
import { NodeMetadata } from './forms/elements.js'
import * as owner from './owner/elements.js'

describe('XEP-0060', () => {
  const folder = new URL('../../../test-vectors/xep-0060/', import.meta.url)
  const response = <T>(pair: { readonly response: T | undefined }): T => pair.response as T
  const definitions = {
    affiliations: response(elements.getAffiliations),
    'affiliations-query': elements.getAffiliations.request,
    condition: elements.PubsubCondition,
    create: elements.CreateRequest,
    default: response(elements.getDefaultSubscriptionOptions),
    event: PubsubEvent,
    items: elements.ItemsResult,
    'items-query': elements.ItemsRequest,
    metadata: NodeMetadata,
    options: response(elements.getSubscriptionOptions),
    'owner-affiliations': response(owner.getNodeAffiliations),
    'owner-affiliations-query': owner.getNodeAffiliations.request,
    'owner-affiliations-change': owner.setNodeAffiliations.request,
    'owner-configure': response(owner.getNodeConfig),
    'owner-default': response(owner.getDefaultNodeConfig),
    'owner-delete': owner.deleteNode.request,
    'owner-purge': owner.purgeNode.request,
    'owner-subscriptions': response(owner.getNodeSubscriptions),
    'owner-subscriptions-query': owner.getNodeSubscriptions.request,
    'owner-subscriptions-change': owner.setNodeSubscriptions.request,
    publish: elements.PublishRequest,
    result: elements.ChangeResult,
    retract: elements.retractItems.request,
    subscribe: elements.SubscribeRequest,
    subscriptions: response(elements.getSubscriptions),
    'subscriptions-query': elements.getSubscriptions.request,
    unsubscribe: elements.unsubscribeNode.request,
    unsupported: elements.UnsupportedFeature,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())

  test('a request is told from the others by what it holds', () => {
    const retract = elements.retractItems.request({ node: 'n', ids: ['1'] })
    const requests = [elements.PublishRequest, elements.ItemsRequest, elements.retractItems.request]
    expect(requests.map((request) => request.matches(retract))).toEqual([false, false, true])
    expect(
      elements.retractItems.request.matches(new XmlElement('urn:x', 'pubsub', [], retract.children, undefined)),
    ).toBe(false)
  })

  test('the condition of an error says more than the stanza error', () => {
    const error = StanzaError.fromElement(
      parseXml(`<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
        <precondition-not-met xmlns='${elements.NS_PUBSUB_ERRORS}'/></error>`),
    )
    expect([error.condition, error.element.get(elements.PubsubCondition)]).toEqual(['conflict', 'precondition-not-met'])
  })

  test('one entry that cannot be read does not hide the others', () => {
    const pubsub = (content: string) => parseXml(`<pubsub xmlns='${elements.NS_PUBSUB}'>${content}</pubsub>`)
    const items = pubsub(
      `<items node='n'><item id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/></item><item id='2'/></items>`,
    )
    expect(elements.ItemsResult.parse(items)).toEqual({ items: { node: 'n', items: [{ id: '2' }] } })
    const subscriptions = pubsub(
      `<subscriptions><subscription jid='@'/><subscription jid='a@b' node='n'/></subscriptions>`,
    )
    expect(elements.getSubscriptions.response?.parse(subscriptions)).toMatchObject({ subscriptions: [{ node: 'n' }] })
    const publisher = pubsub(`<items node='n'><item id='1' publisher='@'/></items>`)
    expect(elements.ItemsResult.parse(publisher)).toEqual({ items: { node: 'n', items: [{ id: '1' }] } })
  })
})

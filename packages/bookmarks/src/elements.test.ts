import { getItems, PublishRequest, PubsubEvent, retractItems } from '@couplet/pubsub'
import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Conference, OldBookmarks, OldConference } from './elements.js'

// Apart from what is in the items, all of it is XEP-0060.
const ask = getItems.request
const items = getItems.response as typeof getItems.request
const definitions = {
  '0402': {
    conference: Conference,
    ask,
    items,
    publish: PublishRequest,
    retract: retractItems.request,
    event: PubsubEvent,
  },
  '0048': { conference: OldConference, storage: OldBookmarks, ask, items, publish: PublishRequest, event: PubsubEvent },
}

describe.each(Object.entries(definitions))('XEP-%s', (number, defs) => {
  const folder = new URL(`../../../test-vectors/xep-${number}/`, import.meta.url)
  test.each(vectors(folder, defs))('$name', ({ check }) => check())
})

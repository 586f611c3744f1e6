import { PublishRequest, PubsubEvent } from '@couplet/pubsub'
import { attr, element } from '@couplet/stanza'
import { vectors } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { pepNode } from './elements.js'

// These XEPs are profiles: what is on the wire is XEP-0060.
describe.each(['0163', '0222', '0223'])('XEP-%s', (number) => {
  const folder = new URL(`../../../test-vectors/xep-${number}/`, import.meta.url)
  test.each(vectors(folder, { publish: PublishRequest, event: PubsubEvent }))('$name', ({ check }) => check())
})

test('a kind of node is called like the namespace of its items, or has a name of its own', () => {
  const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
  expect(pepNode(Mood)).toEqual({ name: 'urn:example:mood', item: Mood })
  expect(pepNode(Mood, { name: 'moods', access: 'open' })).toEqual({ name: 'moods', item: Mood, access: 'open' })
})

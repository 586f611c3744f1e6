import { caps } from '@couplet/caps'
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { pubsub } from '@couplet/pubsub'
import { attr, element } from '@couplet/stanza'
import { expectTypeOf, test } from 'vitest'
import { pep, pepNode } from './index.js'

const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
type Mood = { readonly text: string }
const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('a definition and a kind of node have the type of their items', () => {
  const { pep: api } = createClient({ ...base, plugins: [disco(), caps(), pubsub(), pep()] })
  expectTypeOf(api.get(Mood)).resolves.toEqualTypeOf<Mood | undefined>()
  expectTypeOf(api.get(pepNode(Mood, { access: 'private' }))).resolves.toEqualTypeOf<Mood | undefined>()
  api.onChange(Mood, (value) => {
    expectTypeOf(value).toEqualTypeOf<Mood | undefined>()
  })
  // @ts-expect-error no mood
  void api.publish(Mood, { texts: 'a' })
  // @ts-expect-error there is no such access
  pepNode(Mood, { access: 'whitelist' })
})

test('without caps nobody would be told', () => {
  // @ts-expect-error plugin "pep" needs plugin "caps"
  createClient({ ...base, plugins: [disco(), pubsub(), pep()] })
})

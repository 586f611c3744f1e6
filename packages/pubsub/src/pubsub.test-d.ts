import { createClient, type Session } from '@couplet/client'
import { attr, element, uint } from '@couplet/stanza'
import { expectTypeOf, test } from 'vitest'
import { type NodeConfig, type NodeItem, type PubsubCondition, pubsub, retractItems } from './index.js'

const Note = element('urn:example:note', 'note', { text: attr('text'), size: attr('size', uint) })
type Note = { readonly text: string; readonly size: number }

test('a node has the type of its items', () => {
  const client = createClient({ jid: 'u@example.org', password: 'p', transports: [], plugins: [pubsub()] })
  const node = client.pubsub.node('pubsub.example.org', 'notes', Note)
  expectTypeOf(node.publish).parameter(0).toEqualTypeOf<Note>()
  expectTypeOf(node.items()).toEqualTypeOf<AsyncGenerator<NodeItem<Note>, void, undefined>>()
  expectTypeOf(node.item('1')).resolves.toEqualTypeOf<NodeItem<Note> | undefined>()
  // @ts-expect-error a part is missing
  void node.publish({ text: 'a' })
})

test('a change says by its type what else it says', () => {
  const client = createClient({ jid: 'u@example.org', password: 'p', transports: [], plugins: [pubsub()] })
  client.pubsub.node('pubsub.example.org', 'notes', Note).onChange((change) => {
    if (change.type === 'published') expectTypeOf(change.value).toEqualTypeOf<Note | undefined>()
    if (change.type === 'configured') expectTypeOf(change.config).toEqualTypeOf<NodeConfig | undefined>()
    if (change.type === 'retracted') expectTypeOf(change.id).toBeString()
    // @ts-expect-error not every change has an id
    void change.id
  })
})

test('requests and conditions are typed', () => {
  const session = {} as Session
  expectTypeOf(session.request(retractItems, { node: 'n', ids: ['1'] })).resolves.toBeVoid()
  // @ts-expect-error the node is missing
  void session.request(retractItems, { ids: ['1'] })
  expectTypeOf<'closed-node'>().toExtend<PubsubCondition>()
  expectTypeOf<NodeConfig['maxItems']>().toEqualTypeOf<number | 'max' | undefined>()
})

import { attr, element, type Infer, iqGet, iqSet, type Jid, marker, message } from '@couplet/stanza'
import { describe, expectTypeOf, test } from 'vitest'
import { type Client, createClient } from './create-client.js'
import type { InboundMessage } from './inbound-message.js'
import type { Plugin } from './plugin.js'
import type { SendHandle } from './session.js'
import type { Subscription } from './subscription.js'
import type { Transport } from './transport.js'

interface Disco {
  info(): Promise<string>
}
interface Mam {
  query(): AsyncGenerator<number>
}
declare function disco(): Plugin<'disco', Disco>
declare function mam(): Plugin<'mam', Mam, { disco: Disco }>
declare const transports: readonly Transport[]
const base = { jid: 'u@example.org', password: 'p', transports }

const Note = element('urn:example', 'note', { id: attr('id') })

describe('createClient', () => {
  test('has the APIs of its plugins, in any order', () => {
    const client = createClient({ ...base, plugins: [mam(), disco()] })
    expectTypeOf(client.mam).toEqualTypeOf<Mam>()
    expectTypeOf(client.disco).toEqualTypeOf<Disco>()
    expectTypeOf(client).toEqualTypeOf<Client<[Plugin<'mam', Mam, { disco: Disco }>, Plugin<'disco', Disco>]>>()
    expectTypeOf(client).not.toBeAny()
  })

  test('has no API of a plugin that is not installed', () => {
    const client = createClient({ ...base, plugins: [disco()] })
    // @ts-expect-error mam() is not installed
    client.mam
    const bare = createClient(base)
    expectTypeOf(bare).toEqualTypeOf<Client>()
    // @ts-expect-error nothing is installed
    bare.disco
  })

  test('a need that is not met does not compile', () => {
    // @ts-expect-error plugin "mam" needs plugin "disco"
    createClient({ ...base, plugins: [mam()] })
  })

  test('what an option may be', () => {
    createClient({ ...base, password: async () => 'p', presence: false, service: new URL('wss://example.org/ws') })
    // @ts-expect-error a misspelt option
    createClient({ ...base, passwrd: 'p' })
    // @ts-expect-error transports are needed
    createClient({ jid: 'u@example.org', password: 'p' })
  })
})

describe('Client', () => {
  const client = createClient(base)

  test('sends and asks with the types of the definitions', () => {
    expectTypeOf(client.send(message({ to: 'a@b', body: 'x' }))).toEqualTypeOf<SendHandle>()
    expectTypeOf(client.request(iqGet(Note, Note), { id: '1' })).toEqualTypeOf<Promise<Infer<typeof Note>>>()
    expectTypeOf(client.request(iqSet(marker('urn:example', 'x')), true)).not.toBeAny()
    // @ts-expect-error the request has another shape
    client.request(iqGet(Note, Note), { ip: '1' })
    // @ts-expect-error a string is no stanza
    client.send('hello')
  })

  test('handlers get the types of the definitions', () => {
    const subscription = client.onMessage(Note, (note, inbound) => {
      expectTypeOf(note).toEqualTypeOf<Infer<typeof Note>>()
      expectTypeOf(note.id).toEqualTypeOf<string>()
      expectTypeOf(inbound).toEqualTypeOf<InboundMessage>()
    })
    expectTypeOf(subscription).toEqualTypeOf<Subscription>()
    client.onMessage((inbound) => {
      expectTypeOf(inbound).toEqualTypeOf<InboundMessage>()
    })
    // @ts-expect-error no such origin
    client.onMessage(Note, () => {}, { from: 'everyone' })
  })

  test('events and properties', () => {
    client.on('status', (status) => {
      if (status.state === 'waiting') expectTypeOf(status.delay).toEqualTypeOf<number>()
    })
    client.on('error', (error) => expectTypeOf(error).toEqualTypeOf<unknown>())
    expectTypeOf(client.jid).toEqualTypeOf<Jid>()
    // @ts-expect-error no such event
    client.on('connected', () => {})
  })
})

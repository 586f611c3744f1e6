import { assertType, describe, expectTypeOf, test } from 'vitest'
import { type Iq, type IqType, iq } from './iq.js'
import type { Jid } from './jid.js'
import { type Message, type MessageType, message } from './message.js'
import { type Presence, type PresenceShow, type PresenceType, presence } from './presence.js'
import { element, marker, tagged } from './schema/element-def.js'
import { attr, type LangText } from './schema/field.js'
import { StanzaError, type StanzaErrorCondition } from './stanza-error.js'
import type { StreamError, StreamErrorCondition } from './stream-error.js'
import type { XmlElement } from './xml/element.js'
import type { StreamEvent } from './xml/tree-builder.js'

const ChatState = tagged('urn:x', 'active', 'composing')
const Request = marker('urn:x', 'request')
const Received = element('urn:x', 'received', { id: attr('id') })

describe('message', () => {
  test('building', () => {
    const to = 'a@example.org'
    expectTypeOf(message({ to, type: 'chat', body: 'hello' }, ChatState('active'), Request())).toEqualTypeOf<Message>()
    assertType(message({ body: { de: 'hallo', '': 'hello' } }))
    // @ts-expect-error what a message is made of comes first
    message()
    // @ts-expect-error no such state
    message({ to }, ChatState('typing'))
    // @ts-expect-error a definition is no element
    message({ to }, Request)
    // @ts-expect-error no such type
    message({ to, type: 'private' })
    // @ts-expect-error a body is text
    message({ to, body: 1 })
    // @ts-expect-error no such property
    message({ to, text: 'x' })
  })

  test('reading', () => {
    const node = message({})
    expectTypeOf(node.type).toEqualTypeOf<MessageType>()
    expectTypeOf(node.body).toEqualTypeOf<string | undefined>()
    expectTypeOf(node.bodies).toEqualTypeOf<LangText>()
    expectTypeOf(node.from).toEqualTypeOf<Jid | undefined>()
    expectTypeOf(node.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(node.error).toEqualTypeOf<StanzaError | undefined>()
    expectTypeOf(node.element).toEqualTypeOf<XmlElement>()
    expectTypeOf(node.get(Received)?.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(node.all(ChatState)).toEqualTypeOf<('active' | 'composing')[]>()
    // @ts-expect-error immutable
    node.body = 'x'
  })
})

test('presence', () => {
  expectTypeOf(presence()).toEqualTypeOf<Presence>()
  expectTypeOf(presence({ show: 'dnd', priority: 1, status: 'x' }, Request()).show).toEqualTypeOf<
    PresenceShow | undefined
  >()
  expectTypeOf(presence().type).toEqualTypeOf<PresenceType | undefined>()
  expectTypeOf(presence().priority).toEqualTypeOf<number>()
  // @ts-expect-error available is having no type
  presence({ type: 'available' })
  // @ts-expect-error no such word
  presence({ show: 'busy' })
  // @ts-expect-error a number
  presence({ priority: '1' })
})

test('iq', () => {
  expectTypeOf(iq({ type: 'get', id: '1' }, Request())).toEqualTypeOf<Iq>()
  assertType(iq({ type: 'error', id: '1' }, new StanzaError({ condition: 'forbidden' })))
  expectTypeOf(iq({ type: 'get', id: '1' }).id).toEqualTypeOf<string>()
  expectTypeOf(iq({ type: 'get', id: '1' }).type).toEqualTypeOf<IqType>()
  expectTypeOf(iq({ type: 'get', id: '1' }).payload).toEqualTypeOf<XmlElement | undefined>()
  // @ts-expect-error an IQ has an id
  iq({ type: 'get' })
  // @ts-expect-error and a type
  iq({ id: '1' })
  // @ts-expect-error and one payload
  iq({ type: 'get', id: '1' }, Request(), Request())
})

test('errors', () => {
  expectTypeOf<StanzaError['code']>().toEqualTypeOf<StanzaErrorCondition>()
  expectTypeOf<StreamError['condition']>().toEqualTypeOf<StreamErrorCondition>()
  expectTypeOf<'forbidden'>().toExtend<StanzaErrorCondition>()
  // @ts-expect-error no such condition
  new StanzaError({ condition: 'no' })
  // @ts-expect-error a condition there must be
  new StanzaError({})
})

test('events are told apart by their type', () => {
  const show = (event: StreamEvent): unknown => {
    if (event.type === 'start') return expectTypeOf(event.header).toEqualTypeOf<XmlElement>()
    if (event.type === 'element') return expectTypeOf(event.element).toEqualTypeOf<XmlElement>()
    if (event.type === 'error') return expectTypeOf(event.error).toEqualTypeOf<StreamError>()
    return expectTypeOf(event).toEqualTypeOf<{ readonly type: 'end' }>()
  }
  expectTypeOf(show).returns.toBeUnknown()
})

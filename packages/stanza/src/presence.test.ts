import { describe, expect, test } from 'vitest'
import { NS_CLIENT } from './elements.js'
import { Presence, PresenceElement, presence } from './presence.js'
import { marker } from './schema/element-def.js'
import { readElement, xml } from './xml/element.js'
import { serialize } from './xml/serialize.js'

const write = (value: Presence) => serialize(value.element, NS_CLIENT)
const c = (name: string, text: string, attributes = {}) => xml(NS_CLIENT, name, attributes, text)
const read = (...children: ReturnType<typeof c>[]) => new Presence(xml(NS_CLIENT, 'presence', {}, ...children))

describe('building', () => {
  test('available', () => {
    const built = presence()
    expect(write(built)).toBe('<presence/>')
    expect([built.type, built.show, built.status, built.priority]).toEqual([undefined, undefined, undefined, 0])
    expect(built.statuses).toEqual({})
  })

  test('everything, in a fixed order', () => {
    const built = presence(
      {
        type: 'unavailable',
        to: 'room@example.org/nick',
        id: '1',
        show: 'dnd',
        status: { '': 'away', de: 'weg' },
        priority: -1,
        lang: 'en',
      },
      marker('urn:x', 'x')(),
    )
    expect(write(built)).toBe(
      "<presence type='unavailable' id='1' to='room@example.org/nick' xml:lang='en'><show>dnd</show>" +
        "<status>away</status><status xml:lang='de'>weg</status><priority>-1</priority><x xmlns='urn:x'/></presence>",
    )
    expect([built.type, built.show, built.status, built.priority]).toEqual(['unavailable', 'dnd', 'away', -1])
    expect(built.statuses).toEqual({ en: 'away', de: 'weg' })
  })

  test.each([-128, 0, 127])('priority %i', (priority) => {
    expect(presence({ priority }).priority).toBe(priority)
    expect(write(presence({ priority }))).toBe(`<presence><priority>${priority}</priority></presence>`)
  })

  test.each([-129, 128, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('no priority: %d', (priority) => {
    expect(() => presence({ priority })).toThrow(RangeError)
  })
})

describe('reading', () => {
  test.each([
    ['-128', -128],
    ['127', 127],
    ['+5', 5],
    ['005', 5],
    ['128', 0],
    ['-129', 0],
    ['', 0],
    ['high', 0],
    ['1.5', 0],
    ['1e2', 0],
    ['0x1', 0],
  ])('priority "%s" is %i (RFC 6121 §4.7.2.3)', (text, priority) => {
    expect(read(c('priority', text)).priority).toBe(priority)
  })

  test.each(['away', 'chat', 'dnd', 'xa'])('show %s', (show) => {
    expect(read(c('show', show)).show).toBe(show)
  })

  test.each(['', 'AWAY', 'busy', 'toString'])('no show: "%s"', (show) => {
    expect(read(c('show', show)).show).toBeUndefined()
  })

  test('status by language', () => {
    const node = new Presence(
      xml(NS_CLIENT, 'presence', {}, c('status', 'weg', { 'xml:lang': 'de' }), c('status', 'away')),
    )
    expect([node.status, node.statuses]).toEqual(['away', { de: 'weg', '': 'away' }])
  })

  test('children in another namespace do not count', () => {
    const node = new Presence(
      xml(NS_CLIENT, 'presence', {}, xml('urn:x', 'show', {}, 'away'), xml('urn:x', 'priority', {}, '5')),
    )
    expect([node.show, node.priority]).toEqual([undefined, 0])
  })
})

describe('PresenceElement', () => {
  test.each(['error', 'probe', 'subscribe', 'subscribed', 'unavailable', 'unsubscribe', 'unsubscribed'])(
    'type %s',
    (type) => {
      const result = readElement(PresenceElement, xml(NS_CLIENT, 'presence', { type }))
      expect(result.ok && result.value.type).toBe(type)
    },
  )

  test.each(['available', '', 'Unavailable', 'toString'])('no type: "%s"', (type) => {
    const result = readElement(PresenceElement, xml(NS_CLIENT, 'presence', { type }))
    expect(result.ok === false && result.error.message).toBe('presence@type: is not a type of presence')
  })

  test('builds and reads', () => {
    const built = presence({ show: 'xa' })
    expect(PresenceElement(built)).toBe(built.element)
    expect(xml('', 'x', {}, built.element).get(PresenceElement)?.show).toBe('xa')
    expect(PresenceElement.matches(xml('urn:x', 'presence'))).toBe(false)
  })
})

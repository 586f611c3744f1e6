import { describe, expect, test } from 'vitest'
import { NS_CLIENT, NS_STANZA_ERRORS } from './elements.js'
import { XmppError } from './error.js'
import { Jid } from './jid.js'
import { StanzaError, type StanzaErrorCondition, type StanzaErrorType } from './stanza-error.js'
import { type XmlNode, xml } from './xml/element.js'
import { serialize } from './xml/serialize.js'

const error = (attributes: Record<string, string>, ...children: XmlNode[]) =>
  xml(NS_CLIENT, 'error', attributes, ...children)
const condition = (name: string) => xml(NS_STANZA_ERRORS, name)

/** RFC 6120 §8.3.3, with the type that each clause recommends. */
const usual: Readonly<Record<StanzaErrorCondition, StanzaErrorType>> = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
}

test.each(Object.entries(usual))('%s is usually of type %s, and survives a round trip', (name, type) => {
  const built = new StanzaError({ condition: name as StanzaErrorCondition })
  expect(built).toMatchObject({ name: 'StanzaError', code: name, condition: name, type, message: `${type}: ${name}` })
  expect(StanzaError.fromElement(built.element)).toMatchObject({ condition: name, type })
  expect(StanzaError.fromElement(error({}, condition(name)))).toMatchObject({ condition: name, type })
})

describe('building', () => {
  test('everything', () => {
    const built = new StanzaError({
      condition: 'not-acceptable',
      type: 'wait',
      text: 'a < b',
      by: Jid.parse('example.org'),
      application: xml('urn:x', 'too-fast'),
    })
    expect(serialize(built.element, NS_CLIENT)).toBe(
      `<error type='wait' by='example.org'><not-acceptable xmlns='${NS_STANZA_ERRORS}'/>` +
        `<text xmlns='${NS_STANZA_ERRORS}'>a &lt; b</text><too-fast xmlns='urn:x'/></error>`,
    )
    const parsed = StanzaError.fromElement(built.element)
    expect([parsed.text, String(parsed.by), parsed.type]).toEqual(['a < b', 'example.org', 'wait'])
    expect(parsed.element).toBe(built.element)
  })

  test('is an error of ours, and never says what a stranger wrote', () => {
    const built = new StanzaError({ condition: 'forbidden', text: 'secret' })
    expect(built).toBeInstanceOf(Error)
    expect(XmppError.is(built)).toBe(true)
    expect(`${built} ${built.stack}`).not.toContain('secret')
    expect(XmppError.is(new Error('x'))).toBe(false)
    expect(XmppError.is({ name: 'StanzaError' })).toBe(false)
    expect(XmppError.is(undefined)).toBe(false)
  })

  test.each([
    ['wait', 'backoff'],
    ['auth', 'user'],
    ['cancel', 'no'],
    ['modify', 'no'],
    ['continue', 'no'],
  ] as const)('after %s: retry %s', (type, retry) => {
    expect(new StanzaError({ condition: 'conflict', type }).retry).toBe(retry)
  })
})

describe('reading what is not as it should be', () => {
  test.each([
    ['nothing at all', error({}), 'undefined-condition', 'cancel'],
    ['an unknown condition', error({ type: 'wait' }, condition('tired')), 'undefined-condition', 'wait'],
    ['a condition that objects have', error({}, condition('toString')), 'undefined-condition', 'cancel'],
    ['__proto__', error({}, condition('__proto__')), 'undefined-condition', 'cancel'],
    ['an unknown type', error({ type: 'fatal' }, condition('forbidden')), 'forbidden', 'auth'],
    ['a condition in another namespace', error({}, xml('urn:x', 'gone')), 'undefined-condition', 'cancel'],
    ['the text first', error({}, condition('text'), condition('gone')), 'gone', 'cancel'],
    ['an application condition first', error({}, xml('urn:x', 'x'), condition('gone')), 'gone', 'cancel'],
    ['two conditions: the first counts', error({}, condition('gone'), condition('forbidden')), 'gone', 'cancel'],
  ])('%s', (_title, element, expected, type) => {
    expect(StanzaError.fromElement(element)).toMatchObject({ condition: expected, type })
  })

  test('a broken address', () => {
    expect(StanzaError.fromElement(error({ by: 'a@' })).by).toBeUndefined()
  })

  test('ofStanza', () => {
    const stanza = (...children: XmlNode[]) => xml(NS_CLIENT, 'iq', { type: 'error' }, ...children)
    expect(StanzaError.ofStanza(stanza(error({}, condition('gone')))).condition).toBe('gone')
    expect(StanzaError.ofStanza(stanza()).condition).toBe('undefined-condition')
    expect(StanzaError.ofStanza(stanza(xml('urn:x', 'error', {}, condition('gone')))).condition).toBe(
      'undefined-condition',
    )
  })
})

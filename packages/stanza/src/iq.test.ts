import { describe, expect, test } from 'vitest'
import { NS_CLIENT } from './elements.js'
import { Iq, IqElement, iq } from './iq.js'
import { StanzaError } from './stanza-error.js'
import { readElement, type XmlNode, xml } from './xml/element.js'
import { serialize } from './xml/serialize.js'

const write = (value: Iq) => serialize(value.element, NS_CLIENT)
const ping = xml('urn:xmpp:ping', 'ping')
const outcome = (attributes: Record<string, string>, ...children: XmlNode[]) => {
  const result = readElement(IqElement, xml(NS_CLIENT, 'iq', attributes, ...children))
  return result.ok ? result.value.type : result.error.message
}

test('building', () => {
  const request = iq({ type: 'get', id: '1', to: 'example.org', from: 'a@example.org/r', lang: 'de' }, ping)
  expect(write(request)).toBe(
    "<iq type='get' id='1' to='example.org' from='a@example.org/r' xml:lang='de'><ping xmlns='urn:xmpp:ping'/></iq>",
  )
  expect([request.type, request.id, request.payload]).toEqual(['get', '1', ping])
  expect(write(iq({ type: 'result', id: '1' }))).toBe("<iq type='result' id='1'/>")
  expect(iq({ type: 'result', id: '1' }).payload).toBeUndefined()
})

test('an error as payload', () => {
  const reply = iq({ type: 'error', id: '1' }, new StanzaError({ condition: 'forbidden' }))
  expect(write(reply)).toBe(
    "<iq type='error' id='1'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
  )
  expect(reply.payload).toBeUndefined()
  expect(reply.error?.condition).toBe('forbidden')
})

test('the payload is the first child that is not the error', () => {
  const error = xml(NS_CLIENT, 'error')
  expect(new Iq(xml(NS_CLIENT, 'iq', {}, error, 'text', ping, xml('urn:x', 'x'))).payload).toBe(ping)
  const foreign = xml('urn:x', 'error')
  expect(new Iq(xml(NS_CLIENT, 'iq', {}, foreign)).payload).toBe(foreign)
})

describe('IqElement (RFC 6120 §8.2.3)', () => {
  test('well-formed', () => {
    expect(outcome({ type: 'get', id: '1' }, ping)).toBe('get')
    expect(outcome({ type: 'set', id: '1' }, '\n', ping, '\n')).toBe('set')
    expect(outcome({ type: 'result', id: '1' })).toBe('result')
    expect(outcome({ type: 'result', id: '1' }, ping)).toBe('result')
    expect(outcome({ type: 'error', id: '1' }, ping, xml(NS_CLIENT, 'error'))).toBe('error')
  })

  test('malformed', () => {
    expect(outcome({ id: '1' }, ping)).toBe('iq@type: is not a type of IQ')
    expect(outcome({ type: 'GET', id: '1' }, ping)).toBe('iq@type: is not a type of IQ')
    expect(outcome({ type: 'toString', id: '1' }, ping)).toBe('iq@type: is not a type of IQ')
    expect(outcome({ type: 'get' }, ping)).toBe('iq@id: is missing')
    expect(outcome({ type: 'result', id: '' })).toBe('iq@id: is missing')
    for (const type of ['get', 'set']) {
      expect(outcome({ type, id: '1' })).toBe('iq: a request has one payload')
      expect(outcome({ type, id: '1' }, ping, ping)).toBe('iq: a request has one payload')
      expect(outcome({ type, id: '1' }, 'text')).toBe('iq: a request has one payload')
    }
  })

  test('matches only IQs of the client namespace', () => {
    expect(IqElement.matches(xml('jabber:server', 'iq'))).toBe(false)
    expect(IqElement.matches(xml(NS_CLIENT, 'message'))).toBe(false)
    const request = iq({ type: 'get', id: '1' }, ping)
    expect(IqElement(request)).toBe(request.element)
  })
})

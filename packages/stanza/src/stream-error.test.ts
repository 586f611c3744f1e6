import { describe, expect, test } from 'vitest'
import { NS_STREAM, NS_STREAM_ERRORS } from './elements.js'
import { XmppError } from './error.js'
import { StreamError, streamErrorConditions } from './stream-error.js'
import { type XmlNode, xml } from './xml/element.js'

const error = (...children: XmlNode[]) => xml(NS_STREAM, 'error', {}, ...children)
const condition = (name: string, ...text: string[]) => xml(NS_STREAM_ERRORS, name, {}, ...text)

test('the conditions of RFC 6120 §4.9.3', () => {
  expect(streamErrorConditions).toHaveLength(25)
  expect(new Set(streamErrorConditions).size).toBe(25)
})

test.each(streamErrorConditions)('%s survives a round trip', (name) => {
  const built = new StreamError({ condition: name, text: 'why' })
  expect(built).toMatchObject({ name: 'StreamError', code: name, condition: name, text: 'why', element: undefined })
  const element = built.toElement()
  expect(element.toString()).toBe(
    `<error xmlns='${NS_STREAM}'><${name} xmlns='${NS_STREAM_ERRORS}'/><text xmlns='${NS_STREAM_ERRORS}'>why</text></error>`,
  )
  const parsed = StreamError.fromElement(element)
  expect(parsed).toMatchObject({ condition: name, text: 'why', message: `stream error: ${name}` })
  expect(parsed.element).toBe(element)
})

test('retry: after these it would end the same way', () => {
  const final = streamErrorConditions.filter((name) => new StreamError({ condition: name }).retry === 'no')
  expect(final).toEqual([
    'conflict',
    'host-gone',
    'host-unknown',
    'not-authorized',
    'unsupported-feature',
    'unsupported-version',
  ])
  expect(new StreamError({ condition: 'reset' }).retry).toBe('backoff')
})

test('our own text is part of the message, the peer’s is not', () => {
  expect(new StreamError({ condition: 'policy-violation', text: 'too much' }).message).toBe(
    'stream error: policy-violation (too much)',
  )
  const parsed = StreamError.fromElement(error(condition('reset'), condition('text', 'secret')))
  expect(parsed.text).toBe('secret')
  expect(`${parsed} ${parsed.stack}`).not.toContain('secret')
  expect(XmppError.is(parsed)).toBe(true)
})

describe('reading what is not as it should be', () => {
  test.each([
    ['nothing at all', error(), 'undefined-condition'],
    ['an unknown condition', error(condition('tired')), 'undefined-condition'],
    ['a condition in another namespace', error(xml('urn:x', 'reset')), 'undefined-condition'],
    ['the text first', error(condition('text'), condition('reset')), 'reset'],
    ['an application condition first', error(xml('urn:x', 'x'), condition('reset')), 'reset'],
    ['two conditions: the first counts', error(condition('reset'), condition('conflict')), 'reset'],
  ])('%s', (_title, element, expected) => {
    expect(StreamError.fromElement(element).condition).toBe(expected)
  })

  test('no condition', () => {
    expect(new StreamError()).toMatchObject({ condition: 'undefined-condition', text: undefined, retry: 'backoff' })
    expect(new StreamError().toElement().children).toHaveLength(1)
  })
})

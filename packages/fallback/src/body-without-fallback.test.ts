import { message, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { bodyWithoutFallback, subjectWithoutFallback } from './body-without-fallback.js'
import { Fallback } from './elements.js'

const REPLY = 'urn:xmpp:reply:0'
const SFS = 'urn:xmpp:sfs:0'
const body = '> Anna wrote:\n> Hi, how are you?\nGreat'
const quotation = Fallback({ for: REPLY, subjects: [], bodies: [{ start: 0, end: 33 }] })
const everything = (namespace: string) => Fallback({ for: namespace, subjects: [], bodies: [] })

describe('bodyWithoutFallback', () => {
  test('only what is there for a protocol that is understood', () => {
    const stanza = message({ body }, quotation)
    expect(bodyWithoutFallback(stanza, [REPLY])).toBe('Great')
    expect(bodyWithoutFallback(stanza, [SFS])).toBe(body)
    expect(bodyWithoutFallback(stanza, [])).toBe(body)
    expect(bodyWithoutFallback(message({}, quotation), [REPLY])).toBeUndefined()
  })

  test('a whole body, said in either way', () => {
    const listed = Fallback({ for: SFS, subjects: [], bodies: [{}] })
    expect(bodyWithoutFallback(message({ body }, listed), [SFS])).toBeUndefined()
    expect(bodyWithoutFallback(message({ body }, everything(SFS)), [SFS])).toBeUndefined()
  })

  test('several protocols at once', () => {
    const stanza = message({ body }, quotation, Fallback({ for: SFS, subjects: [], bodies: [{ start: 33, end: 35 }] }))
    expect(bodyWithoutFallback(stanza, [REPLY, SFS])).toBe('eat')
  })

  test('a fallback for the subject alone, or for nobody knows what', () => {
    const subjectOnly = Fallback({ for: REPLY, subjects: [{}], bodies: [] })
    expect(bodyWithoutFallback(message({ body }, subjectOnly), [REPLY])).toBe(body)
    expect(bodyWithoutFallback(message({ body }, Fallback({ subjects: [], bodies: [] })), [REPLY])).toBe(body)
  })

  test('a malformed fallback costs nothing', () => {
    const broken = quotation.with({}, xml('urn:xmpp:fallback:0', 'body', { start: 'x', end: '3' }))
    expect(bodyWithoutFallback(message({ body }, broken), [REPLY])).toBe(body)
  })

  test('numbers do not say which of several languages they are for; a whole text needs no numbers', () => {
    const bodies = { en: body, de: '> Anna schrieb:\n> Hi!\nSuper' }
    expect(bodyWithoutFallback(message({ lang: 'en', body: bodies }, quotation), [REPLY])).toBe(body)
    expect(bodyWithoutFallback(message({ lang: 'en', body: bodies }, everything(REPLY)), [REPLY])).toBeUndefined()
  })
})

test('subjectWithoutFallback', () => {
  const part = Fallback({ for: REPLY, subjects: [{ start: 0, end: 4 }], bodies: [] })
  expect(subjectWithoutFallback(message({ subject: 'Re: tea', body }, part), [REPLY])).toBe('tea')
  expect(subjectWithoutFallback(message({ subject: 'Re: tea', body }, quotation), [REPLY])).toBe('Re: tea')
  expect(subjectWithoutFallback(message({ subject: 'Re: tea' }, everything(REPLY)), [REPLY])).toBeUndefined()
})

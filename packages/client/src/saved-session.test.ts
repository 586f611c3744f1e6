import { describe, expect, test } from 'vitest'
import { readSession, readStanza } from './saved-session.js'

const corrupt = expect.objectContaining({ name: 'StoreError', code: 'corrupt' })
const session = { handled: 7, sent: 5, acked: 3, first: -2, next: 4 }
const stanza = { id: 'a', text: '<message/>' }

describe('what a store has kept', () => {
  test.each([
    session,
    { ...session, id: 'sm', jid: 'a@b/c', location: 'x:1', max: 300 },
    { ...session, sent: 2 ** 40, acked: 2 ** 40, handled: 2 ** 40 },
  ])('%j is a session', (value) => {
    expect(readSession(value)).toBe(value)
  })

  test.each([
    undefined,
    null,
    'session',
    {},
    { ...session, handled: 'x' },
    { ...session, handled: -1 },
    { ...session, handled: 1.5 },
    { ...session, sent: 1e8 },
    { ...session, sent: 2 },
    { ...session, acked: Number.NaN },
    { ...session, acked: -1 },
    { ...session, next: 1e8 },
    { ...session, next: -3 },
    { ...session, first: -1e8 },
    { ...session, first: null },
    { ...session, id: 7 },
    { ...session, jid: {} },
    { ...session, location: [] },
    { ...session, max: '300' },
  ])('%j is no session', (value) => {
    expect(() => readSession(value)).toThrow(corrupt)
  })

  test.each([stanza, { ...stanza, stamp: 5, deaths: 1, uncertain: true }])('%j is a stanza', (value) => {
    expect(readStanza(value)).toBe(value)
  })

  test.each([
    undefined,
    null,
    7,
    {},
    { ...stanza, id: 1 },
    { ...stanza, text: null },
    { ...stanza, stamp: 1e99 },
    { ...stanza, stamp: '5' },
    { ...stanza, deaths: 'x' },
  ])('%j is no stanza', (value) => {
    expect(() => readStanza(value)).toThrow(corrupt)
  })
})

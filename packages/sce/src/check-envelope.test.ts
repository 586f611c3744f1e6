import { Jid, xml } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { checkEnvelope, type EnvelopeProfile, type StanzaOrigin } from './check-envelope.js'
import type { Envelope } from './elements.js'

const jid = (text: string): Jid => Jid.parse(text)
const lax: EnvelopeProfile = { from: 'optional', to: 'optional', time: 'optional' }
const strict: EnvelopeProfile = { from: 'required', to: 'required', time: 'required', wrongTime: 'refuse' }
const noon = new Date('2020-01-01T12:00:00Z')
const origin: StanzaOrigin = { from: jid('alice@example.org/phone'), to: jid('bob@example.com/desk'), sentAt: noon }
const good: Envelope = { content: [], from: jid('alice@example.org'), to: jid('bob@example.com'), time: noon }

function outcome(envelope: Partial<Envelope>, profile: EnvelopeProfile, stanza: StanzaOrigin = origin): unknown {
  const checked = checkEnvelope({ content: [], ...envelope }, stanza, profile)
  if (!checked.ok) return checked.error.code
  const { boundFrom, boundTo, timeOff } = checked.value
  return { boundFrom, boundTo, ...(timeOff !== undefined && { timeOff }) }
}

const bound = { boundFrom: true, boundTo: true }
const other = jid('mallory@example.org')

const table: readonly (readonly [string, Partial<Envelope>, EnvelopeProfile, unknown])[] = [
  ['all affixes', good, strict, bound],
  ['the same without a need', good, lax, bound],
  [
    'another resource',
    { ...good, from: jid('alice@example.org/laptop'), to: jid('bob@example.com/car') },
    strict,
    bound,
  ],
  ['no affix, none needed', {}, lax, { boundFrom: false, boundTo: false }],
  ['only a sender', { from: good.from }, lax, { boundFrom: true, boundTo: false }],
  ['no sender', { ...good, from: undefined }, strict, 'missing-from'],
  ['no recipient', { ...good, to: undefined }, strict, 'missing-to'],
  ['no time', { ...good, time: undefined }, strict, 'missing-time'],
  ['another sender', { ...good, from: other }, strict, 'wrong-from'],
  ['another sender, none needed', { from: other }, lax, 'wrong-from'],
  ['another recipient', { ...good, to: other }, strict, 'wrong-to'],
  ['another recipient, none needed', { to: other }, lax, 'wrong-to'],
  ['the server instead of the account', { ...good, from: jid('example.org') }, strict, 'wrong-from'],
  ['a time an hour off', { ...good, time: new Date('2020-01-01T11:00:00Z') }, strict, bound],
  ['a time before that', { ...good, time: new Date('2020-01-01T10:59:59Z') }, strict, 'wrong-time'],
  ['a time after that', { ...good, time: new Date('2020-01-01T13:00:01Z') }, strict, 'wrong-time'],
  [
    'the same, reported',
    { time: new Date('2020-01-01T13:00:01Z') },
    lax,
    { boundFrom: false, boundTo: false, timeOff: 3_601_000 },
  ],
]
test.each(table)('S-216 affixes against the stanza: %s', (_, envelope, profile, expected) => {
  expect(outcome(envelope, profile)).toEqual(expected)
})

test('OMEMO S6: what was for one is not for a room, and what was for a room not for one', () => {
  const room = { ...origin, to: jid('room@chat.example.org') }
  const group: EnvelopeProfile = { ...lax, to: 'required' }
  expect(outcome(good, group, room)).toBe('wrong-to')
  expect(outcome({ from: good.from }, group, room)).toBe('missing-to')
  expect(outcome({ ...good, to: jid('room@chat.example.org') }, lax)).toBe('wrong-to')
})

test('the margin is the profile’s, and without a time of the stanza nothing is compared', () => {
  const late = { ...good, time: new Date('2020-01-01T12:00:02Z') }
  expect(outcome(late, { ...strict, timeMargin: 1000 })).toBe('wrong-time')
  expect(outcome(late, { ...strict, timeMargin: 2000 })).toEqual(bound)
  expect(outcome({ ...good, time: new Date(0) }, strict, { from: origin.from, to: origin.to })).toEqual(bound)
})

test('what is dropped is told', () => {
  const content = [xml('urn:xmpp:hints', 'store'), xml('jabber:client', 'body'), xml('', 'x')]
  const checked = checkEnvelope({ content }, origin, lax)
  expect(checked.ok && checked.value.content.map(({ name }) => name)).toEqual(['body'])
  expect(checked.ok && checked.value.stripped.map(({ name }) => name)).toEqual(['store', 'x'])
})

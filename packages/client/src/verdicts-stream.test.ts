import { NS_STREAM, NS_STREAM_ERRORS, StreamError, streamErrorConditions, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { after, attempt, backoff, judging, said, soon, spread, stop } from '../test/judged.js'
import { NS_SM } from './elements.js'

judging()

describe('a stream error while online', () => {
  const table = {
    'bad-format': { ...backoff, poison: true },
    'bad-namespace-prefix': { ...backoff, poison: true },
    conflict: stop('replaced'),
    'connection-timeout': soon,
    'host-gone': stop('configuration'),
    'host-unknown': stop('configuration'),
    'improper-addressing': { ...backoff, poison: true },
    'internal-server-error': backoff,
    'invalid-from': { ...backoff, poison: true },
    'invalid-namespace': { ...backoff, poison: true },
    'invalid-xml': { ...backoff, poison: true },
    'not-authorized': { ...backoff, withoutToken: true },
    'not-well-formed': { ...backoff, poison: true },
    'policy-violation': { ...backoff, penalty: 3, poison: true },
    'remote-connection-failed': backoff,
    reset: { kind: 'retry', delay: { min: 0, max: 5000 }, withoutToken: true },
    'resource-constraint': { ...backoff, from: 60_000 },
    'restricted-xml': { ...backoff, poison: true },
    'see-other-host': backoff, // without a host
    'system-shutdown': spread,
    'undefined-condition': backoff,
    'unsupported-encoding': { ...backoff, poison: true },
    'unsupported-feature': stop('incompatible'),
    'unsupported-stanza-type': { ...backoff, poison: true },
    'unsupported-version': stop('incompatible'),
    'no-such-condition': backoff,
  }

  test('every condition of RFC 6120 is in the table', () => {
    expect(Object.keys(table)).toEqual(expect.arrayContaining([...streamErrorConditions]))
  })

  test.each(Object.entries(table))('R-015 R-018 %s', (condition, expected) => {
    expect(after(1000, said(condition))).toEqual(expected)
  })

  test('handled-count-too-high: resumed, the counters would still differ', () => {
    expect(after(1000, said('undefined-condition', xml(NS_SM, 'handled-count-too-high')))).toEqual({
      ...backoff,
      fresh: true,
    })
    expect(after(1000, said('undefined-condition', xml('urn:x', 'handled-count-too-high')))).toEqual(backoff)
  })

  test('one that we ended never blames our stanza, and is not resumed', () => {
    const ours = new StreamError({ condition: 'policy-violation', text: 'larger than allowed' })
    for (let time = 0; time < 3; time++) expect(after(1000, ours)).toEqual({ ...backoff, fresh: true })
    // A stranger may have written what we cannot read: slower, but never for good.
    for (let time = 0; time < 9; time++) expect(after(1000, ours)).toEqual({ ...backoff, fresh: true, from: 60_000 })
    expect(after(1000, said('bad-format'))).toMatchObject(backoff)
    expect(attempt(new StreamError({ condition: 'unsupported-version' }))).toEqual(stop('incompatible'))
  })
})

describe('see-other-host', () => {
  const to = (host: string): StreamError =>
    StreamError.fromElement(xml(NS_STREAM, 'error', {}, xml(NS_STREAM_ERRORS, 'see-other-host', {}, host)))

  test.each([
    ['b.example.org', 'b.example.org:5222'],
    ['b.example.org:5223', 'b.example.org:5223'],
    ['[2001:db8::1]:5222', '[2001:db8::1]:5222'],
    ['192.0.2.1', '192.0.2.1:5222'],
    [' b.example.org\n', 'b.example.org:5222'],
  ])('%j is followed', (host, redirect) => {
    expect(attempt(to(host))).toEqual({ ...soon, redirect })
  })

  test.each(['', 'a b', 'https://example.org/', 'u@example.org', 'a:b:c', 'a:123456', '[::1', 'x'.repeat(300)])(
    '%j is not a host: the endpoint failed',
    (host) => {
      expect(attempt(to(host))).toEqual(backoff)
    },
  )

  test('without verified TLS it is not followed', () => {
    expect(attempt(to('evil.example'), { secure: false })).toEqual(backoff)
  })

  test('five times, unless a connection has lasted', () => {
    const redirect = 'b.example.org:5222'
    for (let hop = 0; hop < 5; hop++) expect(attempt(to('b.example.org'))).toMatchObject({ redirect })
    expect(attempt(to('b.example.org'))).toEqual(backoff)
    expect(after(60_000, to('b.example.org'))).toMatchObject({ redirect })
  })
})

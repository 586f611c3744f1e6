import { iq, type Message, message, presence, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { Forwarded } from './elements.js'
import { forwardOf } from './forward-of.js'

const stamp = new Date('2010-07-10T23:08:25Z')
const inner = message({ type: 'chat', from: 'boss@example.org/desk', to: 'bob@example.org', body: 'pay' })
const outer = (...payloads: Parameters<typeof message>[1][]): Message =>
  message({ type: 'chat', from: 'mallory@evil.net/x', body: 'look' }, ...payloads)

describe('forwardOf', () => {
  test('S-127 a forwarded message is by the forwarder, and the outer one stays what it is', () => {
    const received = outer(Forwarded({ delay: { stamp }, message: inner }))
    const forward = forwardOf(received)
    expect(forward?.by?.toString()).toBe('mallory@evil.net/x')
    expect(forward?.message.from?.toString()).toBe('boss@example.org/desk')
    expect(forward?.message.body).toBe('pay')
    expect(forward?.stamp).toEqual(stamp)
    expect([received.body, received.from?.toString()]).toEqual(['look', 'mallory@evil.net/x'])
  })

  test('without a time', () => expect(forwardOf(outer(Forwarded({ message: inner })))?.stamp).toBeUndefined())

  test('S-127 none inside of another protocol, and none of two', () => {
    const forwarded = Forwarded({ message: inner })
    expect(forwardOf(outer(xml('urn:xmpp:carbons:2', 'received', {}, forwarded)))).toBeUndefined()
    expect(forwardOf(outer(forwarded, forwarded))).toBeUndefined()
    expect(forwardOf(outer())).toBeUndefined()
  })

  test('stanzas that are no messages are ignored (XEP-0297 §7.1)', () => {
    expect(forwardOf(outer(Forwarded({ presence: presence({ from: 'boss@example.org' }) })))).toBeUndefined()
    expect(forwardOf(outer(Forwarded({ message: inner, presence: presence({}) })))).toBeUndefined()
    const query = iq({ type: 'get', id: '1' }, xml('urn:example', 'query'))
    expect(forwardOf(outer(Forwarded({ message: inner, iq: query })))).toBeUndefined()
    expect(forwardOf(outer(Forwarded()))).toBeUndefined()
  })

  test('an error only gives back what we have forwarded', () => {
    const bounced = message({ type: 'error', from: 'bob@example.org' }, Forwarded({ message: inner }))
    expect(forwardOf(bounced)).toBeUndefined()
  })

  test('a message of another namespace is none', () => {
    const empty = xml('urn:xmpp:forward:0', 'forwarded', {}, xml('urn:xmpp:forward:0', 'message'))
    expect(forwardOf(outer(empty))).toBeUndefined()
  })
})

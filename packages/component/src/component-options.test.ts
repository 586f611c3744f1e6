import type { Transport } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { type ComponentOptions, identityOf } from './component-options.js'

const transport: Transport = { name: 'fake', schemes: ['xmpp', 'xmpps'], connect: () => new Promise(() => {}) }
const good: ComponentOptions = {
  jid: 'gw.example.org',
  secret: 'secret',
  service: 'xmpp://localhost:5347',
  transports: [transport],
}

describe('identityOf', () => {
  test.each([
    ['jid', 'user@gw.example.org', 'jid: a component is a domain alone'],
    ['jid', 'gw.example.org/r', 'jid: a component is a domain alone'],
    ['jid', undefined, 'jid: not a JID'],
    ['jid', '@', 'JID'],
    ['secret', '', 'secret: missing'],
    ['secret', undefined, 'secret: missing'],
    ['service', undefined, 'service: missing'],
    ['service', 'localhost', 'service: not a URL'],
    ['service', 'wss://localhost', 'service: no transport'],
    ['service', 'xmpp:', 'service: has no host'],
    ['transports', [], 'transports: there is none'],
    ['server', '@', 'JID'],
    ['keepAlive', 0, 'keepAlive: not a positive number'],
    ['requestTimeout', -1, 'requestTimeout: not a positive number'],
    ['limits', { maxDepth: 0 }, 'limits: not a positive number'],
    ['store', {}, 'store: has no get and batch'],
  ])('%s: %j is wrong', (name, value, problem) => {
    expect(() => identityOf({ ...good, [name]: value } as ComponentOptions)).toThrow(problem)
  })

  test.each([
    ['xmpp://localhost', 'xmpp://localhost:5347'],
    ['xmpps://example.org', 'xmpps://example.org:5347'],
    ['xmpp://[::1]:5222', 'xmpp://[::1]:5222'],
    [new URL('xmpp://localhost'), 'xmpp://localhost:5347'],
  ])('the service %s is %s', (service, expected) => {
    expect(String(identityOf({ ...good, service }).service)).toBe(expected)
    expect(String(service)).not.toContain('5347') // what was given is left alone
  })

  test('itself is asked for a sign of life, or whoever is named', () => {
    expect(String(identityOf(good).server)).toBe('gw.example.org')
    expect(String(identityOf({ ...good, server: 'example.org' }).server)).toBe('example.org')
    expect(String(identityOf({ ...good, server: Jid.parse('example.net') }).server)).toBe('example.net')
  })
})

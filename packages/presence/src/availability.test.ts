import { Jid, presence } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { Availability } from './availability.js'

test('a flood of resources of many accounts does not fill the memory, nor drive out who is known', () => {
  const all = new Availability()
  const take = (jid: string, type?: 'unavailable') => all.take(presence({ from: jid, type }), Jid.parse(jid))
  const of = (jid: string) => all.of(Jid.parse(jid)).map(({ from }) => from?.resource)
  take('bob@example.org/a')
  for (let i = 0; i < 20_000; i++) take(`m${i % 200}@evil.net/${i}`)
  take('late@evil.net/x')
  expect([of('bob@example.org'), of('m199@evil.net').length, of('late@evil.net')]).toEqual([['a'], 99, []])
  take('bob@example.org/b')
  expect(of('bob@example.org')).toEqual(['b'])
  take('m0@evil.net', 'unavailable')
  take('bob@example.org/c')
  take('late@evil.net/x')
  expect([of('bob@example.org'), of('late@evil.net')]).toEqual([['c', 'b'], ['x']])
  all.clear()
  for (let i = 0; i < 100; i++) take(`bob@example.org/${i}`)
  expect(of('bob@example.org')).toHaveLength(100)
})

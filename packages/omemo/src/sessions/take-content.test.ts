import { Jid } from '@couplet/stanza'
import { expect, test } from 'vitest'
import type { ReceiveTask } from './receive-task.js'
import { chatOfMessage } from './take-content.js'

test('OMEMO S2 a message belongs to its room, to whom we have sent it, or to whom it comes from', () => {
  const [alice, bob] = [Jid.parse('alice@a.example').bare, Jid.parse('bob@b.example').bare]
  const chat = (from: Jid, to: Jid, room?: string) =>
    chatOfMessage({ from, origin: { from, to, room } } as unknown as ReceiveTask, alice)
  expect([chat(bob, alice), chat(alice, bob), chat(alice, alice)]).toEqual([
    'bob@b.example',
    'bob@b.example',
    'alice@a.example',
  ])
  expect(chat(bob, Jid.parse('room@c.example'), 'room@c.example')).toBe('room@c.example')
})

import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { InboundMessage } from './inbound-message.js'
import type { SendHandle } from './session.js'

describe('InboundMessage.reply', () => {
  const replyTo = (attributes: string, body: Parameters<InboundMessage['reply']>[0] = 'hi'): string => {
    let sent = ''
    const element = parseXml(`<message ${attributes}><body>?</body><thread>t</thread></message>`)
    const inbound = new InboundMessage(element, 'live', (stanza) => {
      sent = String(stanza)
      return {} as SendHandle
    })
    inbound.reply(body)
    return sent
  }
  const to = (attributes: string): (string | undefined)[] => {
    const element = parseXml(replyTo(attributes))
    return ['to', 'type'].map((name) => element.attr(name))
  }

  test('goes to the sender, with the same type', () => {
    expect(to(`from='bob@example.org/x' type='chat'`)).toEqual(['bob@example.org/x', 'chat'])
    expect(to(`from='bob@example.org/x'`)).toEqual(['bob@example.org/x', undefined])
  })

  test('goes to the room, not to the occupant, if the room sent it', () => {
    expect(to(`from='room@muc.example.org/bob' type='groupchat'`)).toEqual(['room@muc.example.org', 'groupchat'])
    expect(to(`from='room@muc.example.org/bob' type='chat'`)).toEqual(['room@muc.example.org/bob', 'chat'])
  })

  test('keeps the thread, and what is given wins', () => {
    const element = parseXml(replyTo(`from='bob@example.org'`))
    expect([element.child('thread')?.text, element.child('body')?.text]).toEqual(['t', 'hi'])
    const other = parseXml(replyTo(`from='bob@example.org' type='chat'`, { body: 'a', thread: 'b', type: 'normal' }))
    expect([other.child('thread')?.text, other.attr('type')]).toEqual(['b', undefined])
  })

  test('an error, or a message from nobody, is not answered', () => {
    expect(() => replyTo(`from='bob@example.org' type='error'`)).toThrow(TypeError)
    expect(() => replyTo(`type='chat'`)).toThrow(TypeError)
  })
})

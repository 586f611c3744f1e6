import { message } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { chatStates } from './chat-states.js'
import { ChatState } from './elements.js'

const friend = 'friend@example.org'
const room = 'cave@rooms.example.org'
const answer = (state?: 'active' | 'composing', from = `${friend}/x`) =>
  message({ type: 'chat', from, body: 'hi' }, ...(state ? [ChatState(state)] : []))

describe('whether to send (XEP-0085 §5.1)', () => {
  test('a first message asks, a notification alone waits for the answer', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    expect(api.send(friend, 'composing')).toBeUndefined()
    expect(api.active(friend).map(String)).toEqual([String(ChatState('active'))])
    expect(session.sent).toHaveLength(0)
  })

  test('after an answer with a state, notifications go out as chat, with the state alone', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active'))
    expect(api.send(friend, 'composing')?.id).toBe(session.sent[0]?.id)
    expect(session.sent[0]?.element.attr('type')).toBe('chat')
    expect(session.sent[0]?.element.children).toHaveLength(1)
    expect(session.sent[0]?.get(ChatState)).toBe('composing')
  })

  test('a notification alone is an answer, too', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(message({ type: 'chat', from: `${friend}/x` }, ChatState('composing')))
    expect(api.send(friend, 'active')).toBeDefined()
  })

  test('after an answer without a state nothing is sent any more', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer())
    expect(api.active(friend)).toEqual([])
    expect(api.send(friend, 'composing')).toBeUndefined()
  })

  test('a message without a state does not undo what is known', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active'))
    session.receive(answer())
    expect(api.send(friend, 'composing')).toBeDefined()
  })

  test.each(['archive', 'offline', 'resent'] as const)('an old message (%s) is no answer', (provenance) => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active'), provenance)
    expect(api.send(friend, 'composing')).toBeUndefined()
    expect(api.active(friend)).toHaveLength(1)
  })

  test('what another client of ours sends is no answer', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active', 'me@example.org/phone'), 'carbon')
    expect(api.send('me@example.org', 'composing')).toBeUndefined()
  })

  test('the state of a room says nothing about whoever has its address', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(message({ type: 'groupchat', from: `${room}/Puck` }, ChatState('composing')))
    expect(api.send(room, 'composing')).toBeUndefined()
  })
})

describe('what to send', () => {
  test('never the same state twice in a row (XEP-0085 §5.3)', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active'))
    expect(api.send(friend, 'composing')).toBeDefined()
    expect(api.send(`${friend}/x`, 'composing')).toBeUndefined()
    expect(api.send(friend, 'paused')).toBeDefined()
    expect(api.send(friend, 'composing')).toBeDefined()
    api.active(friend)
    expect(api.send(friend, 'active')).toBeUndefined()
    expect(api.send(friend, 'composing')).toBeDefined()
    expect(session.sent.map((stanza) => stanza.get(ChatState))).toEqual([
      'composing',
      'paused',
      'composing',
      'composing',
    ])
  })

  test('to a room only when asked to, and never gone (XEP-0085 §5.5)', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    expect(api.send(room, 'composing')).toBeUndefined()
    expect(api.send(room, 'composing', { type: 'groupchat' })).toBeDefined()
    expect(api.send(room, 'gone', { type: 'groupchat' })).toBeUndefined()
    expect(session.sent[0]?.element.attr('type')).toBe('groupchat')
  })

  test('the thread goes along (XEP-0085 §5.7)', () => {
    const session = fakeSession()
    const api = session.install(chatStates())
    session.receive(answer('active'))
    api.send(friend, 'gone', { thread: 'act2scene2chat1' })
    expect(session.sent[0]?.element.child('thread')?.text).toBe('act2scene2chat1')
  })
})

describe('onChange', () => {
  const changes = () => {
    const session = fakeSession()
    const seen: string[] = []
    const subscription = session.install(chatStates()).onChange((from, state) => void seen.push(`${from} ${state}`))
    return { session, seen, subscription }
  }

  test('tells who does what, until it is disposed of', () => {
    const { session, seen, subscription } = changes()
    session.receive(answer('composing'))
    session.receive(message({ type: 'groupchat', from: `${room}/Puck` }, ChatState('composing')))
    subscription.dispose()
    session.receive(answer('active'))
    expect(seen).toEqual([`${friend}/x composing`, `${room}/Puck composing`])
  })

  test('not what is old, our own, or gone in a room', () => {
    const { session, seen } = changes()
    session.receive(answer('composing'), 'archive')
    session.receive(answer('composing', 'me@example.org/phone'), 'carbon')
    session.receive(message({ type: 'groupchat', from: `${room}/Puck` }, ChatState('gone')))
    expect(seen).toEqual([])
  })
})

test('what strangers make us remember is bounded', () => {
  const session = fakeSession()
  const api = session.install(chatStates())
  session.receive(answer('active'))
  for (let i = 0; i < 999; i++) session.receive(answer('active', `s${i}@evil.net/x`))
  expect(api.send(friend, 'composing')).toBeDefined()
  for (let i = 0; i < 1000; i++) session.receive(answer('active', `t${i}@evil.net/x`))
  expect(api.send(friend, 'paused')).toBeUndefined()
})

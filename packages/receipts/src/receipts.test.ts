import { InboundMessage } from '@couplet/client'
import { type MessageType, message, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { ReceiptRequest, Received } from './elements.js'
import { receipts } from './receipts.js'

const friend = 'friend@example.org'
const phone = `${friend}/phone`
const receipt = (id: string, from = phone, type: MessageType = 'chat') => message({ type, from }, Received({ id }))

describe('asking', () => {
  test('a message asks, has an id, and keeps its payloads', () => {
    const session = fakeSession()
    const { handle } = session.install(receipts()).send({ to: friend, body: 'hi' }, [xml('urn:example', 'x')])
    expect(session.sent[0]?.get(ReceiptRequest)).toBe(true)
    expect(session.sent[0]?.element.child('x', 'urn:example')).toBeDefined()
    expect(session.sent[0]?.id).toBe(handle.id)
  })

  test('received resolves with the client that has it, whatever the type of its receipt', async () => {
    for (const type of ['chat', 'normal', 'headline'] as const) {
      const session = fakeSession()
      const { handle, received } = session.install(receipts()).send({ to: friend, type: 'chat', body: 'hi' })
      session.receive(receipt(handle.id, phone, type))
      expect(String(await received)).toBe(phone)
    }
  })

  test('onReceived tells of every client, until it is disposed of', () => {
    const session = fakeSession()
    const api = session.install(receipts())
    const seen: string[] = []
    const subscription = api.onReceived((id, from) => void seen.push(`${id} ${from}`))
    const { handle } = api.send({ id: 'm1', to: friend, body: 'hi' })
    session.receive(receipt(handle.id))
    session.receive(receipt(handle.id, `${friend}/desk`))
    subscription.dispose()
    session.receive(receipt(handle.id))
    expect(seen).toEqual([`m1 ${phone}`, `m1 ${friend}/desk`])
  })

  test.each([
    ['a stranger', friend, 'mallory@evil.net/x'],
    ['another user of the server', friend, 'mallory@example.org/phone'],
    ['a look-alike in Cyrillic', friend, 'fri\u0435nd@example.org/phone'],
    ['a longer domain', friend, 'friend@example.org.evil.net/phone'],
    ['the server', friend, 'example.org'],
    ['our own account', friend, 'me@example.org/other'],
    ['nobody', friend, undefined],
    ['another client than the one addressed', phone, `${friend}/desk`],
    ['another occupant of the room', 'room@rooms.example.org/bob', 'room@rooms.example.org/mallory'],
    ['the room itself', 'room@rooms.example.org/bob', 'room@rooms.example.org'],
  ])('S-136 a receipt from %s is ignored', async (_who, to, from) => {
    const session = fakeSession()
    const api = session.install(receipts())
    const handler = vi.fn()
    api.onReceived(handler)
    const { received } = api.send({ id: 'm1', to, body: 'hi' })
    session.receive(message({ type: 'chat', from }, Received({ id: 'm1' })))
    expect(handler).not.toHaveBeenCalled()
    const addressee = to === friend ? phone : to
    session.receive(receipt('m1', addressee))
    expect(String(await received)).toBe(addressee)
  })

  test('S-136 a receipt for what was never sent, or was sent to somebody else, is ignored', () => {
    const session = fakeSession()
    const handler = vi.fn()
    const api = session.install(receipts())
    api.onReceived(handler)
    api.send({ id: 'm2', to: 'other@example.org', body: 'hi' }).received.catch(() => {})
    for (const id of ['m1', 'm2', 'M2', '', '__proto__']) session.receive(receipt(id))
    expect(handler).not.toHaveBeenCalled()
  })

  test('S-136 names are compared as JIDs: case does not count', async () => {
    const session = fakeSession()
    const { received } = session.install(receipts()).send({ id: 'm1', to: 'Friend@Example.ORG', body: 'hi' })
    session.receive(receipt('m1', 'FRIEND@example.org/phone'))
    expect(String(await received)).toBe(phone)
  })

  test.each(['groupchat', 'error'] as const)('not for messages of type %s', (type) => {
    const session = fakeSession()
    const api = session.install(receipts())
    expect(() => api.send({ to: friend, type, body: 'hi' })).toThrow(TypeError)
    expect(() => api.send({ body: 'hi' })).toThrow(TypeError)
    expect(session.sent).toHaveLength(0)
  })

  test('received rejects by signal, with the send, and at the end', async () => {
    const session = fakeSession()
    const api = session.install(receipts())
    const controller = new AbortController()
    const aborted = api.send({ to: friend, body: 'a' }, [], { signal: controller.signal }).received
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    const late = api.send({ to: friend, body: 'b' }, [], { signal: controller.signal }).received
    await expect(late).rejects.toThrow('enough')
    const ended = api.send({ to: friend, body: 'c' })
    await ended.handle.acked
    session.end()
    await expect(ended.received).rejects.toThrow()
    await expect(api.send({ to: friend, body: 'd' }).received).rejects.toThrow()
  })

  test('two messages with one id: the earlier one is given up', async () => {
    const session = fakeSession()
    const api = session.install(receipts())
    const [first, second] = ['a', 'b'].map((body) => api.send({ id: 'm1', to: friend, body }).received)
    await expect(first).rejects.toThrow('the same id')
    session.receive(receipt('m1'))
    expect(String(await second)).toBe(phone)
  })

  test('of many without an answer the oldest are given up', async () => {
    const session = fakeSession()
    const api = session.install(receipts())
    const [first, second] = Array.from({ length: 1001 }, (_, i) => api.send({ id: `m${i}`, to: friend }).received)
    await expect(first).rejects.toThrow(RangeError)
    session.receive(receipt('m1'))
    expect(String(await second)).toBe(phone)
  })
})

describe('answering', () => {
  const request = (init: Parameters<typeof message>[0] = {}) =>
    message({ id: 'm1', from: phone, type: 'chat', body: 'hi', ...init }, ReceiptRequest())

  test('S-160 nobody gets a receipt by default, and the feature is not advertised', () => {
    const session = fakeSession()
    const plugin = receipts()
    session.install(plugin)
    session.receive(request())
    expect(session.sent).toHaveLength(0)
    expect(plugin.features).toEqual([])
  })

  test.each(['chat', 'normal', 'headline'] as const)(
    'who may know gets one of type %s and nothing else in it',
    (type) => {
      const session = fakeSession()
      session.install(receipts({ answer: (from) => from.bare.toString() === friend }))
      session.receive(request({ type }))
      session.receive(request({ type, from: 'stranger@evil.net/x' }))
      expect(session.sent).toHaveLength(1)
      const [answer] = session.sent
      expect(answer?.get(Received)).toEqual({ id: 'm1' })
      expect(String(answer?.to)).toBe(phone)
      expect(answer?.element.attr('type') ?? 'normal').toBe(type)
      expect(answer?.element.children).toHaveLength(1)
    },
  )

  test('it comes from the address that was asked, as any answer: a component has many', () => {
    const session = fakeSession()
    const reply = vi.spyOn(InboundMessage.prototype, 'reply')
    session.install(receipts({ answer: () => true }))
    session.receive(request({ thread: 't1' }))
    expect(reply).toHaveBeenCalledTimes(1)
    expect(session.sent.map(({ element }) => element.children.length)).toEqual([1])
    reply.mockRestore()
  })

  test('S-160 a promise, which JavaScript lets pass, is no yes', () => {
    const session = fakeSession()
    session.install(receipts({ answer: (async () => false) as never }))
    session.receive(request())
    expect(session.sent).toHaveLength(0)
  })

  test('a message that waited for us is answered', () => {
    const session = fakeSession()
    session.install(receipts({ answer: () => true }))
    session.receive(request(), 'offline')
    expect(session.sent).toHaveLength(1)
  })

  test.each(['archive', 'carbon', 'resent'] as const)('a message from %s is not (XEP-0184 §5.5)', (provenance) => {
    const session = fakeSession()
    session.install(receipts({ answer: () => true }))
    session.receive(request(), provenance)
    expect(session.sent).toHaveLength(0)
  })

  test('rooms, messages without an id, and receipts are not answered', () => {
    const session = fakeSession()
    session.install(receipts({ answer: () => true }))
    session.receive(request({ type: 'groupchat', from: 'room@rooms.example.org/bob' }))
    session.receive(request({ id: undefined }))
    session.receive(message({ id: 'm2', from: phone }, ReceiptRequest(), Received({ id: 'm1' })))
    expect(session.sent).toHaveLength(0)
  })
})

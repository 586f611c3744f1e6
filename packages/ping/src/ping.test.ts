import { StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { sendPing } from './elements.js'
import { ping } from './ping.js'

const friend = 'friend@example.org/x'

describe('send', () => {
  test('pings the own server by default, and resolves with its answer', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, undefined)
    expect(await api.send()).toBeUndefined()
    expect(session.requests[0]?.to).toBeUndefined()
    expect(session.requests[0]?.type).toBe('get')
  })

  test('pings whom it is told to', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, undefined)
    await api.send(friend)
    expect(session.requests[0]?.to?.toString()).toBe(friend)
  })

  const outcomes: [to: string | undefined, condition: StanzaErrorCondition, alive: boolean][] = [
    [undefined, 'service-unavailable', true],
    ['me@example.org', 'service-unavailable', true],
    ['example.net', 'service-unavailable', true],
    ['example.net', 'feature-not-implemented', true],
    ['example.net', 'remote-server-not-found', false],
    [friend, 'feature-not-implemented', true],
    [friend, 'service-unavailable', false],
    ['room@example.org', 'service-unavailable', false],
    [friend, 'forbidden', false],
  ]
  test.each(outcomes)('%s says %s: a sign of life? %s', async (to, condition, alive) => {
    const session = fakeSession()
    const api = session.install(ping())
    session.answer(sendPing, new StanzaError({ condition }))
    const outcome = api.send(to)
    if (alive) await outcome
    else await expect(outcome).rejects.toMatchObject({ condition })
  })

  test('a lost connection and a signal are no signs of life', async () => {
    const session = fakeSession()
    const api = session.install(ping())
    const lost = api.send()
    session.lose()
    await expect(lost).rejects.toMatchObject({ name: 'ConnectionError' })
    await session.begin()
    const controller = new AbortController()
    const ended = api.send(undefined, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(ended).rejects.toThrow('enough')
  })
})

describe('answering', () => {
  test('a ping gets an empty result', async () => {
    const session = fakeSession()
    session.install(ping())
    await session.ask(sendPing, true, friend)
    expect(session.replies[0]?.type).toBe('result')
    expect(session.replies[0]?.payload).toBeUndefined()
  })

  test('S-160 who is not to know that we are online gets the answer of a missing resource', async () => {
    const session = fakeSession()
    session.install(ping({ answer: (from) => from.toString() === friend }))
    await session.ask(sendPing, true, friend)
    await expect(session.ask(sendPing, true, 'stranger@evil.net/x')).rejects.toMatchObject({
      type: 'cancel',
      condition: 'service-unavailable',
    })
  })
})

import type { Plugin } from '@couplet/client'
import {
  attr,
  element,
  iqGet,
  iqSet,
  MalformedElementError,
  marker,
  message,
  presence,
  StanzaError,
} from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { fakeSession } from './fake-session.js'

const Question = element('urn:example', 'question', { about: attr('about') })
const Reply = element('urn:example', 'reply', { text: attr('text') })
const ask = iqGet(Question, Reply)
const Note = element('urn:example', 'note', { id: attr('id') })
const forget = iqSet(marker('urn:example', 'forget'))

interface Clock {
  now(): number
  zone(): string
}

interface Oracle {
  note(id: string): void
  readonly seen: readonly string[]
}

function oracle(): Plugin<'oracle', Oracle, { clock: Clock }> {
  return {
    name: 'oracle',
    features: ['urn:example'],
    needs: { clock: true },
    setup: (context) => {
      const seen: string[] = []
      context.handle(ask, ({ about }) => {
        if (about === 'secrets') throw new StanzaError({ condition: 'forbidden' })
        return { text: `${about} at ${context.clock.now()}, ${context.features.join(' ')}` }
      })
      context.onMessage(Note, ({ id }) => void seen.push(id), { from: 'ownAccount' })
      context.onSession(() => void seen.push('session'))
      return { seen, note: (id) => void context.send(message({ to: 'a@example.org' }, Note({ id }))) }
    },
  }
}

describe('fakeSession', () => {
  test('installs a plugin with its needs and shows what it sends', () => {
    const session = fakeSession()
    const api = session.install(oracle(), { clock: { now: () => 5 } })
    api.note('n1')
    expect(session.sent.map((stanza) => stanza.get(Note))).toEqual([{ id: 'n1' }])
    expect(session.sent[0]?.id).toBeTypeOf('string')
    expect(() => fakeSession().install(oracle(), {} as never)).toThrow('plugin "oracle" needs plugin "clock"')
  })

  test('delivers through the real router: the origin rule holds', async () => {
    const session = fakeSession({ jid: 'me@example.org/here' })
    const { seen } = session.install(oracle(), { clock: {} })
    session.receive(`<message from='me@example.org'><note xmlns='urn:example' id='1'/></message>`)
    session.receive(`<message from='mallory@example.org'><note xmlns='urn:example' id='2'/></message>`)
    session.receive(`<message from='me@example.org'><note xmlns='urn:example'/></message>`)
    await session.settled()
    expect(seen).toEqual(['1'])
    expect(session.rejected).toHaveLength(1)
    expect(session.malformed.map(({ error }) => error.path)).toEqual(['note@id'])
  })

  test('asks a handler and reads its answer', async () => {
    const session = fakeSession({ features: ['urn:more'] })
    session.install(oracle(), { clock: { now: () => 5 } })
    expect(await session.ask(ask, { about: 'rain' }, 'friend@example.org/x')).toEqual({
      text: 'rain at 5, urn:example urn:more',
    })
    await expect(session.ask(ask, { about: 'secrets' })).rejects.toMatchObject({ condition: 'forbidden' })
    await expect(session.ask(forget, true)).rejects.toMatchObject({ condition: 'service-unavailable' })
    expect(session.replies.map(({ type }) => type)).toEqual(['result', 'error', 'error'])
  })

  test('answers requests by script', async () => {
    const session = fakeSession()
    session.answer(ask, ({ about }) => ({ text: about.toUpperCase() }))
    session.answer(forget, new StanzaError({ condition: 'not-allowed' }))
    expect(await session.request(ask, { about: 'rain' }, { to: 'b@example.org' })).toEqual({ text: 'RAIN' })
    await expect(session.request(forget, true)).rejects.toMatchObject({ condition: 'not-allowed' })
    expect(session.requests.map(({ payload }) => payload?.name)).toEqual(['question', 'forget'])
    session.answer(ask, { text: 'later ones win' })
    expect(await session.request(ask, { about: 'rain' })).toEqual({ text: 'later ones win' })
  })

  test('an answer from somebody else does not count', async () => {
    const session = fakeSession()
    session.answer(ask, { text: 'lies' }, { from: 'mallory@example.org' })
    const answer = session.request(ask, { about: 'rain' }, { to: 'b@example.org' })
    await session.settled()
    expect(session.rejected.map(({ reason }) => reason)).toEqual(['reply-sender'])
    const id = session.requests[0]?.id
    session.receive(`<iq type='result' id='${id}' from='b@example.org'><reply xmlns='urn:example'/></iq>`)
    await expect(answer).rejects.toBeInstanceOf(MalformedElementError)
  })

  test('settled waits for slow handlers and passes on what they throw', async () => {
    const session = fakeSession()
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const order: string[] = []
    session.onMessage(async () => {
      await gate
      order.push('handled')
      throw new Error('boom')
    })
    session.receive(message({ from: 'a@example.org', body: 'hi' }))
    const settled = session.settled().finally(() => order.push('settled'))
    release()
    await expect(settled).rejects.toThrow('boom')
    expect(order).toEqual(['handled', 'settled'])
    await session.settled()
    expect(session.errors).toHaveLength(1)
  })

  test('sends are acknowledged, and fail when the connection is lost', async () => {
    const session = fakeSession()
    await session.send(message({ to: 'a@example.org', body: '1' })).acked
    expect(session.requests).toEqual([])
    const second = session.send(message({ to: 'a@example.org', body: '2' }))
    const request = session.request(ask, { about: 'rain' })
    session.lose()
    await expect(second.acked).rejects.toMatchObject({ code: 'closed' })
    await expect(request).rejects.toMatchObject({ code: 'closed' })
    const third = session.send(message({ to: 'a@example.org', body: '3' }))
    expect(third.state).toBe('queued')
    const { seen } = session.install(oracle(), { clock: {} })
    await session.begin()
    await third.acked
    expect(seen).toEqual(['session'])
    expect(session.sent).toHaveLength(3)
  })

  test('the end takes everything back', () => {
    const session = fakeSession()
    const { seen } = session.install(oracle(), { clock: {} })
    const handler = vi.fn()
    session.onMessage(handler)
    session.end()
    session.receive(`<message from='me@example.org'><note xmlns='urn:example' id='1'/></message>`)
    expect(handler).not.toHaveBeenCalled()
    expect(seen).toEqual([])
    expect(session.signal.aborted).toBe(true)
    expect(() => fakeSession({ jid: 'me@example.org' })).toThrow(TypeError)
  })

  test('a new session offers what it was told to, and begins with what was announced', async () => {
    const Offer = marker('urn:example', 'offer')
    const session = fakeSession({ serverFeatures: [Offer()] })
    const seen: unknown[] = []
    session.onSession(() => void seen.push(session.isOnline, session.serverFeatures?.get(Offer), session.sent.length))
    session.announce(() => [presence({ show: 'away' })])
    session.lose()
    expect([session.isOnline, session.serverFeatures]).toEqual([false, undefined])
    expect(session.sendNonza(Offer())).toBe(false)
    session.send(message({ to: 'a@example.org', body: 'waits' }))
    await session.begin()
    expect(seen).toEqual([false, true, 0])
    expect(session.isOnline).toBe(true)
    expect(session.sent.map(({ element }) => element.name)).toEqual(['presence', 'message'])
    expect(session.sendNonza(Offer())).toBe(true)
    expect(session.nonzas.map((element) => Offer.matches(element))).toEqual([true])
  })
})

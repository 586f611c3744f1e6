import { getEventListeners } from 'node:events'
import {
  attr,
  element,
  Iq,
  type IqType,
  Jid,
  MalformedElementError,
  NS_CLIENT,
  NS_STANZA_ERRORS,
  type StanzaError,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { IqTracker, type ReplyOutcome } from './iq-tracker.js'

const own = Jid.parse('u@example.org/r')
const Answer = element('urn:example', 'answer', { text: attr('text') })
const answer = Answer({ text: 'yes' })

const reply = (type: IqType, from: string | undefined, id = 'i', ...payload: readonly XmlElement[]): Iq =>
  new Iq(xml(NS_CLIENT, 'iq', { type, id, from }, ...payload))

const errorElement = xml(NS_CLIENT, 'error', { type: 'cancel' }, xml(NS_STANZA_ERRORS, 'item-not-found'))

describe('IqTracker', () => {
  const tracker = new IqTracker(() => own.bare)
  const receive = (stanza: Iq): ReplyOutcome => tracker.receive(stanza, own)

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    tracker.failAll(new Error('over'))
    vi.useRealTimers()
  })

  test('a result without a payload may be the answer, one with another payload never is', async () => {
    const expectMaybe = () => tracker.expect('i', Answer, undefined, 60_000, undefined, true)
    const empty = expectMaybe()
    receive(reply('result', undefined))
    expect(await empty).toBeUndefined()
    const wrong = expectMaybe()
    receive(reply('result', undefined, 'i', xml('urn:example', 'other')))
    await expect(wrong).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  const ask = (to?: string, signal?: AbortSignal): Promise<{ text: string }> => {
    const promise = tracker.expect('i', Answer, to === undefined ? undefined : Jid.parse(to), 60_000, signal)
    promise.catch(() => {})
    return promise
  }

  describe('S-104 who may answer', () => {
    const senders = [
      undefined,
      'u@example.org',
      'u@example.org/r',
      'example.org',
      'bob@example.org/x',
      'mallory@evil.net',
    ]
    test.each([
      [undefined, [true, true, true, true, false, false]],
      ['u@example.org', [true, true, false, false, false, false]],
      ['u@example.org/r', [false, false, true, false, false, false]],
      ['example.org', [false, false, false, true, false, false]],
      ['bob@example.org/x', [false, false, false, false, true, false]],
    ])('a request to %s', async (to, expected) => {
      for (const type of ['result', 'error'] as const) {
        for (const [at, from] of senders.entries()) {
          const promise = ask(to)
          const outcome = receive(reply(type, from, 'i', type === 'error' ? errorElement : answer))
          expect(`${from}: ${outcome}`).toBe(`${from}: ${expected[at] ? 'settled' : 'spoofed'}`)
          expect(tracker.size).toBe(expected[at] ? 0 : 1)
          tracker.failAll(new Error('over'))
          await promise.catch(() => {})
        }
      }
    })

    test('names are compared as JIDs: case does not count', async () => {
      const promise = ask('Bob@Example.ORG/x')
      expect(receive(reply('result', 'bob@example.org/x', 'i', answer))).toBe('settled')
      await expect(promise).resolves.toEqual({ text: 'yes' })
    })

    test.each(['bob@example.org/y', 'bob@example.org', 'example.org/x', 'bob@example.org.evil.net/x'])(
      'bob@example.org/x is not %s',
      (from) => {
        ask('bob@example.org/x')
        expect(receive(reply('result', from, 'i', answer))).toBe('spoofed')
      },
    )
  })

  test.each(['result', 'error'] as const)('S-103 S-106 a %s of a stranger leaves the request waiting', async (type) => {
    const promise = ask('bob@example.org/x')
    expect(receive(reply(type, 'mallory@evil.net/x', 'i', answer))).toBe('spoofed')
    expect(receive(reply('result', 'bob@example.org/x', 'i', answer))).toBe('settled')
    await expect(promise).resolves.toEqual({ text: 'yes' })
  })

  test('a result of another shape rejects, and so does one without a payload', async () => {
    const promise = ask()
    receive(reply('result', undefined, 'i', xml('urn:example', 'answer')))
    await expect(promise).rejects.toMatchObject({ name: 'MalformedElementError', path: 'answer@text' })
    const other = ask()
    receive(reply('result', undefined, 'i', xml('urn:other', 'answer', { text: 'no' })))
    await expect(other).rejects.toThrow(MalformedElementError)
  })

  test('S-097 a definition that throws rejects its request, and only that', async () => {
    const broken = { ...Answer, matches: Answer.matches, parse: () => expect.fail('in the definition') }
    const promise = tracker.expect('i', Object.assign(Answer.bind(null), broken), undefined, 1000)
    expect(receive(reply('result', undefined, 'i', answer))).toBe('settled')
    await expect(promise).rejects.toThrow('in the definition')
  })

  test('an error rejects with what the peer said', async () => {
    const promise = ask()
    receive(reply('error', undefined, 'i', errorElement))
    const error: StanzaError = await promise.then(
      () => expect.fail('resolved'),
      (reason) => reason,
    )
    expect([error.name, error.condition, error.type]).toEqual(['StanzaError', 'item-not-found', 'cancel'])
  })

  test('a late or second reply, or one nobody asked for, is unknown', async () => {
    const promise = ask()
    receive(reply('result', undefined, 'i', answer))
    await promise
    expect(receive(reply('result', undefined, 'i', answer))).toBe('unknown')
    expect(receive(reply('error', 'mallory@evil.net', 'other'))).toBe('unknown')
  })

  test('ids are no property names', () => {
    for (const id of ['__proto__', 'constructor', 'toString']) {
      expect(receive(reply('result', undefined, id, answer))).toBe('unknown')
    }
  })

  test('no answer in time is a TimeoutError', async () => {
    const { signal } = new AbortController()
    const promise = ask(undefined, signal)
    vi.advanceTimersByTime(60_000)
    await expect(promise).rejects.toMatchObject({ name: 'TimeoutError' })
    expect([tracker.size, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  test('S-206 a timeout longer than a timer can count is a long one', async () => {
    const settled = vi.fn()
    const promise = tracker.expect('i', undefined, undefined, Number.POSITIVE_INFINITY)
    promise.then(settled, settled)
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(settled).not.toHaveBeenCalled()
  })

  test('abort rejects with the reason and leaves nothing behind', async () => {
    const controller = new AbortController()
    const promise = ask(undefined, controller.signal)
    controller.abort('enough')
    await expect(promise).rejects.toBe('enough')
    expect(receive(reply('result', undefined, 'i', answer))).toBe('unknown')
    expect([tracker.size, vi.getTimerCount()]).toEqual([0, 0])
  })

  test('an answer leaves no timer and no listener', async () => {
    const { signal } = new AbortController()
    const promise = ask(undefined, signal)
    receive(reply('result', undefined, 'i', answer))
    await promise
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  test('the end of the connection rejects everything', async () => {
    const first = tracker.expect('1', undefined, undefined, 1000)
    const second = tracker.expect('2', undefined, undefined, 1000)
    tracker.fail('1', new Error('not sent'))
    tracker.failAll(new Error('lost'))
    await expect(first).rejects.toThrow('not sent')
    await expect(second).rejects.toThrow('lost')
    expect(tracker.size).toBe(0)
  })
})

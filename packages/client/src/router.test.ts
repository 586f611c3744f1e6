import {
  attr,
  define,
  element,
  iqGet,
  iqSet,
  Jid,
  type Malformed,
  marker,
  StanzaError,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import type { Origin } from './session.js'

const Note = element('urn:example', 'note', { id: attr('id') })
const Other = marker('urn:example', 'other')
const note = (from: string | undefined, payload = `<note xmlns='urn:example' id='1'/>`): string =>
  `<message${from === undefined ? '' : ` from='${from}'`}>${payload}<body>hello</body></message>`

describe('Router: the origin rule', () => {
  const senders = [
    undefined,
    'me@example.org',
    'ME@EXAMPLE.ORG',
    'example.org',
    'me@example.org/here',
    'me@example.org/other',
    'room@muc.example.org',
    'm\u0435@example.org', // a Cyrillic look-alike
    'mallory@example.org',
    'example.org/x',
    'me@example.org.evil.net',
  ]
  const yes = (...places: number[]): boolean[] => senders.map((_, at) => places.includes(at))

  test.each<[string, Origin | Jid, boolean[]]>([
    ['anyone', 'anyone', senders.map(() => true)],
    ['S-119 ownAccount', 'ownAccount', yes(0, 1, 2)],
    ['S-113 ownServer', 'ownServer', yes(0, 1, 2, 3)],
    ['anyAccount', 'anyAccount', yes(0, 1, 2, 3, 6, 7, 8, 10)],
    ['an entity', Jid.parse('room@muc.example.org'), yes(6)],
    ['the own account as an entity', Jid.parse('me@example.org'), yes(0, 1, 2)],
  ])('%s', (_, from, expected) => {
    for (const [at, sender] of senders.entries()) {
      const session = fakeSession()
      const [handler, presences, generic] = [vi.fn(), vi.fn(), vi.fn()]
      session.onMessage(Note, handler, { from })
      session.onPresence(Note, presences, { from })
      session.onMessage(generic)
      session.receive(note(sender))
      session.receive(note(sender).replaceAll('message', 'presence').replace('<body>hello</body>', ''))
      const accepted = expected[at] === true
      expect([sender, handler.mock.calls.length, presences.mock.calls.length]).toEqual([sender, +accepted, +accepted])
      expect(session.rejected.map(({ reason, allowed }) => [reason, allowed])).toEqual(
        accepted ? [] : Array(2).fill(['origin', String(from)]),
      )
      // What was meant for a plugin is no content; what a stranger sent as such is a stranger's message.
      expect([sender, generic.mock.calls.length]).toEqual([sender, accepted && from !== 'anyone' ? 0 : 1])
    }
  })

  test('a payload that one listener may have and another may not is not reported', () => {
    const session = fakeSession()
    const [open, closed] = [vi.fn(), vi.fn()]
    session.onMessage(Note, closed, { from: 'ownAccount' })
    session.onMessage(Note, open, { from: 'anyone' })
    session.receive(note('mallory@evil.net'))
    expect([open.mock.calls.length, closed.mock.calls.length, session.rejected.length]).toEqual([1, 0, 0])
  })
})

describe('Router: delivery', () => {
  test('a malformed payload is reported, and its message still arrives', () => {
    const session = fakeSession()
    const [handler, generic] = [vi.fn(), vi.fn()]
    session.onMessage(Note, handler, { from: 'ownAccount' })
    session.onMessage(generic)
    session.receive(note('me@example.org', `<note xmlns='urn:example'/>`))
    expect(handler).not.toHaveBeenCalled()
    expect(session.malformed.map(({ error }) => [error.path, error.problem])).toEqual([['note@id', 'is missing']])
    expect(generic.mock.calls[0]?.[0].body).toBe('hello')
  })

  test('the first payload counts, and each definition gets its own', () => {
    const session = fakeSession()
    const [notes, others] = [vi.fn(), vi.fn()]
    session.onMessage(Note, notes)
    session.onMessage(Other, others)
    session.receive(
      note('a@b', `<note xmlns='urn:example' id='1'/><other xmlns='urn:example'/><note xmlns='urn:example' id='2'/>`),
    )
    expect(notes.mock.calls.map(([payload]) => payload)).toEqual([{ id: '1' }])
    expect(others).toHaveBeenCalledOnce()
  })

  test('an error message is reported, and reaches no handler', () => {
    const session = fakeSession()
    const handler = vi.fn()
    session.onMessage(handler)
    session.onMessage(Note, handler)
    session.receive(note('a@b').replace('<message', `<message type='error'`))
    expect(handler).not.toHaveBeenCalled()
    expect(session.undeliverable.map(({ error }) => error.condition)).toEqual(['undefined-condition'])
  })

  test('an error presence reaches generic handlers only', () => {
    const session = fakeSession()
    const [generic, payload] = [vi.fn(), vi.fn()]
    session.onPresence(generic)
    session.onPresence(Note, payload)
    session.receive(`<presence from='a@b' type='error'><note xmlns='urn:example' id='1'/></presence>`)
    expect([generic.mock.calls.length, payload.mock.calls.length]).toEqual([1, 0])
  })

  test('handlers come and go while a stanza is being delivered', () => {
    const session = fakeSession()
    const [late, late2, gone, gone2] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()]
    session.onMessage(Note, () => {
      doomed.dispose()
      session.onMessage(Note, late)
    })
    const doomed = session.onMessage(Note, gone)
    session.onMessage(() => {
      doomed2.dispose()
      session.onMessage(late2)
    })
    const doomed2 = session.onMessage(gone2)
    session.receive(note('a@b'))
    expect([late, late2, gone, gone2].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0])
    session.receive(note('a@b'))
    expect([late, late2, gone, gone2].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0, 0])
  })

  test('S-203 a handler that throws or rejects is reported; the others and the next stanza are not affected', async () => {
    const session = fakeSession()
    const good = vi.fn()
    session.onMessage(Note, () => {
      throw new Error('payload, sync')
    })
    session.onMessage(Note, async () => {
      throw new Error('payload, async')
    })
    session.onMessage(() => {
      throw new Error('message, sync')
    })
    session.onMessage(async () => Promise.reject(new Error('message, async')))
    session.onMessage(good)
    session.receive(note('a@b'))
    session.receive(note('a@b'))
    await session.settled().catch(() => {})
    const expected = ['message, async', 'message, sync', 'payload, async', 'payload, sync']
    expect(session.errors.map((error) => (error as Error).message).sort()).toEqual(expected.flatMap((it) => [it, it]))
    expect(good).toHaveBeenCalledTimes(2)
  })

  test('S-097 a definition that throws is reported, and the message arrives', async () => {
    const session = fakeSession()
    const generic = vi.fn()
    const broken = () => {
      throw new Error('in the definition')
    }
    session.onMessage(define('urn:example', ['note'], broken, broken), () => {})
    session.onMessage(generic)
    session.receive(note('a@b'))
    expect(generic).toHaveBeenCalledOnce()
    await expect(session.settled()).rejects.toThrow('in the definition')
  })
})

describe('Router: requests', () => {
  const get = iqGet(Note, Note)
  const iq = (inner: string, attributes = `type='get' id='1' from='bob@example.org/x'`): string =>
    `<iq ${attributes}>${inner}</iq>`
  const payload = `<note xmlns='urn:example' id='1'/>`
  /** Condition, or type, of the only reply. */
  const outcome = async (session: ReturnType<typeof fakeSession>): Promise<string[]> => {
    await session.settled().catch(() => {})
    return session.replies.map(({ type, error }) => error?.condition ?? type)
  }

  test.each([
    ['an unknown payload', iq(`<x xmlns='urn:unknown'/>`), ['service-unavailable']],
    ['another type', iq(payload, `type='set' id='1'`), ['service-unavailable']],
    ['a malformed payload', iq(`<note xmlns='urn:example'/>`), ['bad-request']],
    ['S-110 no payload', iq(''), ['bad-request']],
    ['S-110 two payloads', iq(payload + payload), ['bad-request']],
    ['S-110 no id', iq(payload, `type='get'`), []],
    ['S-110 another type than there is', iq(payload, `type='foo' id='1'`), []],
    ['S-110 no sender', iq(payload, `type='get' id='1'`), ['result']],
    ['a sender that is no JID', iq(payload, `type='get' id='1' from='@'`), []],
    ['S-109 a result nobody waits for', iq(payload, `type='result' id='1'`), []],
    ['S-109 an error nobody waits for', iq('', `type='error' id='1' from='bob@example.org/x'`), []],
    ['a good one', iq(payload), ['result']],
  ])('%s', async (_, stanza, expected) => {
    const session = fakeSession()
    session.handle(get, (value) => value)
    session.receive(stanza)
    expect(await outcome(session)).toEqual(expected)
  })

  test('the reply goes to who asked, with the same id', async () => {
    const session = fakeSession()
    const seen = vi.fn()
    session.handle(get, (value, request) => {
      seen(value, String(request.from), request.id)
      return { id: 'answer' }
    })
    session.receive(iq(payload))
    await session.settled()
    const [reply] = session.replies
    expect([reply?.id, String(reply?.to), reply?.get(Note)]).toEqual(['1', 'bob@example.org/x', { id: 'answer' }])
    expect(seen).toHaveBeenCalledWith({ id: '1' }, 'bob@example.org/x', '1')
  })

  test.each<[string, () => never | Promise<never>, string, number]>([
    [
      'a StanzaError is the answer',
      () => {
        throw new StanzaError({ condition: 'forbidden' })
      },
      'forbidden',
      0,
    ],
    ['anything else is an internal error', () => Promise.reject(new Error('x')), 'internal-server-error', 1],
    [
      'a StanzaError of another copy of the package counts',
      () => {
        const { element: content } = new StanzaError({ condition: 'not-allowed' })
        throw Object.assign(new Error(), { name: 'StanzaError', condition: 'not-allowed', element: content })
      },
      'not-allowed',
      0,
    ],
  ])('%s', async (_, handler, expected, reported) => {
    const session = fakeSession()
    session.handle(get, handler)
    session.receive(iq(payload))
    expect(await outcome(session)).toEqual([expected])
    expect(session.errors).toHaveLength(reported)
  })

  test.each<[string, (element: XmlElement) => true | Malformed, () => string]>([
    ['S-097 a definition that throws', () => expect.fail('in the definition'), () => ''],
    ['a result that XML cannot carry', () => true, () => '\0'],
  ])('%s still gets exactly one reply', async (_, parse, result) => {
    const session = fakeSession()
    const pair = iqSet(
      define('urn:example', ['note'], () => xml('urn:example', 'note'), parse),
      element('urn:example', 'answer', { text: attr('text') }),
    )
    session.handle(pair, () => ({ text: result() }))
    session.receive(iq(payload, `type='set' id='1' from='bob@example.org/x'`))
    expect(await outcome(session)).toEqual([result() === '' ? 'bad-request' : 'internal-server-error'])
    expect(session.errors).toHaveLength(1)
  })

  test('a second handler of the same request is refused, until the first one ends', async () => {
    const session = fakeSession()
    const first = session.handle(get, (value) => value)
    expect(() => session.handle(get, (value) => value)).toThrow('two handlers for get note urn:example')
    first.dispose()
    session.handle(get, (value) => value)
    session.receive(iq(payload))
    expect(await outcome(session)).toEqual(['result'])
  })

  test('S-115 a request from whom the filter excludes is answered like an unknown one, even if malformed', async () => {
    const session = fakeSession()
    const handler = vi.fn()
    const change = iqSet(Note)
    session.handle(change, handler, { from: 'ownAccount' })
    for (const from of ['bob@example.org/x', 'example.org', 'me@example.org/other']) {
      await expect(session.ask(change, { id: '1' }, from)).rejects.toMatchObject({ condition: 'service-unavailable' })
    }
    session.receive(`<iq type='set' id='m' from='bob@example.org'><note xmlns='urn:example'/></iq>`)
    await session.settled()
    expect(session.replies.at(-1)?.error?.condition).toBe('service-unavailable')
    expect(session.rejected.map(({ reason, allowed }) => [reason, allowed])).toEqual(
      Array.from({ length: 4 }, () => ['origin', 'ownAccount']),
    )
    expect([handler.mock.calls.length, session.malformed.length]).toEqual([0, 0])
    await session.ask(change, { id: '2' }, 'me@example.org')
    session.receive(`<iq type='set' id='n'><note xmlns='urn:example' id='3'/></iq>`)
    await session.settled()
    expect(handler.mock.calls.map(([{ id }]) => id)).toEqual(['2', '3'])
  })

  test('a result that may be empty is, in both directions', async () => {
    const session = fakeSession()
    const maybe = iqGet(Other, Note, { mayBeEmpty: true })
    session.handle(maybe, () => undefined)
    expect(await session.ask(maybe, true)).toBeUndefined()
    session.answer(maybe, { id: '1' })
    expect(await session.request(maybe, true)).toEqual({ id: '1' })
  })
})

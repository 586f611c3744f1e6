import { attr, element, iqGet, iqSet, marker } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const Question = marker('urn:example', 'question')
const Answer = element('urn:example', 'answer', { text: attr('text') })
const ask = iqGet(Question, Answer)
const change = iqSet(Question, Answer)

const own = { account: 'me@example.org', full: 'me@example.org/here', domain: 'example.org' }
const addresses = [
  undefined,
  own.account,
  own.full,
  own.domain,
  'me@example.org/other',
  'example.org/x',
  'transport.example.org',
  'bob@example.org',
  'bob@example.org/x',
  'bob@example.org/y',
  'mallory@evil.net/x',
  'me@example.org.evil.net',
] as const
type Address = (typeof addresses)[number]
const address = fc.constantFrom<Address>(...addresses)

/** RFC 6120 §8.1.2.1 and §10.3.3, said once more and without the code under test. */
function mayAnswer(asked: Address, sender: Address): boolean {
  const ourselves: readonly Address[] = [undefined, own.account, own.full, own.domain]
  if (asked === undefined) return ourselves.includes(sender)
  return asked === sender || (asked === own.account && sender === undefined)
}

const reply = (id: string, type: string, from: Address, text: number): string => {
  const sender = from === undefined ? '' : ` from='${from}'`
  const error = `<error type='cancel'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
  const payload = type === 'error' ? error : `<answer xmlns='urn:example' text='${text}'/>`
  return `<iq type='${type}' id='${id}'${sender}>${payload}</iq>`
}

const outcomeOf = (answer: Promise<{ readonly text: string }>): Promise<string> =>
  answer.then(
    ({ text }) => text,
    (error: { readonly condition?: string }) => String(error.condition),
  )

describe('replies', () => {
  const replies = fc.array(
    fc.record({ to: fc.nat(2), type: fc.constantFrom('result', 'error'), from: address, guess: fc.boolean() }),
    { maxLength: 30 },
  )

  test('S-103 S-104 S-106 in any order, from anybody: each request takes the first reply of whom it asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(address, address, address), replies, async (asked, received) => {
        const session = fakeSession()
        const answers = asked.map((to) => outcomeOf(session.request(ask, true, { ...(to && { to }) })))
        const expected: (string | undefined)[] = [undefined, undefined, undefined]
        let spoofed = 0
        for (const [at, { to, type, from, guess }] of received.entries()) {
          const id = guess ? `guess-${at}` : (session.requests[to]?.id ?? '')
          session.receive(reply(id, type, from, at))
          if (guess || expected[to] !== undefined) continue // nobody waits for it
          if (mayAnswer(asked[to], from)) expected[to] = type === 'error' ? 'forbidden' : String(at)
          else spoofed++
        }
        expect(session.rejected.map(({ reason }) => reason)).toEqual(Array(spoofed).fill('reply-sender'))
        // Those that nobody has answered are still waiting: a true reply settles them.
        for (const [at, outcome] of expected.entries()) {
          if (outcome !== undefined) continue
          session.receive(reply(session.requests[at]?.id ?? '', 'result', asked[at], 999))
        }
        expect(await Promise.all(answers)).toEqual(expected.map((outcome) => outcome ?? '999'))
        expect(session.replies).toEqual([])
      }),
    )
  })
})

describe('requests', () => {
  const payloads = {
    none: '',
    known: `<question xmlns='urn:example'/>`,
    unknown: `<x xmlns='urn:unknown'/>`,
    two: `<question xmlns='urn:example'/><x xmlns='urn:unknown'/>`,
    text: 'hello',
    error: `<error type='cancel'/>`,
  } as const
  const stanza = fc.record({
    type: fc.constantFrom('get', 'set', 'result', 'error', 'foo', 'GET', '', undefined),
    from: fc.constantFrom<Address | '@'>(...addresses, '@'),
    hasId: fc.boolean(),
    payload: fc.constantFrom<keyof typeof payloads>(...(Object.keys(payloads) as (keyof typeof payloads)[])),
  })

  const handlers = (session: FakeSession): void => {
    session.handle(ask, () => ({ text: 'yes' }))
    session.handle(change, () => {
      throw new Error('a handler that fails')
    })
  }

  test('S-109 S-110 whatever comes: one reply to each request that can be answered, and none to a reply', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stanza, { maxLength: 20 }), async (received) => {
        const session = fakeSession()
        handlers(session)
        for (const [at, { type, from, hasId, payload }] of received.entries()) {
          const attributes = Object.entries({ type, from, id: hasId ? `r${at}` : undefined })
            .map(([name, value]) => (value === undefined ? '' : ` ${name}='${value}'`))
            .join('')
          session.receive(`<iq${attributes}>${payloads[payload]}</iq>`)
        }
        await session.settled().catch(() => {})
        const answerable = received.flatMap(({ type, from, hasId }, at) =>
          (type === 'get' || type === 'set') && hasId && from !== '@' ? [`r${at} ${from}`] : [],
        )
        expect(session.replies.map(({ id, to }) => `${id} ${to}`).sort()).toEqual(answerable.sort())
        for (const { id, type, error } of session.replies) {
          const request = received[Number(id.slice(1))]
          const isGood = request?.type === 'get' && request.payload === 'known'
          expect([id, type, error === undefined]).toEqual([id, isGood ? 'result' : 'error', isGood])
        }
        expect(session.sent).toEqual([])
      }),
    )
  })
})

test('S-113 the sender of a message is what it says, and nobody if it does not say', () => {
  fc.assert(
    fc.property(fc.array(address), (senders) => {
      const session = fakeSession()
      const seen: (string | undefined)[] = []
      session.onMessage(({ from }) => void seen.push(from?.toString()))
      for (const from of senders) {
        session.receive(`<message${from === undefined ? '' : ` from='${from}'`}><body>x</body></message>`)
      }
      expect(seen).toEqual(senders)
    }),
  )
})

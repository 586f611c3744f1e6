import { Jid, StanzaError } from '@couplet/stanza'
import { type FakeSession, type FakeSessionOptions, fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { blocking } from './blocking.js'
import { Blocked, type BlockItem, getBlockList, sendBlock, sendUnblock } from './elements.js'
import { isBlockedError } from './is-blocked-error.js'

const romeo = 'romeo@montague.net'
const iago = 'iago@shakespeare.lit'
const me = 'me@example.org'

const items = (...jids: readonly string[]): readonly BlockItem[] => jids.map((jid) => ({ jid: Jid.parse(jid) }))

function setUp(options: FakeSessionOptions = {}) {
  const session = fakeSession(options)
  const api = session.install(blocking())
  const changes: string[] = []
  api.onChange(({ type, jid }) => void changes.push(`${type} ${jid}`))
  return { session, api, changes, listed: () => [...api.list.keys()] }
}

async function online(...jids: readonly string[]) {
  const all = setUp()
  all.session.answer(getBlockList, { items: items(...jids) })
  await all.session.begin()
  all.changes.splice(0)
  return all
}

describe('the list', () => {
  test('is there when a session begins, and follows what has changed meanwhile', async () => {
    const { session, api, changes, listed } = setUp()
    expect([api.supported, listed()]).toEqual([undefined, []])
    session.answer(getBlockList, { items: items(romeo, iago) })
    await session.begin()
    expect([api.supported, listed()]).toEqual([true, [romeo, iago]])
    session.answer(getBlockList, { items: items(iago, 'evil.net') })
    await session.begin()
    expect(listed()).toEqual([iago, 'evil.net'])
    expect(changes).toEqual([`blocked ${romeo}`, `blocked ${iago}`, `unblocked ${romeo}`, 'blocked evil.net'])
    expect(session.requests.map(({ to }) => to)).toEqual([undefined, undefined])
    await session.resume()
    expect(session.requests).toHaveLength(2)
  })

  test('is there in a session that an earlier process has begun', async () => {
    const { session, listed } = setUp()
    session.answer(getBlockList, { items: items(romeo) })
    session.lose()
    await session.resume(true)
    expect(listed()).toEqual([romeo])
  })

  test.each(['service-unavailable', 'feature-not-implemented'] as const)(
    'is empty where the server cannot block: %s',
    async (condition) => {
      const { session, api, listed } = await online(romeo)
      session.answer(getBlockList, new StanzaError({ condition }))
      await session.begin()
      expect([api.supported, listed(), session.errors]).toEqual([false, [], []])
    },
  )

  test('stays as it was if it cannot be fetched, which is reported', async () => {
    const { session, api, listed } = await online(romeo)
    session.answer(getBlockList, new StanzaError({ condition: 'internal-server-error' }))
    await session.begin()
    expect([api.supported, listed(), session.errors.length]).toEqual([true, [romeo], 1])
  })

  test('a connection that is lost while it is fetched is no error of its own', async () => {
    const { session, listed } = setUp()
    const begun = session.begin()
    session.lose()
    await begun
    session.answer(getBlockList, { items: items(romeo) })
    await session.begin()
    expect([listed(), session.errors]).toEqual([[romeo], []])
  })

  test('a push while it is fetched is applied after it', async () => {
    const { session, changes, listed } = setUp()
    session.answer(getBlockList, () => {
      session.receive(`<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='evil.net'/></block></iq>`)
      session.receive(`<iq type='set' id='2'><unblock xmlns='urn:xmpp:blocking'><item jid='${romeo}'/></unblock></iq>`)
      return { items: items(romeo, iago) }
    })
    await session.begin()
    expect(listed()).toEqual([iago, 'evil.net'])
    expect(changes).toEqual([`blocked ${romeo}`, `blocked ${iago}`, 'blocked evil.net', `unblocked ${romeo}`])
  })
})

describe('whom it covers (XEP-0191 §6)', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [`${romeo}/orchard`, [`${romeo}/orchard`], [romeo, `${romeo}/x`]],
    [romeo, [romeo, `${romeo}/orchard`], ['montague.net', 'rome@montague.net']],
    ['montague.net/x', ['montague.net/x'], ['montague.net', `${romeo}/x`]],
    ['montague.net', ['montague.net', romeo, `${romeo}/orchard`, 'montague.net/x'], ['a.montague.net', iago]],
  ])('%s', async (blocked, covered, others) => {
    const { api } = await online(blocked)
    expect([...covered, ...others].filter((jid) => api.isBlocked(jid))).toEqual(covered)
  })
})

describe('pushes', () => {
  test('block and unblock one, several and all, and are answered', async () => {
    const { session, changes, listed } = await online()
    await session.ask(sendBlock, { items: items(romeo, iago, 'evil.net') }, me)
    await session.ask(sendBlock, { items: items(romeo) }, me)
    expect(listed()).toEqual([romeo, iago, 'evil.net'])
    await session.ask(sendUnblock, { items: items(romeo, 'nobody@example.org') }, me)
    expect(listed()).toEqual([iago, 'evil.net'])
    await session.ask(sendUnblock, { items: [] }, me)
    expect(listed()).toEqual([])
    expect(changes).toEqual([
      ...[romeo, iago, 'evil.net'].map((jid) => `blocked ${jid}`),
      ...[romeo, iago, 'evil.net'].map((jid) => `unblocked ${jid}`),
    ])
    expect(session.replies.map(({ type }) => type)).toEqual(['result', 'result', 'result', 'result'])
  })

  test.each([`${romeo}/x`, 'example.org', 'me@example.org/here', 'me@example.org/other', 'm\u0435@example.org'])(
    'S-115 from %s change nothing',
    async (from) => {
      const { session, changes, listed } = await online(romeo)
      for (const [pair, value] of [
        [sendBlock, { items: items(iago) }],
        [sendUnblock, { items: [] }],
      ] as const) {
        await expect(session.ask(pair, value, from)).rejects.toMatchObject({ condition: 'service-unavailable' })
      }
      expect([listed(), changes, session.rejected.length]).toEqual([[romeo], [], 2])
    },
  )

  test('that cannot be read change nothing: to unblock nobody readable is not to unblock all', async () => {
    const { session, listed } = await online(romeo)
    for (const name of ['block', 'unblock']) {
      session.receive(`<iq type='set' id='${name}'><${name} xmlns='urn:xmpp:blocking'><item jid='@'/></${name}></iq>`)
    }
    await session.settled()
    expect(session.replies.map(({ error }) => error?.condition)).toEqual(['bad-request', 'bad-request'])
    await expect(session.ask(sendBlock, { items: [] }, me)).rejects.toMatchObject({ condition: 'bad-request' })
    expect(listed()).toEqual([romeo])
  })
})

describe('changing', () => {
  const last = (session: FakeSession, pair: typeof sendBlock) => {
    const { to, type } = session.requests.at(-1) ?? {}
    const value = session.requests.at(-1)?.get(pair.request)
    return [to, type, value?.items.map(({ jid }) => String(jid))]
  }

  test('block and unblock say whom, to the own account, and the list waits for the push', async () => {
    const { session, api, listed } = await online(iago)
    session.answer(sendBlock, undefined)
    session.answer(sendUnblock, undefined)
    await api.block(`${romeo}/x`)
    expect(last(session, sendBlock)).toEqual([undefined, 'set', [`${romeo}/x`]])
    await api.block([Jid.parse(romeo), 'evil.net'])
    expect(last(session, sendBlock)).toEqual([undefined, 'set', [romeo, 'evil.net']])
    await api.unblock(iago)
    expect(last(session, sendUnblock)).toEqual([undefined, 'set', [iago]])
    await api.unblockAll()
    expect(last(session, sendUnblock)).toEqual([undefined, 'set', []])
    expect(listed()).toEqual([iago])
  })

  test('nobody is not everybody, and no address is refused before anything is sent', async () => {
    const { session, api } = await online(romeo)
    await expect(api.unblock([])).rejects.toThrow(RangeError)
    await expect(api.block([])).rejects.toThrow(RangeError)
    await expect(api.block(['@', romeo])).rejects.toMatchObject({ name: 'InvalidJidError' })
    expect(session.requests).toHaveLength(1)
  })

  test('what the server refuses rejects, and a signal ends it', async () => {
    const { session, api } = await online()
    session.answer(sendBlock, new StanzaError({ condition: 'not-allowed' }))
    await expect(api.block(romeo)).rejects.toMatchObject({ condition: 'not-allowed' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(api.block(romeo, { signal })).rejects.toThrow('enough')
    await expect(api.unblockAll({ signal })).rejects.toThrow('enough')
  })
})

test('the error of what was for somebody we have blocked is recognised', async () => {
  const session = fakeSession()
  session.receive(`<message type='error' from='${romeo}' to='${me}'>
    <body>Can you hear me now?</body>
    <error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
      <blocked xmlns='urn:xmpp:blocking:errors'/></error></message>`)
  expect(isBlockedError(session.undeliverable[0]?.error)).toBe(true)
  const [condition, application] = ['not-acceptable', Blocked()] as const
  expect(isBlockedError(new StanzaError({ condition, application }))).toBe(true)
  const others = [new StanzaError({ condition }), new Error('blocked'), undefined, { name: 'StanzaError' }]
  expect(others.map(isBlockedError)).toEqual([false, false, false, false])
})

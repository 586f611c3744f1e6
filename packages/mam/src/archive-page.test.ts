import type { Jid } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { archive, ids, install, numbers, result, room } from '../test/scripted-archive.js'
import { queryArchive } from './elements.js'

describe('who may answer (XEP-0313 §8.2)', () => {
  /** Queries an archive that holds one message, while others inject theirs. */
  async function during(inject: (session: FakeSession, queryId: string) => void, options: { archive?: Jid } = {}) {
    const session = fakeSession()
    const sent = options.archive && { from: String(options.archive), sender: `${options.archive}/Puck` }
    session.answer(queryArchive, ({ queryId = '' }) => {
      inject(session, queryId)
      session.receive(result(queryId, 1, sent))
      return { complete: true, page: { first: { id: '1' }, last: '1' } }
    })
    const seen = vi.fn()
    session.onMessage(seen)
    return { session, seen, found: await ids(install(session).query(options)) }
  }

  test.each(['mallory@evil.net', 'mallory@evil.net/x', 'example.org', 'me@example.org/other'])(
    'S-124 a result from %s is rejected while a query is open',
    async (from) => {
      const { session, found } = await during((fake, queryId) => fake.receive(result(queryId, 666, { from })))
      expect(found).toEqual([1])
      expect(session.rejected).toMatchObject([{ reason: 'origin' }])
    },
  )

  test('S-124 the own archive may answer without a sender', async () => {
    const { found } = await during((fake, queryId) => {
      fake.receive(result(queryId, 0).element.with({ from: undefined }))
    })
    expect(found).toEqual([0, 1])
  })

  test('S-124 nobody else answers for a room, not even our own server', async () => {
    for (const from of ['me@example.org', `${room}/Puck`, 'rooms.example.org']) {
      const sender = `${room}/Puck`
      const inject = (fake: FakeSession, queryId: string) => fake.receive(result(queryId, 666, { from, sender }))
      expect((await during(inject, { archive: room })).found).toEqual([1])
    }
  })

  test('S-124 a room cannot say what somebody else has sent', async () => {
    const { session, found } = await during(
      (fake, queryId) => fake.receive(result(queryId, 666, { from: String(room), sender: 'friend@example.org/x' })),
      { archive: room },
    )
    expect(found).toEqual([1])
    expect(session.errors).toMatchObject([{ name: 'MalformedElementError' }])
  })

  test.each([undefined, 'other'])('S-125 a result with the query id %s is ignored', async (queryId) => {
    const { seen, found } = await during((fake) => fake.receive(result(queryId, 666)))
    expect(found).toEqual([1])
    expect(seen).not.toHaveBeenCalled()
  })

  test('S-125 a result after the end, or without any query, is ignored', async () => {
    let known = ''
    const { session, seen } = await during((_fake, queryId) => {
      known = queryId
    })
    session.receive(result(known, 2))
    expect(seen).not.toHaveBeenCalled()
    expect(session.rejected).toEqual([])
  })

  test('two queries at once do not mix', async () => {
    const session = fakeSession()
    archive(session, 100)
    const api = install(session)
    const both = await Promise.all([ids(api.query()), ids(api.query({ last: 3 }))])
    expect(both).toEqual([numbers(1, 100), [98, 99, 100]])
  })

  test('more than was asked for is an error, not a full memory', async () => {
    const { found } = await during(() => {})
    expect(found).toEqual([1])
    const flood = during((fake, queryId) => {
      for (let id = 1; id <= 50; id++) fake.receive(result(queryId, id))
    })
    await expect(flood).rejects.toMatchObject({ name: 'PagingError', code: 'oversized-page' })
  })
})

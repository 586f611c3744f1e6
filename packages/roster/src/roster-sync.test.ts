import { iq, Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { getRoster, type RosterItem, RosterQuery, RosterVersioning } from './elements.js'
import { roster } from './roster.js'

const bob = 'bob@example.org'
const item = (jid: string): RosterItem => ({ jid: Jid.parse(jid), groups: [] })

function setUp() {
  const session = fakeSession({ serverFeatures: [RosterVersioning()] })
  const { contacts } = session.install(roster())
  return { session, names: () => [...contacts.keys()] }
}

describe('fetching', () => {
  test('R-038 in a session that an earlier process has begun the contacts are there as well', async () => {
    const { session, names } = setUp()
    session.answer(getRoster, { items: [item(bob)] })
    session.lose()
    await session.resume(true)
    expect(names()).toEqual([bob])
  })

  test('R-038 a push during a fetch that fails counts, and does not hide what was missed', async () => {
    const { session, names } = setUp()
    session.answer(getRoster, { ver: 'v1', items: [item(bob)] })
    await session.begin()
    session.answer(getRoster, () => {
      session.receive(iq({ type: 'set', id: 'p' }, RosterQuery({ ver: 'v7', items: [item('carol@example.org')] })))
      return new StanzaError({ condition: 'internal-server-error' })
    })
    await session.begin()
    expect([session.replies.at(-1)?.type, names()]).toEqual(['result', [bob, 'carol@example.org']])
    session.answer(getRoster, undefined)
    await session.begin()
    const asked = session.requests.map((request) => request.get(getRoster.request)?.ver)
    expect(asked).toEqual(['', 'v1', 'v1'])
  })
})

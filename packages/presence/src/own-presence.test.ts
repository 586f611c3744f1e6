import type { Stanza } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { contactPresence } from './contact-presence.js'

const bob = 'bob@example.org'

function setUp() {
  const session = fakeSession()
  return { session, api: session.install(contactPresence()) }
}

const shown = ({ sent }: { readonly sent: readonly Stanza[] }): string[] =>
  sent.map(({ element }) => String(element.with({ id: undefined })))

describe('without a connection', () => {
  test('R-047 what was said while there was no connection is said when the session goes on, once and in order', async () => {
    const { session, api } = setUp()
    api.set({ show: 'away' })
    session.lose()
    api.sendTo(`${bob}/x`, {})
    expect(api.set({ show: 'dnd' })).toBeUndefined()
    api.sendTo('carol@example.org', {})
    api.sendTo(`${bob}/x`, { status: 'hi' })
    await session.resume()
    expect(shown(session).slice(1)).toEqual([
      `<presence xmlns='jabber:client'><show>dnd</show></presence>`,
      `<presence xmlns='jabber:client' to='carol@example.org'/>`,
      `<presence xmlns='jabber:client' to='${bob}/x'><status>hi</status></presence>`,
    ])
    session.lose()
    await session.resume()
    expect(session.sent).toHaveLength(4)
  })

  test('R-047 who becomes invisible while there is no connection is so when the session goes on', async () => {
    const { session, api } = setUp()
    api.set({ show: 'away' })
    session.lose()
    api.sendTo(bob, {})
    api.set(false)
    await session.resume()
    expect(shown(session).slice(1)).toEqual([`<presence xmlns='jabber:client' type='unavailable'/>`])
  })

  test('R-047 a new session hears it once, and so does one that has heard it meanwhile', async () => {
    const { session, api } = setUp()
    session.lose()
    api.set({ show: 'dnd' })
    await session.begin()
    session.lose()
    await session.resume()
    expect(session.sent).toHaveLength(1)
    session.lose()
    api.set({ show: 'xa' })
    session.onResume(() => void api.set({ show: 'chat' }))
    await session.resume()
    expect(shown(session).at(-1)).toContain('chat')
  })

  test('R-047 in a session that an earlier process has begun only what this one has said is said', async () => {
    const { session, api } = setUp()
    session.lose()
    await session.resume(true)
    expect(session.sent).toEqual([])
    session.lose()
    api.set({ show: 'dnd' })
    await session.resume(true)
    expect(shown(session)).toEqual([`<presence xmlns='jabber:client'><show>dnd</show></presence>`])
  })
})

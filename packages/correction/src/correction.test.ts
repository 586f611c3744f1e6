import { vouch } from '@couplet/eme'
import { type Message, message } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { correction, onCorrection } from './correction.js'
import { NS_CORRECTION, Replace } from './elements.js'

const bob = 'bob@example.org/x'
const to = 'me@example.org/here'
const original = message({ id: 'm1', type: 'chat', from: bob, to, body: 'airlock' })
const corrected = (from = bob, id = 'm1') =>
  message({ id: 'm2', type: 'chat', from, to, body: 'window' }, Replace({ id }))

/** A session with a log of the corrections that count. */
function listen(find: (id: string) => Message | undefined | Promise<Message | undefined>) {
  const session = fakeSession()
  const seen: string[] = []
  const subscription = onCorrection(session, { find }, (now, then) => void seen.push(`${then.body} → ${now.body}`))
  return { session, seen, subscription }
}
const known = (id: string) => (id === 'm1' ? original : undefined)

describe('onCorrection', () => {
  test.each([known, async (id: string) => known(id)])(
    'tells what is corrected, until it is disposed of',
    async (find) => {
      const { session, seen, subscription } = listen(find)
      session.receive(corrected())
      await session.settled()
      subscription.dispose()
      session.receive(corrected())
      await session.settled()
      expect(seen).toEqual(['airlock → window'])
    },
  )

  test('S-131 not from somebody else, and not of what nobody knows', async () => {
    const { session, seen } = listen(known)
    session.receive(corrected('mallory@evil.net/x'))
    session.receive(corrected(bob, 'm7'))
    session.receive(corrected(bob, '__proto__'))
    await session.settled()
    expect(seen).toEqual([])
  })

  test('S-131 what does not count is a message like any other', () => {
    const { session } = listen(known)
    const bodies: (string | undefined)[] = []
    session.onMessage(({ body }) => void bodies.push(body))
    session.receive(corrected('mallory@evil.net/x'))
    expect(bodies).toEqual(['window'])
  })

  test('S-134 not in the clear of what was encrypted', async () => {
    const secret = message({ id: 'm1', type: 'chat', from: bob, to, body: 'airlock' })
    vouch(secret, 'omemo:2 key')
    const { session, seen } = listen(() => secret)
    session.receive(corrected())
    await session.settled()
    expect(seen).toEqual([])
  })

  test('S-133 what the application knows of rooms is asked', async () => {
    const session = fakeSession()
    const room = { type: 'groupchat', from: 'room@muc.example.org/bob', to } as const
    const seen: boolean[] = []
    for (const same of [true, false]) {
      const options = { find: () => message({ ...room, id: 'm1', body: 'x' }), sameOccupant: () => same }
      onCorrection(session, options, () => void seen.push(same))
    }
    session.receive(message({ ...room, id: 'm2', body: 'y' }, Replace({ id: 'm1' })))
    await session.settled()
    expect(seen).toEqual([true])
  })

  test('an error of the application is reported', async () => {
    const { session } = listen(() => Promise.reject(new Error('no disk')))
    session.receive(corrected())
    await expect(session.settled()).rejects.toThrow('no disk')
  })
})

test('the plugin says that corrections are understood', () => {
  const session = fakeSession()
  session.install(correction())
  expect(session.features).toContain(NS_CORRECTION)
})

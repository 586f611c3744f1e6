import { message, presence, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Announcement } from './announcement.js'
import { Emitter } from './events.js'

const shown = (session: ReturnType<typeof fakeSession>): string[] =>
  session.sent.map(({ element }) => String(element.with({ id: undefined })).replace(" xmlns='jabber:client'", ''))

const caps = xml('urn:example', 'c')
const decorated = "<c xmlns='urn:example'/>"

describe('what is added to presences', () => {
  test('comes with every one that says that we are available, announced or sent, and with nothing else', async () => {
    const session = fakeSession()
    session.decoratePresence(() => [caps])
    session.announce(() => [presence({ show: 'away' })])
    session.lose()
    await session.begin()
    session.send(presence({ to: 'room@rooms.example.org/me' }))
    session.send(presence({ type: 'unavailable' }))
    session.send(presence({ type: 'subscribe', to: 'bob@example.org' }))
    session.send(message({ to: 'bob@example.org' }))
    expect(shown(session)).toEqual([
      `<presence><show>away</show>${decorated}</presence>`,
      `<presence to='room@rooms.example.org/me'>${decorated}</presence>`,
      "<presence type='unavailable'/>",
      "<presence type='subscribe' to='bob@example.org'/>",
      "<message to='bob@example.org'/>",
    ])
  })

  test('is not added twice, is asked for anew each time, and an error costs no presence', () => {
    const session = fakeSession()
    let count = 0
    session.decoratePresence(() => {
      throw new Error('oops')
    })
    session.decoratePresence(() => [caps, xml('urn:example', 'count', { n: String(++count) })])
    session.send(presence({}, caps))
    session.send(presence())
    expect(shown(session)).toEqual([
      `<presence>${decorated}<count xmlns='urn:example' n='1'/></presence>`,
      `<presence>${decorated}<count xmlns='urn:example' n='2'/></presence>`,
    ])
    expect(session.errors).toEqual([new Error('oops'), new Error('oops')])
  })

  test('ends with the plugin', () => {
    const session = fakeSession()
    session.install({
      name: 'x',
      needs: {},
      setup: (context) => void context.decoratePresence(() => [caps]),
    })
    session.send(presence())
    session.end()
    expect(shown(session)).toEqual([`<presence>${decorated}</presence>`])
  })

  test('is told again as part of the last presence that everybody was told in this session', async () => {
    const session = fakeSession()
    let version = 1
    const decoration = session.decoratePresence(() => [xml('urn:example', 'c', { v: String(version) })])
    decoration.repeat() // nobody was told anything
    const { id } = session.send(presence({ show: 'dnd' }))
    session.send(presence({ to: 'bob@example.org' }))
    version = 2
    decoration.repeat()
    expect(shown(session).at(-1)).toBe("<presence><show>dnd</show><c xmlns='urn:example' v='2'/></presence>")
    expect(session.sent.at(-1)?.id).not.toBe(id)
    session.lose()
    decoration.repeat()
    await session.begin()
    decoration.repeat() // a new session, in which nothing was said
    session.send(presence())
    session.send(presence({ type: 'unavailable' }))
    decoration.repeat()
    expect(shown(session)).toHaveLength(5)
  })

  test('what changes while there is no connection is told when the session goes on, once', () => {
    const sent: string[] = []
    let isOnline = true
    const announcement = new Announcement(new Emitter(), ({ element }) => {
      if (isOnline) sent.push(String(element))
      return isOnline
    })
    const decoration = announcement.decorate(
      () => [],
      () => {},
    )
    announcement.decorated(presence({ show: 'away' }).element)
    isOnline = false
    decoration.repeat()
    isOnline = true
    announcement.resumed()
    announcement.resumed()
    expect(sent).toEqual(["<presence xmlns='jabber:client'><show>away</show></presence>"])
  })
})

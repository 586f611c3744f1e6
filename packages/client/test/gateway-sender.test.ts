import { attr, element, iqGet, iqSet } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'

const Note = element('urn:example', 'note', { id: attr('id') })
const note = `<note xmlns='urn:example' id='1'/>`

/** A gateway or component of our server: its name ends in our domain, and it is somebody else all the same. */
describe.each(['transport.example.org', 'transport.example.org/registered', 'friend%40icq@transport.example.org'])(
  'S-163 %s',
  (gateway) => {
    test('is shown as who it is', () => {
      const session = fakeSession()
      const [messages, presences] = [vi.fn(), vi.fn()]
      session.onMessage(messages)
      session.onPresence(presences)
      session.receive(`<message from='${gateway}'><body>hello</body></message>`)
      session.receive(`<presence from='${gateway}'/>`)
      expect(messages.mock.calls.map(([{ from }]) => String(from))).toEqual([gateway])
      expect(presences.mock.calls.map(([{ from }]) => String(from))).toEqual([gateway])
    })

    test.each(['ownServer', 'ownAccount'] as const)('may not send what is for %s', async (from) => {
      const session = fakeSession()
      const handler = vi.fn()
      const change = iqSet(Note)
      session.onMessage(Note, handler, { from })
      session.onPresence(Note, handler, { from })
      session.handle(change, handler, { from })
      for (const stanza of ['message', 'presence']) session.receive(`<${stanza} from='${gateway}'>${note}</${stanza}>`)
      await expect(session.ask(change, { id: '1' }, gateway)).rejects.toMatchObject({
        condition: 'service-unavailable',
      })
      expect(handler).not.toHaveBeenCalled()
      expect(session.rejected.map(({ reason }) => reason)).toEqual(['origin', 'origin', 'origin'])
    })

    test('may not answer for the server or the account, asked by any of their names', async () => {
      const get = iqGet(Note, Note)
      for (const to of [undefined, 'example.org', 'me@example.org']) {
        const session = fakeSession()
        const answer = session.request(get, { id: 'q' }, { ...(to && { to }) })
        const id = session.requests[0]?.id
        session.receive(`<iq type='result' id='${id}' from='${gateway}'><note xmlns='urn:example' id='forged'/></iq>`)
        expect(session.rejected.map(({ reason }) => reason)).toEqual(['reply-sender'])
        const from = to === undefined ? '' : ` from='${to}'`
        session.receive(`<iq type='result' id='${id}'${from}><note xmlns='urn:example' id='true'/></iq>`)
        expect(await answer).toEqual({ id: 'true' })
      }
    })
  },
)

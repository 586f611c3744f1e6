import { Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { install } from '../test/scripted-archive.js'
import { getArchivePreferences, setArchivePreferences } from './elements.js'

const [friend, enemy] = [Jid.parse('friend@example.org'), Jid.parse('enemy@example.org/x')]

describe('preferences of an archive (XEP-0441)', () => {
  test('are those of the account, and a list that is missing is empty', async () => {
    const session = fakeSession()
    session.answer(getArchivePreferences, { default: 'roster', never: { jids: [enemy] } })
    expect(await install(session).preferences()).toEqual({ default: 'roster', always: [], never: [enemy] })
    expect(session.requests[0]?.to).toBeUndefined()
  })

  test('are set as a whole, and come to what the server says', async () => {
    const session = fakeSession()
    const asked: unknown[] = []
    session.answer(setArchivePreferences, (preferences) => {
      asked.push(preferences)
      return { default: 'always' as const, always: { jids: [] }, never: { jids: [enemy] } }
    })
    const api = install(session)
    const applied = { default: 'always', always: [], never: [enemy] }
    expect(await api.setPreferences({ default: 'never', always: [friend, 'enemy@example.org/x'] })).toEqual(applied)
    expect(asked).toEqual([{ default: 'never', always: { jids: [friend, enemy] }, never: { jids: [] } }])
    expect(String(session.requests[0]?.element)).toContain(
      "<prefs xmlns='urn:xmpp:mam:2' default='never'><always><jid>",
    )
  })

  test.each(['feature-not-implemented', 'forbidden', 'not-allowed'] as const)(
    'may be refused: %s',
    async (condition) => {
      const session = fakeSession()
      session.answer(getArchivePreferences, new StanzaError({ condition }))
      session.answer(setArchivePreferences, new StanzaError({ condition }))
      const api = install(session)
      await expect(api.preferences()).rejects.toMatchObject({ condition })
      await expect(api.setPreferences({ default: 'always' })).rejects.toMatchObject({ condition })
    },
  )

  test('an answer that is none is an error, and no preference is made up', async () => {
    const session = fakeSession()
    session.answer(getArchivePreferences, () => new Promise(() => {}))
    const asked = install(session).preferences()
    session.receive(
      `<iq type='result' id='${session.requests[0]?.id}'><prefs xmlns='urn:xmpp:mam:2' default='sometimes'/></iq>`,
    )
    await expect(asked).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('nonsense is not sent', async () => {
    const session = fakeSession()
    const refused = install(session).setPreferences({ default: 'always', never: ['@'] })
    await expect(refused).rejects.toMatchObject({ name: 'InvalidJidError' })
    expect(session.requests).toEqual([])
  })

  test('a signal ends the wait', async () => {
    const session = fakeSession()
    session.answer(getArchivePreferences, () => new Promise(() => {}))
    const controller = new AbortController()
    const asked = install(session).preferences({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })
})

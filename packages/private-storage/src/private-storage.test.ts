import {
  attr,
  children,
  childText,
  element,
  IllegalCharacterError,
  marker,
  optional,
  StanzaError,
  tagged,
  text,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { loadPrivateData, NS_PRIVATE_STORAGE, PrivateData, storePrivateData } from './elements.js'
import { getPrivateData, setPrivateData } from './private-storage.js'

const ns = 'exodus:prefs'
const Prefs = element(ns, 'exodus', { nick: childText('defaultnick'), theme: optional(attr('theme')) })
const Places = element('storage:bookmarks', 'storage', { urls: children(element('storage:bookmarks', 'url', {})) })
const stored = (...elements: ReturnType<typeof xml>[]) => {
  const session = fakeSession()
  session.answer(loadPrivateData, { elements })
  return session
}

describe('getPrivateData', () => {
  test('asks the own account for one element, and reads it', async () => {
    const session = stored(Prefs({ nick: 'Hamlet', theme: 'dark' }))
    expect(await getPrivateData(session, Prefs)).toEqual({ nick: 'Hamlet', theme: 'dark' })
    expect(session.requests[0]?.to).toBeUndefined()
    expect(session.requests[0]?.type).toBe('get')
    expect(session.requests[0]?.element.get(PrivateData)).toEqual({ elements: [xml(ns, 'exodus')] })
  })

  test.each([
    ['nothing', []],
    ['an empty element', [xml(ns, 'exodus')]],
    ['an empty element with white space', [xml(ns, 'exodus', {}, '\n  ')]],
    ['something else', [xml(ns, 'other', {}, 'x'), xml('urn:example', 'exodus', {}, 'x')]],
  ])('undefined for %s', async (_what, elements) => {
    expect(await getPrivateData(stored(...elements), Prefs)).toBeUndefined()
  })

  test('undefined also if the definition could read an empty element', async () => {
    expect(await getPrivateData(stored(xml('storage:bookmarks', 'storage')), Places)).toBeUndefined()
  })

  test('the one among others of its namespace', async () => {
    const session = stored(xml(ns, 'other'), Prefs({ nick: 'Hamlet' }))
    expect(await getPrivateData(session, Prefs)).toEqual({ nick: 'Hamlet' })
  })

  test('what another client has stored in another shape is an error, and so are two', async () => {
    await expect(getPrivateData(stored(xml(ns, 'exodus', { theme: 'dark' })), Prefs)).rejects.toMatchObject({
      name: 'MalformedElementError',
      path: 'exodus/defaultnick',
    })
    const two = stored(Prefs({ nick: 'a' }), Prefs({ nick: 'b' }))
    await expect(getPrivateData(two, Prefs)).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('only the own server can answer', async () => {
    const session = fakeSession()
    const asked = getPrivateData(session, Prefs)
    const answer = (from: string, nick: string) =>
      session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='${from}'>
        <query xmlns='${NS_PRIVATE_STORAGE}'><exodus xmlns='${ns}'><defaultnick>${nick}</defaultnick></exodus></query></iq>`)
    for (const from of ['mallory@evil.net/x', 'evil.net', 'mallory@example.org/x']) answer(from, 'Mallory')
    answer('me@example.org/here', 'Hamlet')
    expect(await asked).toEqual({ nick: 'Hamlet' })
  })

  test('a refusal and a signal', async () => {
    const session = fakeSession()
    session.answer(loadPrivateData, new StanzaError({ condition: 'service-unavailable' }))
    await expect(getPrivateData(session, Prefs)).rejects.toMatchObject({ condition: 'service-unavailable' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(getPrivateData(session, Prefs, { signal })).rejects.toThrow('enough')
  })
})

describe('setPrivateData', () => {
  test('stores an element for the own account, or an empty one', async () => {
    const session = fakeSession()
    session.answer(storePrivateData, undefined)
    await setPrivateData(session, Prefs, { nick: 'Hamlet' })
    await setPrivateData(session, Prefs, undefined)
    expect(session.requests.map(({ type, to }) => [type, to])).toEqual(Array(2).fill(['set', undefined]))
    expect(session.requests.map((request) => request.element.get(PrivateData)?.elements.map(String))).toEqual([
      [String(Prefs({ nick: 'Hamlet' }))],
      [String(xml(ns, 'exodus'))],
    ])
  })

  test('a refusal and a signal', async () => {
    const session = fakeSession()
    session.answer(storePrivateData, new StanzaError({ condition: 'not-acceptable' }))
    const refused = setPrivateData(session, Prefs, { nick: 'x' })
    await expect(refused).rejects.toMatchObject({ condition: 'not-acceptable' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(setPrivateData(session, Prefs, { nick: 'x' }, { signal })).rejects.toThrow('enough')
  })

  test('what has attributes alone is written so that servers do not take it for nothing, and read as it was', async () => {
    const Attributes = element(ns, 'exodus', { nick: attr('nick'), text: optional(text()) })
    const session = fakeSession()
    session.answer(storePrivateData, undefined)
    await setPrivateData(session, Attributes, { nick: 'Hamlet' })
    const [written] = session.requests[0]?.element.get(PrivateData)?.elements ?? []
    expect(written?.children).toEqual(['\n'])
    session.answer(loadPrivateData, { elements: [written as XmlElement] })
    expect(await getPrivateData(session, Attributes)).toEqual({ nick: 'Hamlet' })
  })

  test('what XML cannot carry is not sent', async () => {
    const session = fakeSession()
    await expect(setPrivateData(session, Prefs, { nick: '\0' })).rejects.toThrow(IllegalCharacterError)
  })
})

test('a definition of several names has no place', async () => {
  const Mood = tagged('urn:example', 'happy', 'sad')
  await expect(getPrivateData(fakeSession(), Mood)).rejects.toThrow(TypeError)
  await expect(setPrivateData(fakeSession(), Mood, 'sad')).rejects.toThrow(TypeError)
})

test('being there is not enough to be stored', async () => {
  expect(await getPrivateData(stored(xml('urn:example', 'on')), marker('urn:example', 'on'))).toBeUndefined()
})

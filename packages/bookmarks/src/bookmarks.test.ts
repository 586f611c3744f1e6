import { inspect } from 'node:util'
import { getItems, publishItems, retractItems } from '@couplet/pubsub'
import { attr, element, StanzaError } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { Account, conference } from '../test/account.js'
import type { BookmarkChange } from './bookmark-set.js'
import { Conference, NS_BOOKMARKS } from './elements.js'

const coven = 'coven@chat.shakespeare.lit'
const orchard = 'orchard@chat.shakespeare.lit'
const secret = 'cauldronburn'
const State = element('http://myclient.example/bookmark/state', 'state', { minimized: attr('minimized') })
const state = `<extensions><state xmlns='${State.ns}' minimized='true'/></extensions>`

const online = async (...entries: readonly (readonly [string, string])[]) => {
  const account = new Account()
  account.store(...entries)
  const changes: string[] = []
  account.api.onChange(({ type, bookmark }: BookmarkChange) => void changes.push(`${type} ${bookmark.jid}`))
  await account.session.begin()
  return { account, api: account.api, session: account.session, changes }
}

describe('the live map', () => {
  test('has what is stored when the session begins, and nothing is joined', async () => {
    const { api, session, changes } = await online(
      [coven, conference(`name='The Coven' autojoin='1'`, `<nick>hag</nick><password>${secret}</password>`)],
      [orchard, conference('', state)],
    )
    expect([...api.all.keys()]).toEqual([coven, orchard])
    expect(api.of(coven)).toMatchObject({ name: 'The Coven', autojoin: true, nick: 'hag', password: secret })
    expect(api.of(`${orchard}/x`)?.extension(State)).toEqual({ minimized: 'true' })
    expect(api.of(orchard)).toMatchObject({ name: undefined, autojoin: false, nick: undefined })
    expect([api.supported, changes, session.sent]).toEqual([true, [`added ${coven}`, `added ${orchard}`], []])
    expect(session.features).toContain(`${NS_BOOKMARKS}+notify`)
  })

  test('has it in a session that an earlier process has begun', async () => {
    const account = new Account()
    account.store([coven, conference()])
    account.session.lose()
    await account.session.resume(true)
    expect([...account.api.all.keys()]).toEqual([coven])
  })

  test('follows the events, and a new session brings what has changed since', async () => {
    const { account, api, session, changes } = await online([coven, conference()])
    account.tellItems(`<item id='${orchard}'>${conference(`autojoin='true'`)}</item>`)
    account.tellItems(`<item id='${orchard}'>${conference(`autojoin='false'`)}</item>`)
    account.tellItems(`<item id='${orchard}'>${conference(`autojoin='0'`)}</item><retract id='${coven}'/>`)
    expect(changes).toEqual([`added ${coven}`, `added ${orchard}`, `changed ${orchard}`, `removed ${coven}`])
    account.items = new Map([[coven, Conference({ name: 'x' })]])
    await session.begin()
    expect([...api.all.keys()]).toEqual([coven])
    expect(changes.slice(4)).toEqual([`removed ${orchard}`, `added ${coven}`])
    await session.resume()
    expect(session.requests.filter((each) => each.get(getItems.request))).toHaveLength(2)
  })

  test('S-115 S-149 only the own account can tell', async () => {
    const { account, api, session } = await online([coven, conference()])
    for (const from of ['mallory@evil.net', 'me@example.org.evil.net', 'example.org', 'm\u0435@example.org']) {
      account.tellItems(`<item id='${orchard}'>${conference(`autojoin='true'`)}</item><retract id='${coven}'/>`, from)
      account.tell(`<purge node='${NS_BOOKMARKS}'/>`, from)
    }
    await session.settled()
    expect([...api.all.keys()]).toEqual([coven])
  })

  test('S-149 events of every kind, and none that hurts', async () => {
    const { account, api, session } = await online([coven, conference()])
    account.tellItems(`<item id='${coven}'><other xmlns='urn:example:other'/></item>`)
    expect(api.all.size).toBe(0)
    for (const [content, name] of [
      ['', 'one'],
      [`<item id='${coven}'/>`, 'two'],
    ] as const) {
      account.store([coven, conference(`name='${name}'`)])
      account.tellItems(content) // something has changed: look
      await vi.waitFor(() => expect(api.of(coven)?.name).toBe(name))
    }
    account.tellItems(
      `<item><conference xmlns='${NS_BOOKMARKS}'/></item><retract id='nobody@nowhere.lit'/><retract id='@'/>`,
    )
    account.tell(`<configuration node='${NS_BOOKMARKS}'/>`)
    account.tell(`<items node='other'><retract id='${coven}'/></items>`)
    await session.settled()
    expect(api.all.size).toBe(1)
    account.tell(`<delete node='${NS_BOOKMARKS}'/>`)
    await vi.waitFor(() => expect(api.all.size).toBe(0))
  })

  test('S-151 what is no address of a room is no bookmark, and 5,000 are no problem', async () => {
    const rooms = Array.from(
      { length: 5000 },
      (_, i) => [`r${i}@chat.shakespeare.lit`, conference(`autojoin='1'`)] as const,
    )
    const { api, session } = await online(
      ...rooms,
      ['@', conference()],
      [`${coven}/nick`, conference()],
      ['', conference()],
    )
    expect(api.all.size).toBe(5000)
    expect(session.sent).toEqual([])
  })

  test('two items about one room are one bookmark, which is removed with both', async () => {
    const { account, api } = await online(
      [coven, conference(`name='one'`)],
      ['Coven@Chat.Shakespeare.lit', conference(`name='two'`)],
    )
    expect([...api.all.values()].map(({ name }) => name)).toEqual(['one'])
    account.tellItems(`<retract id='${coven}'/>`)
    expect(api.of(coven)?.name).toBe('two')
    await api.set(coven, { name: 'three' })
    expect(account.items?.get('Coven@Chat.Shakespeare.lit')?.attr('name')).toBe('three')
    await api.remove(coven)
    expect([api.all.size, [...(account.items?.keys() ?? [])]]).toEqual([0, [coven]])
  })

  test('without a node there are none, and without nodes it says so', async () => {
    const { api } = await online()
    expect([api.supported, api.all.size]).toEqual([true, 0])
    const { account, session, api: other } = await online([coven, conference()])
    session.answer(getItems, new StanzaError({ condition: 'service-unavailable' }))
    await session.begin()
    expect([other.supported, other.all.size, account.session.errors]).toEqual([false, 0, []])
  })
})

describe('set', () => {
  test('makes a bookmark as the XEP wants it', async () => {
    const { account, api, changes } = await online()
    const made = await api.set(coven, { name: 'The Coven', autojoin: true, nick: 'hag' })
    expect(account.configs).toEqual([
      { persistItems: true, maxItems: 'max', sendLastPublishedItem: 'never', accessModel: 'whitelist' },
    ])
    expect(account.items?.get(coven)).toEqual(Conference({ name: 'The Coven', autojoin: true, nick: 'hag' }))
    expect([made.jid.toString(), made.autojoin, api.of(coven)?.nick, changes]).toEqual([
      coven,
      true,
      'hag',
      [`added ${coven}`],
    ])
  })

  test('keeps what is not said, and what other clients have added', async () => {
    const rest = `<later xmlns='${NS_BOOKMARKS}'/><pinned xmlns='urn:example:pinned'/>`
    const { account, api } = await online([
      coven,
      conference(`name='x' color='red'`, `<password>${secret}</password>${state}${rest}`),
    ])
    await api.set(coven, { nick: 'hag', name: null, password: undefined })
    const stored = account.items?.get(coven)
    expect(stored?.attr('color')).toBe('red')
    expect(stored?.attr('name')).toBeUndefined()
    expect([...(stored?.elements() ?? [])].map(({ name }) => name)).toEqual([
      'nick',
      'password',
      'extensions',
      'later',
      'pinned',
    ])
    expect(api.of(coven)).toMatchObject({ nick: 'hag', password: secret })
    const Mine = element('urn:example:mine', 'mine', {})
    await api.set(coven, { extensions: (all) => [...all, Mine()] })
    expect(api.of(coven)?.extensions.map(({ name }) => name)).toEqual(['state', 'mine'])
    await api.set(coven, { extensions: () => [], password: null })
    expect(account.items?.get(coven)?.child('extensions')).toBeUndefined()
    expect(api.of(coven)?.password).toBeUndefined()
  })

  test('starts from what is there, not from what was heard last', async () => {
    const { account, api } = await online([coven, conference()])
    account.store([coven, conference('', state)]) // and no event has come
    await Promise.all([api.set(coven, { nick: 'hag' }), api.set(coven, { name: 'x' })])
    expect(account.items?.get(coven)?.get(Conference)).toBeUndefined()
    expect(api.of(coven)).toMatchObject({ nick: 'hag', name: 'x' })
    expect(api.of(coven)?.extension(State)).toEqual({ minimized: 'true' })
  })

  test('an event that comes meanwhile counts more than the answer', async () => {
    const { account, api } = await online()
    account.onPublish = () => {
      account.tellItems(`<item id='${coven}'>${conference(`name='newer'`)}</item>`)
      return undefined
    }
    await api.set(coven, { name: 'mine' })
    expect(api.of(coven)?.name).toBe('newer')
  })

  test('what cannot be read is not overwritten', async () => {
    const { account, api } = await online([coven, `<other xmlns='urn:example:other'/>`])
    await expect(api.set(coven, { nick: 'x' })).rejects.toMatchObject({ name: 'MalformedElementError' })
    expect(account.items?.get(coven)?.name).toBe('other')
  })

  test('is refused for an address that no room has', async () => {
    const { api, session } = await online()
    const before = session.requests.length
    await expect(api.set(`${coven}/nick`)).rejects.toThrow(RangeError)
    await expect(api.set('@')).rejects.toMatchObject({ name: 'InvalidJidError' })
    await expect(api.remove(`${coven}/nick`)).rejects.toThrow(RangeError)
    expect(session.requests).toHaveLength(before)
  })

  test('no error, no log and no JSON has the password', async () => {
    const { account, api } = await online()
    account.onPublish = () => new StanzaError({ condition: 'forbidden' })
    const errors = await Promise.all([
      api.set(coven, { password: secret }).catch((error: unknown) => error),
      api.set(coven, { password: `${secret}\0` }).catch((error: unknown) => error),
      api.set(coven, { password: secret }, { signal: AbortSignal.abort() }).catch((error: unknown) => error),
    ])
    account.onPublish = () => undefined
    const made = await api.set(coven, { password: secret })
    expect(made.password).toBe(secret)
    for (const each of [...errors, made, api, api.all]) {
      const shown = `${inspect(each, { depth: 9, showHidden: true })} ${JSON.stringify(each)} ${each}`
      expect(shown).not.toContain(secret)
    }
    expect(errors.every((error) => error instanceof Error)).toBe(true)
  })
})

describe('servers', () => {
  test('S-148 that do not look at publish-options and cannot be set up get nothing', async () => {
    const account = new Account({ options: false })
    await expect(account.api.set(coven, { password: secret })).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
    expect(account.items).toBeUndefined()
    expect(account.session.requests.some((each) => each.get(publishItems.request))).toBe(false)
  })

  test('that do not take `max` take a number', async () => {
    const account = new Account({ knowsMax: false })
    await account.api.set(coven)
    expect(account.configs.at(-1)).toMatchObject({ maxItems: 1000, accessModel: 'whitelist' })
    expect(account.items?.has(coven)).toBe(true)
  })
})

describe('remove', () => {
  test('tells the other clients, and what is not there is removed already', async () => {
    const { account, api, session, changes } = await online([coven, conference()])
    await api.remove(coven)
    const asked = session.requests.at(-1)?.get(retractItems.request)
    expect(asked).toEqual({ node: NS_BOOKMARKS, notify: true, ids: [coven] })
    expect([api.all.size, account.items?.size, changes.at(-1)]).toEqual([0, 0, `removed ${coven}`])
    await api.remove(orchard)
  })

  test('a refusal rejects, and a signal ends it at once, wherever it waits', async () => {
    const { api, session } = await online([coven, conference()])
    session.answer(retractItems, new StanzaError({ condition: 'forbidden' }))
    await expect(api.remove(coven)).rejects.toMatchObject({ condition: 'forbidden' })
    expect(api.all.size).toBe(1)
    const controller = new AbortController()
    session.lose() // nothing is answered any more
    const [first, second] = [api.remove(coven, controller), api.set(coven, {}, controller)]
    controller.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    await expect(second).rejects.toThrow('enough')
  })
})

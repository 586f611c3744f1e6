import { memoryStore } from '@couplet/client'
import { publishItems } from '@couplet/pubsub'
import { Jid, StanzaError } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { Account, conference } from '../test/account.js'
import { Conference, NS_BOOKMARKS, NS_BOOKMARKS_COMPAT, NS_BOOKMARKS_COMPAT_PEP, OldConference } from './elements.js'
import { converted } from './old-bookmarks.js'

const [one, two, three] = ['one@rooms.example.org', 'two@rooms.example.org', 'three@rooms.example.org']
const old = (...rooms: readonly string[]): string =>
  `<storage xmlns='storage:bookmarks'>${rooms.map((room) => `<conference jid='${room}' name='old' autojoin='1'/>`).join('')}</storage>`
const names = (list: readonly { readonly jid: Jid }[]): readonly string[] => list.map(({ jid }) => jid.toString())

describe('bringing in what older clients have stored', () => {
  test('from both places; what has a bookmark keeps it', async () => {
    const account = new Account({ privateXml: old(one, two), oldItem: old(two, three) })
    account.store([one, conference(`name='new'`)])
    await account.session.begin()
    expect(names(await account.api.importOld())).toEqual([two, three])
    expect(account.items?.get(one)?.attr('name')).toBe('new')
    expect(account.items?.get(two)).toEqual(Conference({ name: 'old', autojoin: true }))
    expect([...account.api.all.keys()]).toEqual([one, two, three])
    expect(account.configs[0]).toMatchObject({ accessModel: 'whitelist', maxItems: 'max' })
  })

  test('is done by servers that say so (XEP-0402 §6)', async () => {
    const stored = { privateXml: old(one), oldItem: old(two) }
    const imported = async (...features: string[]) => names(await new Account({ ...stored, features }).api.importOld())
    expect(await imported(NS_BOOKMARKS_COMPAT, NS_BOOKMARKS_COMPAT_PEP)).toEqual([])
    expect(await imported(NS_BOOKMARKS_COMPAT)).toEqual([two])
    expect(await imported(NS_BOOKMARKS_COMPAT_PEP)).toEqual([one])
  })

  test('happens once: what was removed since stays away, and what is new comes', async () => {
    const store = memoryStore()
    const first = new Account({ store, privateXml: old(one, two) })
    expect(names(await first.api.importOld())).toEqual([one, two])
    await first.api.remove(one)
    expect(await first.api.importOld()).toEqual([])
    const later = new Account({ store, privateXml: old(one, two, three) })
    expect(names(await later.api.importOld())).toEqual([three])
  })

  test('a bookmark that another client makes meanwhile is left alone', async () => {
    const account = new Account({ privateXml: old(one, two) })
    account.onPublish = (id) => {
      if (id === one) account.store([two, conference(`name='newer'`)])
      return undefined
    }
    expect(names(await account.api.importOld())).toEqual([one])
    expect(account.items?.get(two)?.attr('name')).toBe('newer')
  })

  test('so is what cannot be read, and one with an address that is not normalised', async () => {
    const account = new Account({ privateXml: old(one, two, three) })
    account.store([one, `<other xmlns='urn:example:other'/>`], ['Two@Rooms.Example.org', conference()])
    expect(names(await account.api.importOld())).toEqual([three])
    expect([...(account.items ?? [])].map(([id, { name }]) => `${id} ${name}`)).toEqual([
      `${one} other`,
      'Two@Rooms.Example.org conference',
      `${three} conference`,
    ])
  })

  test('goes on where it was stopped', async () => {
    const account = new Account({ privateXml: old(one, two, three) })
    account.onPublish = (id) => (id === two ? new StanzaError({ condition: 'forbidden' }) : undefined)
    await expect(account.api.importOld()).rejects.toMatchObject({ condition: 'forbidden' })
    expect([...(account.items?.keys() ?? [])]).toEqual([one])
    account.onPublish = () => undefined
    expect(names(await account.api.importOld())).toEqual([two, three])
  })

  test('nothing there is nothing; what is stored is never written', async () => {
    expect(await new Account().api.importOld()).toEqual([])
    expect(await new Account({ privateXml: '' }).api.importOld()).toEqual([])
    const account = new Account({ privateXml: old(one) })
    account.session.answer(publishItems, new StanzaError({ condition: 'forbidden' }))
    await expect(account.api.importOld()).rejects.toMatchObject({ name: 'StanzaError' })
    const written = account.session.requests.filter(
      (each) => each.type === 'set' && each.payload?.ns === 'jabber:iq:private',
    )
    expect(written).toEqual([])
  })

  test('a server that fails is an error, and not nothing', async () => {
    const account = new Account({ privateXml: old(one) })
    const { session } = account
    const pending = account.api.importOld()
    session.lose()
    await expect(pending).rejects.toMatchObject({ name: 'ConnectionError' })
  })

  test('S-148 onto a server that guarantees no privacy nothing is brought', async () => {
    const account = new Account({ options: false, privateXml: old(one) })
    await expect(account.api.importOld()).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
    expect(account.items).toBeUndefined()
  })
})

test('converting keeps what is unknown, and the nickname in the address', () => {
  const xml = `<conference xmlns='storage:bookmarks' jid='${one}/hag'><password>x</password>
    <minimize xmlns='urn:example:minimize'>true</minimize><later xmlns='storage:bookmarks'/>
    <extensions xmlns='${NS_BOOKMARKS}'><state xmlns='urn:example:state'/></extensions></conference>`
  const value = OldConference.parse(parseXml(xml)) as OldConference
  expect(value.jid).toEqual(Jid.parse(`${one}/hag`))
  const { nick, password, extensions } = converted(value)
  expect([nick, password]).toEqual(['hag', 'x'])
  expect(extensions?.map(({ ns, name }) => `${name} ${ns}`)).toEqual([
    'minimize urn:example:minimize',
    'later storage:bookmarks',
    'state urn:example:state',
  ])
})

import { Jid } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectRaw, type RawClient } from '../../test/raw-client.js'
import { parseXml } from '../parse-xml.js'
import { type LoopbackServer, startLoopback } from './loopback-server.js'
import { RosterBook } from './roster-book.js'

let server: LoopbackServer
beforeEach(async () => {
  server = await startLoopback({ users: { alice: 'pw', bob: 'pw' } })
})
afterEach(() => server.stop())

const get = (ver?: string): string =>
  `<iq type='get' id='get'><query xmlns='jabber:iq:roster'${ver === undefined ? '' : ` ver='${ver}'`}/></iq>`
const set = (item: string): string => `<iq type='set' id='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`
const say = (type: string, user: string): string => `<presence to='${user}@example.org' type='${type}'/>`

async function online(user: string, resource = 'r', ...first: readonly string[]): Promise<RawClient> {
  const client = await connectRaw(server.transport())
  await client.online(user, resource)
  for (const stanza of first) client.write(stanza)
  await client.settled()
  return client
}

/** What a client has got since it was asked last. */
const marks = new WeakMap<RawClient, number>()
async function news(client: RawClient): Promise<string> {
  await client.settled()
  const text = client.received.slice(marks.get(client) ?? 0).replace(/<iq [^>]*id='settled'[^>]*>/g, '')
  marks.set(client, client.received.length)
  return text
}

const items = (text: string): string[] =>
  [...text.matchAll(/<item [^>]*>/g)].map(([tag]) => {
    const element = parseXml(tag.endsWith('/>') ? tag : `${tag.slice(0, -1)}/>`)
    return ['ask', 'approved', 'jid', 'subscription'].flatMap((name) => element.attr(name) ?? []).join(' ')
  })

describe('the roster of an account (RFC 6121 §2)', () => {
  test('changes are pushed to those who have asked for it', async () => {
    const one = await online('alice', 'one', get())
    const other = await online('alice', 'other')
    await news(one)
    await news(other)
    one.write(set(`<item jid='bob@example.org/x' name='Bob' subscription='both'><group>A</group></item>`))
    const told = await news(one)
    expect(told).toMatch(
      /<iq type='set'.*from='alice@example.org'.*name='Bob'.*<group>A<\/group>.*type='result' id='set'/,
    )
    expect(items(told)).toEqual(['bob@example.org none'])
    expect(await news(other)).toBe('')
    other.write(get())
    expect(items(await news(other))).toEqual(['bob@example.org none'])
    one.write(set(`<item jid='bob@example.org' subscription='remove'/>`))
    expect(items(await news(one))).toEqual(['bob@example.org remove'])
    expect(items(await news(other))).toEqual(['bob@example.org remove'])
    one.write(set(`<item jid='bob@example.org' subscription='remove'/>`))
    expect(await news(one)).toContain('item-not-found')
    one.write(set(''))
    expect(await news(one)).toContain('bad-request')
  })

  test('R-038 a version that is known gets what has changed since', async () => {
    const alice = await online(
      'alice',
      'one',
      get(''),
      set(`<item jid='a@example.org'/>`),
      set(`<item jid='b@example.org'/>`),
    )
    alice.write(get())
    const ver = / ver='([^']+)'/.exec((await news(alice)).split(`id='get'`).at(-1) ?? '')?.[1] ?? ''
    alice.write(get(ver))
    expect(await news(alice)).toMatch(/^<iq type='result' id='get'[^>]*\/>$/)
    alice.write(set(`<item jid='a@example.org' subscription='remove'/>`))
    alice.write(set(`<item jid='c@example.org'/>`))
    await news(alice)
    const later = await online('alice', 'later', get(ver))
    const text = await news(later)
    expect(text).toMatch(/type='result' id='get'[^>]*\/><iq type='set'/)
    expect(items(text)).toEqual(['a@example.org remove', 'c@example.org none'])
    later.write(get('other-1'))
    expect(items(await news(later))).toEqual(['b@example.org none', 'c@example.org none'])
  })

  test('a version of the future or of another server is not known', () => {
    const book = new RosterBook()
    book.touch(Jid.parse('a@b'))
    expect(book.changedSince(book.ver)).toEqual([])
    for (const ver of ['', '1', `${book.ver}1`, new RosterBook().ver]) expect(book.changedSince(ver)).toBeUndefined()
  })
})

describe('subscriptions (RFC 6121 §3)', () => {
  const both = () => Promise.all(['alice', 'bob'].map((user) => online(user, 'r', get(), '<presence/>')))

  test('ask, approve, see, take back', async () => {
    const [alice, bob] = (await both()) as [RawClient, RawClient]
    await Promise.all([news(alice), news(bob)])
    alice.write(say('subscribe', 'bob'))
    expect(items(await news(alice))).toEqual(['subscribe bob@example.org none'])
    expect(await news(bob)).toMatch(/<presence .*type='subscribe'.*from='alice@example.org'/)
    bob.write(say('subscribed', 'alice'))
    expect(items(await news(bob))).toEqual(['alice@example.org from'])
    const seen = await news(alice)
    expect(items(seen)).toEqual(['bob@example.org to'])
    expect(seen).toMatch(/type='subscribed'.*<presence from='bob@example.org\/r' to='alice@example.org'\/>/)
    bob.write('<presence><show>away</show></presence>')
    await news(bob)
    expect(await news(alice)).toContain('<show>away</show>')
    bob.write(say('unsubscribed', 'alice'))
    expect(items(await news(bob))).toEqual(['alice@example.org none'])
    expect(await news(alice)).toMatch(/subscription='none'.*type='unsubscribed'.*type='unavailable'/)
    bob.write('<presence/>')
    await news(bob)
    expect(await news(alice)).toBe('')
  })

  test('an answer to no question does nothing for the other, and a question waits', async () => {
    const [alice] = (await both()) as [RawClient]
    await news(alice)
    alice.write(say('subscribed', 'bob')) // in advance
    expect(items(await news(alice))).toEqual(['true bob@example.org none'])
    const carol = 'carol'
    server.addUser(carol, 'pw')
    alice.write(say('subscribe', carol))
    await news(alice)
    const late = await online(carol, 'r', get(), '<presence/>')
    expect(await news(late)).toMatch(/type='subscribe'.*from='alice@example.org'/)
  })

  test('what was approved in advance is approved when it is asked for', async () => {
    const [alice, bob] = (await both()) as [RawClient, RawClient]
    alice.write(say('subscribed', 'bob'))
    await Promise.all([news(alice), news(bob)])
    bob.write(say('subscribe', 'alice'))
    expect(items(await news(bob))).toEqual(['subscribe alice@example.org none', 'alice@example.org to'])
    const told = await news(alice)
    expect(items(told)).toEqual(['bob@example.org from'])
    expect(told).not.toContain('<presence')
  })

  test('who is removed from the roster sees nothing any more, in either direction', async () => {
    const [alice, bob] = (await both()) as [RawClient, RawClient]
    alice.write(say('subscribe', 'bob'))
    await news(alice)
    bob.write(say('subscribed', 'alice'))
    bob.write(say('subscribe', 'alice'))
    await news(bob)
    alice.write(say('subscribed', 'bob'))
    await Promise.all([news(alice), news(bob)])
    alice.write(set(`<item jid='bob@example.org' subscription='remove'/>`))
    expect(items(await news(alice))).toEqual(['bob@example.org remove'])
    expect(items(await news(bob)).at(-1)).toBe('alice@example.org none')
    bob.write('<presence/>')
    alice.write('<presence/>')
    await Promise.all([bob.settled(), alice.settled()])
    expect(await news(alice)).not.toContain('bob@')
    expect(await news(bob)).not.toContain('alice@')
  })
})

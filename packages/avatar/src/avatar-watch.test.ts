import { queryVcard, type Vcard } from '@couplet/vcard'
import { describe, expect, test, vi } from 'vitest'
import { hashOf, infoOf, metadata, notify, occupant, png, setUp } from '../test/bench.js'
import type { AvatarChange } from './avatar.js'
import { NS_AVATAR_METADATA } from './elements.js'

const [bob, nick] = ['bob@example.org', 'cave@rooms.example.org/bob']
const [one, other] = [png(1), png(2)]
const [first, second] = [hashOf(one), hashOf(other)]

const listening = () => {
  const bench = setUp()
  const changes: AvatarChange[] = []
  const subscription = bench.api.onChange((change) => void changes.push(change))
  const seen = () => changes.splice(0).map(({ jid, hash }) => [String(jid), hash])
  return { ...bench, changes, seen, subscription }
}

describe('onChange', () => {
  test('tells what accounts publish, and what they do not any more', () => {
    const { tell, seen, session } = listening()
    expect(session.features).toContain(notify)
    tell(bob, metadata(infoOf(one)))
    tell(bob, metadata(infoOf(one))) // the same again, as at each login
    tell(bob, metadata(infoOf(other)))
    tell(bob, metadata())
    tell(bob, metadata(infoOf(one)))
    tell(bob, "<retract id='x'/>")
    tell(bob, `<item id='${second}'/>`)
    expect(seen()).toEqual([first, second, undefined, first, undefined, second].map((hash) => [bob, hash]))
  })

  test('tells what presences say, of accounts and of occupants', () => {
    const { present, seen, session } = listening()
    present(`${bob}/a`, first.toUpperCase())
    present(`${bob}/a`, first)
    present(`${bob}/a`, undefined)
    present(`${bob}/a`, 'current')
    present(`${bob}/a`, '')
    present(nick, second, occupant)
    present('cave@rooms.example.org/carol', first, occupant)
    session.receive(`<presence from='${bob}/a' type='unavailable'/>`)
    present(`${bob}/a`, '')
    expect(seen()).toEqual([
      [bob, first],
      [bob, undefined],
      [nick, second],
      ['cave@rooms.example.org/carol', first],
    ])
  })

  test('what is published counts before what presences say', () => {
    const { present, tell, seen } = listening()
    tell(bob, metadata(infoOf(one)))
    present(`${bob}/a`, second)
    present(`${bob}/a`, '')
    expect(seen()).toEqual([[bob, first]])
  })

  test('the image is loaded by who wants it', async () => {
    const { publish, tell, changes, log } = listening()
    publish(bob, one)
    tell(bob, metadata(infoOf(one)))
    expect(log).toEqual([])
    expect((await changes[0]?.load())?.bytes).toEqual(one)
    await expect(changes[0]?.load({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(log).toEqual([`get ${bob} data ${first.slice(0, 4)}`])
  })

  test('a change that comes while the old one is fetched is not answered with the old one', async () => {
    const { api, publish, tell, log } = listening()
    publish(bob, one)
    tell(bob, metadata(infoOf(one)))
    const old = api.of(bob)
    await vi.waitFor(() => expect(log).toHaveLength(1))
    publish(bob, other)
    tell(bob, metadata(infoOf(other)))
    expect((await api.of(bob))?.hash).toBe(second)
    expect((await old)?.hash).toBe(first)
  })

  test('ends with its subscription, and with the last one the wish to be told', async () => {
    const { api, session, subscription, tell, seen, log } = listening()
    const another = api.onChange(() => {})
    subscription.dispose()
    expect(session.features).toContain(notify)
    tell(bob, metadata(infoOf(one)))
    another.dispose()
    another.dispose()
    expect([session.features.includes(notify), seen()]).toEqual([false, []])
    await api.of(bob) // nobody would tell of a change
    expect(log[0]).toBe(`get ${bob} metadata`)
    api.onChange(() => {}).dispose()
    api.onChange(() => {})
    expect(session.features).toContain(notify)
  })

  test('a new session knows nothing, and tells only what is new', async () => {
    const { api, session, tell, seen, log } = listening()
    tell(bob, metadata(infoOf(one)))
    seen()
    session.lose()
    await session.begin()
    await api.of(bob)
    expect(log[0]).toBe(`get ${bob} metadata`)
    tell(bob, metadata(infoOf(one)))
    expect(seen()).toEqual([])
  })
})

test('a vCard that was changed while it was fetched is what was announced since', async () => {
  const { api, session, present } = listening()
  const answers: ((card: Vcard) => void)[] = []
  session.answer(queryVcard, () => new Promise<Vcard>((resolve) => void answers.push(resolve)))
  present(nick, first, occupant)
  const asked = api.of(nick)
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  present(nick, second, occupant)
  answers[0]?.({ photo: { data: other } })
  expect((await asked)?.hash).toBe(second)
})

describe('who may say it', () => {
  test('S-149 only the account itself, and only of itself', () => {
    const { tell, seen, session } = listening()
    tell('mallory@evil.net/x', metadata(infoOf(one)))
    tell(`${bob}/x`, metadata(infoOf(one)))
    expect([seen(), session.rejected.length]).toEqual([[], 2])
    tell('mallory@evil.net', metadata(infoOf(one)))
    expect(seen()).toEqual([['mallory@evil.net', first]])
  })

  test('S-149 whatever the event is like, nothing breaks', async () => {
    const { tell, seen, session } = listening()
    tell(bob, metadata(infoOf(one)))
    const lies = ["<info bytes='x' id='y' type='z'/>", "<info bytes='1' id='nonsense' type='image/png'/>", '<pointer/>']
    for (const lie of lies) tell(bob, `<item id='1'><metadata xmlns='${NS_AVATAR_METADATA}'>${lie}</metadata></item>`)
    tell(bob, "<item id='1'><other xmlns='urn:example'/></item>")
    tell(bob, "<item><metadata xmlns='urn:example'/></item>")
    tell(bob, '')
    session.receive(`<message from='${bob}'><event xmlns='http://jabber.org/protocol/pubsub#event'>
      <configuration node='${NS_AVATAR_METADATA}'/></event></message>`)
    tell(bob, `${"<item id='1'/>".repeat(10_000)}`)
    await session.settled()
    // The first lie is no avatar at all; what cannot be read says nothing; and 10,000 items, and none, are told as they are.
    expect(seen().slice(0, 3)).toEqual([
      [bob, first],
      [bob, undefined],
      [bob, undefined],
    ])
  })

  test('S-183 a presence speaks for its sender: no client for another, no occupant for the room or a contact', () => {
    const { present, seen } = listening()
    present('mallory@evil.net/bob@example.org', first)
    present(nick, second, occupant)
    expect(seen()).toEqual([
      ['mallory@evil.net', first],
      [nick, second],
    ])
  })

  test('S-183 a million strangers are not remembered', async () => {
    const { api, present, log, publish } = listening()
    publish(bob, one)
    await api.of(bob)
    log.length = 0
    present(`${bob}/a`, first)
    for (let i = 0; i < 10_000; i++) present(`u${i}@evil.net/x`, second)
    await api.of(bob)
    expect(log).toEqual([`get ${bob} metadata`])
    for (let i = 0; i < 21; i++) present(`${bob}/${i}`, i === 0 ? first : second)
    present(`${bob}/0`, undefined)
    expect((await api.of('u9999@evil.net'))?.hash).toBeUndefined()
  })
})

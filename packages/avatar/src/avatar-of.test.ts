import { memoryStore } from '@couplet/client'
import { Jid, StanzaError } from '@couplet/stanza'
import { queryVcard } from '@couplet/vcard'
import { describe, expect, test } from 'vitest'
import { hashOf, infoOf, metadata, notify, occupant, png, setUp } from '../test/bench.js'
import { AvatarData, NS_AVATAR_DATA, NS_AVATAR_METADATA } from './elements.js'

const bob = 'bob@example.org'
const image = png(1)
const hash = hashOf(image)

describe('the avatar of a contact in one line', () => {
  test('from personal eventing, once', async () => {
    const { api, log, publish } = setUp()
    publish(bob, image, { type: 'image/gif', width: 1 })
    const found = await api.of(bob)
    expect(found).toEqual({ bytes: image, type: 'image/png', hash, width: 64, height: 64 })
    expect(await api.of(Jid.parse(`${bob}/phone`))).toEqual(found)
    expect(log).toEqual([`get ${bob} metadata`, `get ${bob} data ${hash.slice(0, 4)}`, `get ${bob} metadata`])
  })

  test('from the cache of an earlier client, also of somebody else who has the same', async () => {
    const store = memoryStore()
    const first = setUp({ store })
    first.publish(bob, image)
    await first.api.of(bob)
    const { api, log, items } = setUp({ store })
    items.set(`carol@example.org ${NS_AVATAR_METADATA}`, metadata(infoOf(image, { id: hash.toUpperCase() })))
    expect((await api.of('carol@example.org'))?.bytes).toEqual(image)
    expect(log).toEqual(['get carol@example.org metadata'])
  })

  test('without any question if it was announced and is known', async () => {
    const { api, log, publish, tell, present } = setUp()
    publish(bob, image)
    await api.of(bob)
    log.length = 0
    present('carol@example.org/x', hash.toUpperCase())
    api.onChange(() => {})
    tell('dave@example.org', metadata(infoOf(image)))
    tell('erin@example.org', metadata())
    expect((await api.of('carol@example.org/x'))?.hash).toBe(hash)
    expect((await api.of('dave@example.org'))?.hash).toBe(hash)
    expect(await api.of('erin@example.org')).toBeUndefined()
    expect(log).toEqual([])
  })

  test('from the vCard, if it is only there', async () => {
    const { api, log, cards } = setUp()
    cards.set(bob, { photo: { type: 'text/html', data: image } })
    expect(await api.of(bob)).toMatchObject({ type: 'image/png', hash })
    expect(log).toEqual([`get ${bob} metadata`, `vcard ${bob}`])
  })

  test('of the own account, of a server, and of a room', async () => {
    const { api, cards, publish, session } = setUp()
    publish('me@example.org', image)
    cards.set('cave@rooms.example.org', { photo: { data: image } }).set('example.org', { photo: { data: image } })
    for (const jid of [session.account, 'cave@rooms.example.org', 'example.org']) {
      expect((await api.of(jid))?.hash).toBe(hash)
    }
  })

  test('many who ask at once ask once', async () => {
    const { api, log, publish } = setUp()
    publish(bob, image)
    const all = await Promise.all(Array.from({ length: 20 }, () => api.of(bob)))
    expect(new Set(all).size).toBe(1)
    expect(log).toHaveLength(2)
  })

  test('a signal ends the waiting of one, not of the others', async () => {
    const { session, api } = setUp()
    session.answer(queryVcard, () => new Promise(() => {}))
    const controller = new AbortController()
    const asked = [
      api.of(bob, { signal: controller.signal }),
      api.of(bob, { signal: AbortSignal.abort(new Error('no')) }),
    ]
    controller.abort(new Error('enough'))
    await expect(asked[0]).rejects.toThrow('enough')
    await expect(asked[1]).rejects.toThrow('no')
    await expect(api.of('@')).rejects.toMatchObject({ name: 'InvalidJidError' })
  })
})

describe('no avatar', () => {
  test.each([
    ['nothing', () => {}],
    ['an empty vCard', ({ cards }: ReturnType<typeof setUp>) => cards.set(bob, {})],
    ['an empty photo', ({ cards }) => cards.set(bob, { photo: { data: new Uint8Array() } })],
    ['a photo elsewhere', ({ cards }) => cards.set(bob, { photo: { uri: 'https://evil.net/x.png' } })],
    [
      'avatars switched off',
      ({ items, cards }) => {
        items.set(`${bob} ${NS_AVATAR_METADATA}`, metadata())
        cards.set(bob, { photo: { data: image } })
      },
    ],
    ['metadata without data', ({ items }) => items.set(`${bob} ${NS_AVATAR_METADATA}`, metadata(infoOf(image)))],
    [
      'nothing that we may see',
      ({ items }) => {
        items.set(`${bob} ${NS_AVATAR_METADATA}`, 'not-authorized')
      },
    ],
    [
      'a presence that says so',
      ({ present, cards }) => {
        present(`${bob}/x`, '')
        cards.set(bob, { photo: { data: image } })
      },
    ],
  ] satisfies [string, (bench: ReturnType<typeof setUp>) => unknown][])('for %s', async (_what, prepare) => {
    const bench = setUp()
    prepare(bench)
    expect(await bench.api.of(bob)).toBeUndefined()
  })

  test.each(['remote-server-timeout', 'remote-server-not-found', 'internal-server-error'] as const)(
    '%s is no answer',
    async (condition) => {
      const { session, api, items } = setUp()
      items.set(`${bob} ${NS_AVATAR_METADATA}`, condition)
      await expect(api.of(bob)).rejects.toMatchObject({ condition })
      items.clear()
      session.answer(queryVcard, new StanzaError({ condition }))
      await expect(api.of(bob)).rejects.toMatchObject({ condition })
    },
  )
})

describe('occupants of rooms (XEP-0153)', () => {
  const nick = 'cave@rooms.example.org/bob'

  test('have the avatar of their vCard, by their full JID', async () => {
    const { api, log, cards, present } = setUp()
    cards.set(nick, { photo: { data: image } })
    present(nick, hash, occupant)
    expect((await api.of(nick))?.hash).toBe(hash)
    expect((await api.of(nick))?.hash).toBe(hash)
    expect(log).toEqual([`vcard ${nick}`])
  })

  test('also those who do not say which; and not those who say that there is none', async () => {
    const { api, log, cards, present } = setUp()
    cards.set(nick, { photo: { data: image } }).set('cave@rooms.example.org/carol', { photo: { data: image } })
    present(nick, undefined, occupant)
    present('cave@rooms.example.org/carol', '', occupant)
    expect((await api.of(nick))?.hash).toBe(hash)
    expect(await api.of('cave@rooms.example.org/carol')).toBeUndefined()
    expect(log).toEqual([`vcard ${nick}`])
  })

  test('are forgotten with the session', async () => {
    const { session, api, log, present } = setUp()
    present(nick, hash, occupant)
    session.lose()
    await session.begin()
    await api.of(nick)
    expect(log).toEqual(['get cave@rooms.example.org metadata', 'vcard cave@rooms.example.org'])
  })
})

describe('S-183 what is no avatar', () => {
  test('is not fetched if it is said to be too large', async () => {
    const { api, log, publish } = setUp()
    publish(bob, image, { bytes: 98_305 })
    await expect(api.of(bob)).rejects.toMatchObject({ name: 'AvatarError', code: 'too-large' })
    publish(bob, image, { width: 4097 })
    await expect(api.of(bob)).rejects.toMatchObject({ code: 'too-many-pixels' })
    publish(bob, image, { height: 20_000 })
    await expect(api.of(bob)).rejects.toMatchObject({ code: 'too-many-pixels' })
    expect(new Set(log)).toEqual(new Set([`get ${bob} metadata`]))
  })

  test('is refused if it is too large, whatever it was said to be, and the largest is not', async () => {
    const { api, publish, items, cards } = setUp()
    const [large, larger] = [png(2, { length: 98_304 }), png(3, { length: 98_305 })]
    publish(bob, large, { bytes: 1 })
    expect((await api.of(bob))?.bytes).toHaveLength(98_304)
    publish(bob, image)
    items.set(`${bob} ${NS_AVATAR_DATA} ${hash}`, AvatarData(larger))
    await expect(api.of(bob)).rejects.toMatchObject({ code: 'too-large' })
    cards.set('carol@example.org', { photo: { data: larger } })
    await expect(api.of('carol@example.org')).rejects.toMatchObject({ code: 'too-large' })
  })

  const svg = new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
  test.each([
    ['SVG', svg, 'unknown-type'],
    ['HTML', new TextEncoder().encode('<!DOCTYPE html><script>'), 'unknown-type'],
    ['too many pixels', png(1, { width: 20_000 }), 'too-many-pixels'],
    ['another image', png(9), 'hash-mismatch'],
  ])('is refused: %s', async (_what, bytes, code) => {
    const { api, publish, items, cards, present } = setUp()
    publish(bob, image)
    items.set(`${bob} ${NS_AVATAR_DATA} ${hash}`, AvatarData(bytes))
    await expect(api.of(bob)).rejects.toMatchObject({ name: 'AvatarError', code })
    present('carol@example.org/x', hash)
    cards.set('carol@example.org', { photo: { type: 'image/png', data: bytes } })
    await expect(api.of('carol@example.org')).rejects.toMatchObject({ name: 'AvatarError', code })
    // Nor was it kept.
    publish(bob, image)
    expect((await api.of(bob))?.bytes).toEqual(image)
  })

  test('is refused: data that is no base64', async () => {
    const { api, publish, items } = setUp()
    publish(bob, image)
    items.set(`${bob} ${NS_AVATAR_DATA} ${hash}`, AvatarData(image).with({}, '!'))
    await expect(api.of(bob)).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('an image elsewhere is never fetched, and the one that is here is', async () => {
    const { api, log, items } = setUp()
    const url = 'https://evil.net/x.png'
    const node = `${bob} ${NS_AVATAR_METADATA}`
    items.set(node, metadata(infoOf(png(5), { url })))
    items.set(`${bob} ${NS_AVATAR_DATA} ${hash}`, AvatarData(image))
    expect(await api.of(bob)).toBeUndefined()
    const lies = [infoOf(png(5), { url }), infoOf(png(6), { bytes: 98_305 }), infoOf(png(7), { id: 'x'.repeat(5000) })]
    items.set(node, metadata(...lies, infoOf(image)))
    expect((await api.of(bob))?.hash).toBe(hash)
    expect(log.filter((entry) => entry.includes(' data'))).toEqual([`get ${bob} data ${hash.slice(0, 4)}`])
  })

  test('one of several clients may say that it is another', async () => {
    const { api, cards, present } = setUp()
    cards.set(bob, { photo: { data: image } })
    present(`${bob}/a`, hash)
    present(`${bob}/b`, hashOf(png(2)))
    present(`${bob}/c`, 'current')
    expect((await api.of(bob))?.hash).toBe(hash)
  })
})

test('nothing is asked unless somebody wants it', async () => {
  const { session, log, api, present, tell } = setUp()
  await session.begin()
  present(`${bob}/x`, hash)
  present('cave@rooms.example.org/bob', hash, occupant)
  expect(session.features).not.toContain(notify)
  api.onChange(() => {})
  tell(bob, metadata(infoOf(image)))
  await session.settled()
  expect([log, session.sent]).toEqual([[], []])
})

import { memoryStore } from '@couplet/client'
import { getDiscoInfo } from '@couplet/disco'
import { getNodeConfig, publishItems } from '@couplet/pubsub'
import { presence, StanzaError } from '@couplet/stanza'
import { queryVcard, VcardPhoto } from '@couplet/vcard'
import { describe, expect, test } from 'vitest'
import { hashOf, infoOf, metadata, png, setUp } from '../test/bench.js'
import { AvatarData, AvatarMetadata, NS_AVATAR_DATA, NS_AVATAR_METADATA, VcardUpdate } from './elements.js'

const me = 'me@example.org'
const image = png(1)
const hash = hashOf(image)
const short = hash.slice(0, 7)

/** The hashes in the presences that were sent; `undefined` for a presence without. */
const photos = ({ session }: ReturnType<typeof setUp>) =>
  session.sent.map((sent) => {
    const update = sent.get(VcardUpdate)
    return update && (update.photo ?? 'unsure')
  })

const available = async (bench: ReturnType<typeof setUp>) => {
  await bench.session.begin()
  bench.session.send(presence())
}

describe('publish', () => {
  test('the data, and then what it is; for contacts', async () => {
    const bench = setUp()
    await available(bench)
    expect(await bench.api.publish(image)).toBe(hash)
    expect(bench.log).toEqual([
      `disco ${me}`,
      `disco ${me}`,
      'disco example.org',
      `publish data ${short} presence`,
      `publish metadata ${short} presence`,
    ])
    expect(bench.items.get(`${me} ${NS_AVATAR_DATA}`)).toEqual(AvatarData(image))
    const info = { bytes: 40, height: 64, id: hash, type: 'image/png', width: 64 }
    const published = bench.items.get(`${me} ${NS_AVATAR_METADATA}`)
    expect(String(published)).toBe(String(AvatarMetadata({ infos: [info], pointers: [] })))
    expect(photos(bench)).toEqual([undefined])
  })

  test('for everybody, if it is said', async () => {
    const { api, log } = setUp()
    await api.publish(image, { access: 'open' })
    expect(log.slice(-2)).toEqual([`publish data ${short} open`, `publish metadata ${short} open`])
  })

  test('the own avatar need not be fetched then, and the bytes may be used for something else', async () => {
    const { api, log, items } = setUp()
    const bytes = Buffer.from(image)
    const published = api.publish(bytes)
    bytes.fill(0)
    await published
    log.length = 0
    items.set(`${me} ${NS_AVATAR_METADATA}`, metadata(infoOf(image)))
    expect((await api.of(me))?.bytes).toEqual(image)
    expect(log).toEqual([`get ${me} metadata`])
  })

  test.each([
    ['too-large', png(1, { length: 98_305 })],
    ['too-many-pixels', png(1, { width: 4097 })],
    ['unknown-type', new TextEncoder().encode('<svg/>')],
  ])('S-183 nothing is sent of what is %s', async (code, bytes) => {
    const { api, log } = setUp()
    await expect(api.publish(bytes)).rejects.toMatchObject({ name: 'AvatarError', code, retry: 'no' })
    expect(log).toEqual([])
  })

  test('a refusal and a signal', async () => {
    const { session, api, log } = setUp()
    session.answer(publishItems, new StanzaError({ condition: 'forbidden' }))
    await expect(api.publish(image)).rejects.toMatchObject({ condition: 'forbidden' })
    expect(log).not.toContain('store')
    await expect(api.publish(image, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    await expect(api.remove({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })
})

describe('a server that does not convert (XEP-0153)', () => {
  test('what everybody may see is in the vCard, with all that was there, and in presence', async () => {
    const bench = setUp({ converts: false })
    const others = [AvatarData(image)]
    bench.cards.set(me, { fullName: 'Ishmael', photo: { data: png(9) }, others })
    await available(bench)
    await bench.api.publish(image, { access: 'open' })
    expect(bench.cards.get(me)).toMatchObject({ fullName: 'Ishmael', photo: { type: 'image/png', data: image } })
    expect(bench.cards.get(me)?.others).toHaveLength(1)
    expect(bench.log.slice(-3)).toEqual([`publish metadata ${short} open`, `vcard ${me}`, 'store'])
    bench.session.send(presence({ to: 'cave@rooms.example.org/me' }))
    bench.session.send(presence({ type: 'unavailable' }))
    expect(photos(bench)).toEqual([undefined, hash, hash, undefined])
  })

  test('what contacts may see is not, and an older image does not stay there', async () => {
    const bench = setUp({ converts: false })
    bench.cards.set(me, { fullName: 'Ishmael', photo: { data: png(9) } })
    await bench.api.publish(image)
    expect(bench.log).not.toContain('store') // it is not ours
    await bench.api.publish(image, { access: 'open' })
    await bench.api.publish(png(2))
    expect(bench.cards.get(me)).toEqual({ fullName: 'Ishmael' })
    bench.session.send(presence())
    expect(photos(bench)).toEqual([''])
  })

  test('without personal eventing the vCard is all there is, and contacts alone cannot be served', async () => {
    const { session, api, log, cards } = setUp({ converts: false, hasPep: false })
    session.answer(getNodeConfig, new StanzaError({ condition: 'service-unavailable' }))
    await api.publish(image, { access: 'open' })
    expect([cards.get(me)?.photo?.data, log]).toEqual([image, [`disco ${me}`, `vcard ${me}`, 'store']])
    await expect(api.publish(image)).rejects.toMatchObject({ name: 'PepError', code: 'privacy-not-guaranteed' })
  })

  test('a vCard that cannot be read is not overwritten; a server without vCards has none to change', async () => {
    const bench = setUp({ converts: false })
    const { session, api, log } = bench
    session.answer(queryVcard, new StanzaError({ condition: 'internal-server-error' }))
    const published = api.publish(image, { access: 'open' })
    await expect(published).rejects.toMatchObject({ condition: 'internal-server-error' })
    session.answer(queryVcard, new StanzaError({ condition: 'service-unavailable' }))
    await api.publish(image, { access: 'open' })
    await api.remove()
    session.send(presence())
    expect([photos(bench), log.includes('store')]).toEqual([[undefined], false])
    const { session: bare, api: other } = setUp({ converts: false, hasPep: false })
    bare.answer(queryVcard, new StanzaError({ condition: 'service-unavailable' }))
    await expect(other.publish(image, { access: 'open' })).rejects.toMatchObject({ condition: 'service-unavailable' })
  })

  test('a later session announces it without fetching it', async () => {
    const store = memoryStore()
    await setUp({ converts: false, store }).api.publish(image, { access: 'open' })
    const later = setUp({ converts: false, store })
    await available(later)
    expect([photos(later), later.log]).toEqual([[hash], [`disco ${me}`]])
    // The server has learned it; then it knows best.
    const converting = setUp({ store })
    await available(converting)
    const last = setUp({ converts: false, store })
    await available(last)
    expect([photos(converting), photos(last), last.log]).toEqual([[undefined], [undefined], []])
  })

  test('nothing is announced while it is not known what the server does', async () => {
    const store = memoryStore()
    await setUp({ converts: false, store }).api.publish(image, { access: 'open' })
    const bench = setUp({ converts: false, store })
    bench.session.answer(getDiscoInfo, new StanzaError({ condition: 'internal-server-error', type: 'wait' }))
    await available(bench)
    await expect(bench.session.settled()).rejects.toMatchObject({ condition: 'internal-server-error' })
    expect(photos(bench)).toEqual([undefined])
  })

  test('a store that has something else announces nothing', async () => {
    const store = memoryStore()
    const records = [
      { version: 1, value: 'x' },
      { version: 2, value: hash },
    ]
    for (const record of records) {
      await store.batch([{ key: `${me}/avatar/own`, record }])
      const bench = setUp({ converts: false, store })
      await available(bench)
      expect([photos(bench), bench.log]).toEqual([[undefined], []])
    }
  })
})

describe('another client of the account says something else (XEP-0153 §4.3)', () => {
  const published = async () => {
    const store = memoryStore()
    const bench = setUp({ converts: false, store })
    await available(bench)
    await bench.api.publish(image, { access: 'open' })
    return { ...bench, store }
  }

  test('nothing is announced until somebody knows', async () => {
    const bench = await published()
    for (const photo of [hashOf(png(2)), hashOf(png(3))]) bench.present(`${me}/other`, photo)
    await bench.session.settled()
    expect(photos(bench)).toEqual([undefined, hash, 'unsure'])
    const later = setUp({ converts: false, store: bench.store })
    await available(later)
    expect(photos(later)).toEqual([undefined])
    await bench.api.publish(image, { access: 'open' })
    expect(photos(bench).at(-1)).toBe(hash)
  })

  test('others, the same, nothing, and ourselves do not count', async () => {
    const bench = await published()
    bench.present('mallory@evil.net/x', hashOf(png(2)))
    bench.present('example.org', hashOf(png(2)))
    bench.present(`${me}/other`, hash.toUpperCase())
    bench.present(`${me}/other`, undefined)
    bench.present(`${me}/here`, hashOf(png(2)))
    bench.session.receive(`<presence from='${me}/other'/>`)
    await bench.session.settled()
    expect(photos(bench)).toEqual([undefined, hash])
  })
})

describe('remove', () => {
  test('says so, and takes the image away', async () => {
    const { api, items, log } = setUp()
    const elsewhere = infoOf(png(2), { url: 'https://example.org/x.png' })
    items.set(`${me} ${NS_AVATAR_METADATA}`, metadata(infoOf(image), elsewhere))
    await api.remove()
    expect(log).toEqual([
      `disco ${me}`,
      `get ${me} metadata`,
      'publish metadata current as it is',
      `retract data ${hash.slice(0, 4)}`,
    ])
    expect(String(items.get(`${me} ${NS_AVATAR_METADATA}`))).toBe(String(metadata()))
  })

  test('also what cannot be read, and what is only elsewhere', async () => {
    const { api, items, log } = setUp()
    const url = 'https://example.org/x.png'
    for (const there of [AvatarData(image), metadata(infoOf(image, { url })), metadata(infoOf(image, { id: 'x' }))]) {
      items.set(`${me} ${NS_AVATAR_METADATA}`, there)
      await api.remove()
      expect(String(items.get(`${me} ${NS_AVATAR_METADATA}`))).toBe(String(metadata()))
    }
    expect(log.filter((entry) => entry.startsWith('retract'))).toEqual([])
  })

  test('nothing is nothing to remove', async () => {
    const { api, log, items } = setUp()
    await api.remove()
    items.set(`${me} ${NS_AVATAR_METADATA}`, metadata())
    await api.remove()
    expect(log.filter((entry) => /publish|retract|store/.test(entry))).toEqual([])
  })

  test('also from the vCard, where the server does not do it', async () => {
    const bench = setUp({ converts: false })
    await available(bench)
    const others = [AvatarData(image), VcardPhoto({ type: 'a second one' })]
    bench.cards.set(me, { fullName: 'Ishmael', photo: { data: image }, others })
    await bench.api.remove()
    expect(bench.cards.get(me)).toMatchObject({ fullName: 'Ishmael' })
    expect([bench.cards.get(me)?.photo, bench.cards.get(me)?.others?.length]).toEqual([undefined, 1])
    expect(photos(bench)).toEqual([undefined, ''])
    bench.log.length = 0
    await bench.api.remove()
    expect(bench.log).not.toContain('store')
  })
})

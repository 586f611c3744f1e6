import { base64, xml } from '@couplet/stanza'
import { getVcard, NS_VCARD, setVcard, updateVcard, type Vcard } from '@couplet/vcard'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

const card: Vcard = {
  fullName: 'Ishmael of Nantucket',
  name: { family: 'of Nantucket', given: 'Ishmael' },
  nickname: 'Ish',
  birthday: '1819-08-01',
  urls: ['https://pequod.example/'],
  organization: { name: 'Pequod' },
  title: 'Sailor',
  phones: [{ home: true, number: '+1-508-555-0100' }],
  emails: [{ internet: true, home: true, address: 'ish@pequod.example' }],
  jabberId: 'ish@pequod.example',
}
const png = base64.decode(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
) as Uint8Array

describe.each(await targets())('vCards on $title', (target) => {
  test('stored, read, and read by everybody', async () => {
    const [mine, stranger] = await Promise.all([openClient(target), openClient(target)])
    await setVcard(mine, card)
    for (const client of [mine, stranger]) {
      expect(await getVcard(client, { from: mine.account })).toMatchObject({
        fullName: card.fullName,
        name: card.name,
        nickname: card.nickname,
        birthday: card.birthday,
        title: card.title,
        jabberId: card.jabberId,
        urls: card.urls,
      })
    }
    const own = await getVcard(mine)
    expect([own?.phones?.[0], own?.emails?.[0], own?.organization]).toMatchObject([
      { home: true, number: '+1-508-555-0100' },
      { home: true, address: 'ish@pequod.example' },
      { name: 'Pequod' },
    ])
  })

  test('nobody there, and nothing there, is nothing', async () => {
    const [mine, stranger] = await Promise.all([openClient(target), openClient(target)])
    expect(await getVcard(mine, { from: `nobody-at-all@${target.domain}` })).toBeUndefined()
    for (const client of [mine, stranger]) {
      const { fullName, nickname, photo } = (await getVcard(client, { from: mine.account })) ?? {}
      // Some servers have the names of all parts ready, without anything in them.
      expect([fullName ?? '', nickname ?? '', photo]).toEqual(['', '', undefined])
    }
  })

  test('a change keeps what was there, and so do two', async () => {
    const account = await target.createUser()
    const [one, other] = await Promise.all([openClient(target, { account }), openClient(target, { account })])
    const unknown = xml(NS_VCARD, 'X-SHIP', {}, 'Pequod')
    await setVcard(one, { ...card, photo: { type: 'image/png', data: png }, others: [unknown] })
    await updateVcard(other, (before) => ({ ...before, nickname: 'Ishmael' }))
    await updateVcard(one, (before) => ({ ...before, role: 'Narrator' }))
    const after = await getVcard(other)
    expect(after).toMatchObject({ fullName: card.fullName, nickname: 'Ishmael', role: 'Narrator' })
    expect(after?.photo?.data).toEqual(png)
    // Prosody keeps vCards in the modern form, which has no place for what it does not know.
    const keepsAll = target.server?.kind !== 'prosody'
    const others = after?.others?.map(String).filter((each) => each.includes('X-SHIP')) ?? []
    expect(others).toEqual(keepsAll ? [String(unknown)] : [])
  })

  test('a server may have one', async () => {
    const client = await openClient(target)
    const found = await getVcard(client, { from: target.domain }).catch((error: unknown) => error)
    if (target.server?.kind === 'ejabberd') expect(found).toMatchObject({ fullName: 'ejabberd' })
    else expect(found).toBeUndefined()
  })
})

import { randomBytes } from 'node:crypto'
import { type AvatarChange, avatar, VcardUpdate } from '@couplet/avatar'
import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { muc } from '@couplet/muc'
import { pep } from '@couplet/pep'
import { contactPresence } from '@couplet/presence'
import { pubsub } from '@couplet/pubsub'
import { roster } from '@couplet/roster'
import { base64, type Presence } from '@couplet/stanza'
import { getVcard, setVcard, updateVcard } from '@couplet/vcard'
import { describe, expect, test } from 'vitest'
import { befriend } from './befriend.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const plugins = () => [caps(), disco(), roster(), contactPresence(), pubsub(), pep(), muc(), avatar()] as const

/** What has been seen, and a promise for the first that is like this. */
const seen = <T>() => {
  const all: T[] = []
  let check = (): void => {}
  return {
    forget: () => void all.splice(0),
    take: (value: T): void => {
      all.push(value)
      check()
    },
    until: (isIt: (value: T) => boolean): Promise<T> =>
      new Promise((resolve) => {
        check = () => {
          const found = all.find(isIt)
          if (found !== undefined) resolve(found)
        }
        check()
      }),
  }
}

const connect = async (target: Target, account?: { readonly jid: string; readonly password: string }) => {
  const client = await newClient(target, { ...(account && { account }), plugins: plugins() })
  const [changes, presences] = [seen<AvatarChange>(), seen<Presence>()]
  client.avatar.onChange((change) => changes.take(change))
  client.onPresence((presence) => presences.take(presence))
  await client.online()
  return { client, changes, presences }
}

const pixel = base64.decode(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
) as Uint8Array
/** An image of its own: programs ignore what follows the end of a PNG. */
const picture = () => new Uint8Array([...pixel, ...randomBytes(8)])

const all = await targets()

describe.each(all.filter(({ server }) => server !== undefined))('avatars on $title', (target) => {
  test('of a contact in one line; contacts are told of another one, and of none', async () => {
    const [mine, friend] = await Promise.all([connect(target), connect(target)])
    await befriend(mine.client, friend.client)
    const { account } = mine.client
    expect(await friend.client.avatar.of(account)).toBeUndefined()
    for (const image of [picture(), picture()]) {
      const hash = await mine.client.avatar.publish(image)
      const change = await friend.changes.until((each) => each.jid.equals(account) && each.hash === hash)
      expect(await change.load()).toEqual({ bytes: image, type: 'image/png', hash, width: 1, height: 1 })
      expect((await friend.client.avatar.of(mine.client.jid))?.hash).toBe(hash)
    }
    friend.changes.forget()
    await mine.client.avatar.remove()
    await friend.changes.until((each) => each.jid.equals(account) && each.hash === undefined)
    expect(await friend.client.avatar.of(account)).toBeUndefined()
    expect(await mine.client.avatar.of(account)).toBeUndefined()
    expect((await getVcard(mine.client))?.photo?.data).toBeUndefined()
  })

  test('other clients of the account have it, too', async () => {
    const account = await target.createUser()
    const [one, other] = await Promise.all([connect(target, account), connect(target, account)])
    const image = picture()
    const hash = await one.client.avatar.publish(image)
    await other.changes.until((each) => each.jid.equals(one.client.account) && each.hash === hash)
    expect((await other.client.avatar.of(one.client.account))?.bytes).toEqual(image)
  })

  test('strangers see one that is for everybody, and no node of one that is not', async () => {
    const [mine, stranger] = await Promise.all([connect(target), connect(target)])
    const [image, another] = [picture(), picture()]
    await mine.client.avatar.publish(image, { access: 'open' })
    expect((await stranger.client.avatar.of(mine.client.account))?.bytes).toEqual(image)
    await mine.client.avatar.publish(another)
    const { account } = mine.client
    const found = await stranger.client.avatar.of(account)
    // ejabberd copies every avatar into the vCard, which everybody can read.
    expect(found?.bytes).toEqual(target.server?.kind === 'ejabberd' ? another : undefined)
  })

  test('occupants of a room have one (XEP-0153, XEP-0398)', async () => {
    const [mine, guest] = await Promise.all([connect(target), connect(target)])
    const image = picture()
    const hash = await mine.client.avatar.publish(image, { access: 'open' })
    const room = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
    await mine.client.muc.create(room, { nick: 'owner' })
    await guest.client.muc.join(room, { nick: 'guest' })
    const change = await guest.changes.until((each) => String(each.jid) === `${room}/owner` && each.hash === hash)
    expect((await change.load())?.bytes).toEqual(image)
    expect((await guest.client.avatar.of(`${room}/owner`))?.hash).toBe(hash)
    expect(await mine.client.avatar.of(`${room}/guest`)).toBeUndefined()
    expect(await guest.client.avatar.of(room)).toBeUndefined()
  })

  test('what an older program has put into the vCard is found, and what is published goes there', async () => {
    const [mine, friend] = await Promise.all([connect(target), connect(target)])
    await befriend(mine.client, friend.client)
    const [old, image] = [picture(), picture()]
    await setVcard(mine.client, { fullName: 'Ishmael', photo: { type: 'image/png', data: old } })
    expect((await friend.client.avatar.of(mine.client.account))?.bytes).toEqual(old)
    await mine.client.avatar.publish(image)
    const card = await getVcard(friend.client, { from: mine.client.account })
    expect([card?.fullName, card?.photo?.data]).toEqual(['Ishmael', image])
  })

  test('the server puts the hash into presence, and we do not', async () => {
    const [mine, friend] = await Promise.all([connect(target), connect(target)])
    await befriend(mine.client, friend.client)
    const hash = await mine.client.avatar.publish(picture())
    mine.client.presence.set({ status: 'look' })
    const shown = await friend.presences.until(({ status }) => status === 'look')
    expect(shown.all(VcardUpdate)).toEqual([{ photo: hash }])
  })
})

describe.each(all.filter(({ server }) => server === undefined))('avatars in vCards on $title', (target) => {
  test('of a contact, with the hash in presence', async () => {
    const [mine, friend] = await Promise.all([connect(target), connect(target)])
    await befriend(mine.client, friend.client)
    const image = picture()
    await updateVcard(mine.client, (card) => ({ ...card, fullName: 'Ishmael' }))
    const hash = await mine.client.avatar.publish(image, { access: 'open' })
    const change = await friend.changes.until((each) => each.jid.equals(mine.client.account) && each.hash === hash)
    expect((await change.load())?.bytes).toEqual(image)
    expect(await getVcard(friend.client, { from: mine.client.account })).toMatchObject({ fullName: 'Ishmael' })
    friend.changes.forget()
    await mine.client.avatar.remove()
    await friend.changes.until((each) => each.jid.equals(mine.client.account) && each.hash === undefined)
    expect(await friend.client.avatar.of(mine.client.account)).toBeUndefined()
    expect(await getVcard(mine.client)).toEqual({ fullName: 'Ishmael' })
  })

  test('what only contacts may see cannot be published there', async () => {
    const { client } = await connect(target)
    await expect(client.avatar.publish(picture())).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
    expect(await getVcard(client)).toBeUndefined()
  })
})

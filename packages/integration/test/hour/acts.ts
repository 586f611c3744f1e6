import { correct } from '@couplet/correction'
import { Markable } from '@couplet/markers'
import { type BareJid, message } from '@couplet/stanza'
import type { Device } from './device.js'
import type { Hour } from './hour.js'

/** Something that happens, and has happened everywhere when it resolves. */
export type Act = (hour: Hour) => Promise<void>

/** Somebody writes to somebody. */
async function write(hour: Hour, from: Device, to: BareJid): Promise<void> {
  const body = hour.text(`from ${from.name}`)
  await from.say(message({ to, type: 'chat', body }, Markable()))
  await hour.heard(body)
}

/** One of Alice's devices writes to Bob. */
export const writeToBob: Act = (hour) => write(hour, hour.random.pick(hour.alice), hour.bob.client.account)

/** Bob writes to Alice. */
export const writeToAlice: Act = (hour) => write(hour, hour.bob, hour.laptop.client.account)

/** Somebody thinks better of what they wrote last, which another device of theirs may have sent. */
export const correctLast: Act = async (hour) => {
  const device = hour.random.pick(hour.devices)
  const peer = device === hour.bob ? hour.laptop : hour.bob
  const last = device.diary.lastOf(device.client.account, peer.client.account)
  if (last === undefined) return
  const body = hour.text(`instead, from ${device.name}`)
  const { to, id = '' } = last
  await device.say(correct(message({ to, id, type: 'chat', body: last.body }), body))
  await hour.heard(body)
}

/** Somebody has read what the other one wrote. */
export const markLast: Act = async (hour) => {
  const device = hour.random.pick(hour.devices)
  const peer = (device === hour.bob ? hour.laptop : hour.bob).client.account
  const last = device.diary.lastOf(peer, peer)
  if (last === undefined) return
  await device.mark(last)
  const reader = device.client.account.toString()
  await hour.everywhere(`${reader} has read`, ({ diary }) => diary.displayed.get(reader) === last.id)
}

/** Somebody says something in the room. */
export const talk: Act = async (hour) => {
  const body = hour.text('in the room')
  const rooms = [...hour.devices.map((device) => device.room(hour.room)), ...hour.extras.map(({ room }) => room)]
  hour.random.pick(rooms).send(body)
  await hour.heard(body)
}

/** The room is about something else. */
export const changeSubject: Act = async (hour) => {
  const subject = hour.text('things to talk about')
  hour.random.pick(hour.devices).room(hour.room).setSubject(subject)
  await hour.everywhere(subject, (device) => device.room(hour.room).subject === subject)
}

/** Somebody takes another nickname. */
export const changeNick: Act = async (hour) => {
  const { room } = hour.random.pick(hour.extras)
  const [before, after] = [room.nick, hour.text('by another name')]
  await room.changeNick(after)
  await hour.everywhere(after, (device) => {
    const { occupants } = device.room(hour.room)
    return occupants.has(after) && !occupants.has(before)
  })
}

/** Somebody goes. */
export const leaveRoom: Act = async (hour) => {
  const index = hour.random.below(hour.extras.length)
  const [gone] = hour.extras.splice(index, 1)
  if (gone === undefined) return
  const { nick } = gone.room
  await gone.room.leave()
  await hour.everywhere(`${nick} is gone`, (device) => !device.room(hour.room).occupants.has(nick))
}

/** Alice calls somebody something, or has a new contact. */
export const editContacts: Act = async (hour) => {
  const someone = hour.random.pick([hour.bob.client.account, ...hour.extras.map(({ account }) => account)])
  const name = hour.text('a friend')
  const { roster } = hour.random.pick(hour.alice).client
  if (roster.get(someone) === undefined) await roster.add(someone, { name, groups: ['Room'] })
  else await roster.update(someone, { name, groups: ['Room', 'Friends'] })
  await hour.everywhere(name, ({ client }) => client.roster.get(someone)?.name === name, hour.alice)
}

/** Alice does not want to know somebody any more. */
export const removeContact: Act = async (hour) => {
  const { roster } = hour.random.pick(hour.alice).client
  const bob = hour.bob.client.account
  const others = [...roster.contacts.values()].filter(({ jid }) => !jid.equals(bob))
  if (others.length === 0) return
  const { jid } = hour.random.pick(others)
  await roster.remove(jid)
  await hour.everywhere(`without ${jid}`, ({ client }) => client.roster.get(jid) === undefined, hour.alice)
}

/** A room is remembered, or renamed in the bookmarks. */
export const editBookmarks: Act = async (hour) => {
  const name = hour.text('a room')
  const room = hour.random.pick([hour.room, ...[1, 2, 3].map((n) => `other${n}@rooms.example.org`)])
  await hour.random.pick(hour.alice).client.bookmarks.set(room, { name })
  await hour.everywhere(name, ({ client }) => client.bookmarks.of(room)?.name === name, hour.alice)
}

/** A room is forgotten. */
export const removeBookmark: Act = async (hour) => {
  const { bookmarks } = hour.random.pick(hour.alice).client
  const others = [...bookmarks.all.values()].filter(({ jid }) => !jid.equals(hour.room))
  if (others.length === 0) return
  const { jid } = hour.random.pick(others)
  await bookmarks.remove(jid)
  await hour.everywhere(`without ${jid}`, ({ client }) => client.bookmarks.of(jid) === undefined, hour.alice)
}

/** Bob is available in another way. */
export const changePresence: Act = async (hour) => {
  const { client } = hour.bob
  const status = hour.text('what I do')
  client.presence.set({ show: hour.random.pick(['away', 'dnd', 'xa', 'chat']), status })
  await hour.everywhere(status, (device) => device.client.presence.of(client.account)[0]?.status === status, hour.alice)
}

import {
  type Act,
  changeNick,
  changePresence,
  changeSubject,
  correctLast,
  editBookmarks,
  editContacts,
  leaveRoom,
  markLast,
  removeBookmark,
  removeContact,
  talk,
  writeToAlice,
  writeToBob,
} from './acts.js'
import type { Device } from './device.js'
import type { Hour } from './hour.js'

/** What happens in any minute, the frequent things more than once. */
const everyday: readonly Act[] = [
  ...[writeToBob, writeToBob, writeToAlice, writeToAlice, correctLast, markLast],
  ...[talk, talk, talk, talk, changeSubject, changeNick, leaveRoom],
  ...[editContacts, removeContact, editBookmarks, removeBookmark, changePresence],
]

/** Minutes. */
const [phoneOff, phoneBack, end] = [15, 45, 60]

/** Alice and Bob get to know each other. */
const befriend: Act = async (hour) => {
  const { laptop, bob } = hour
  for (const [one, other] of [
    [laptop, bob],
    [bob, laptop],
  ] as const) {
    const asked = new Promise<void>((resolve) => {
      const subscription = other.client.presence.onRequest(({ approve }) => {
        subscription.dispose()
        approve()
        resolve()
      })
    })
    one.client.presence.subscribe(other.client.account)
    await asked
  }
  const both = (one: Device, other: Device): boolean =>
    one.client.roster.get(other.client.account)?.subscription === 'both' &&
    one.client.presence.of(other.client.account).length > 0
  await hour.everywhere('friends', (device) => both(device, bob), hour.alice)
  await hour.everywhere('friends', (device) => both(device, laptop), [bob])
}

/** They are in a room with eighteen others, and Alice's devices will always be. */
const openRoom: Act = async (hour) => {
  const { laptop, bob, room } = hour
  await laptop.create(room, 'alice')
  await Promise.all([
    laptop.client.bookmarks.set(room, { name: 'The hour', autojoin: true, nick: 'alice' }),
    bob.client.bookmarks.set(room, { name: "Alice's room", autojoin: true, nick: 'bob' }),
  ])
  await hour.everywhere('the bookmark', ({ client }) => client.bookmarks.of(room) !== undefined)
  await Promise.all([hour.phone?.enterRooms(), bob.enterRooms()])
  await hour.fillRoom()
}

/** The phone comes back while the others go on. */
const returnToAll: Act = async (hour) => {
  const back = hour.switchPhoneOn()
  for (let i = 0; i < 10; i++) {
    for (const act of [talk, writeToAlice, writeToBob]) await act(hour)
  }
  hour.phone = await back // not before, or the seed would not decide who is asked
}

/** Plays the hour, minute by minute. */
export async function play(hour: Hour): Promise<void> {
  await befriend(hour)
  await openRoom(hour)
  for (let minute = 1; minute < end; minute++) {
    if (minute === phoneOff) await hour.switchPhoneOff()
    if (minute === phoneBack) await returnToAll(hour)
    for (let i = 0; i < 3; i++) await hour.random.pick(everyday)(hour)
  }
}

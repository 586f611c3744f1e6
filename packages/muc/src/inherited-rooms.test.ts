import { memoryStore } from '@couplet/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, me, newSession, RoomScene } from '../test/in-room.js'
import type { Room } from './index.js'

const key = 'me@example.org/muc/rooms'
const ours = 'me@example.org/here'

/** What a process leaves that was in the room. */
const left = async (nick = me) => {
  const store = memoryStore()
  const scene = new RoomScene({ store })
  const joined = scene.muc.join(cave, { nick })
  scene.letIn(nick)
  await joined
  await scene.session.settled()
  await vi.waitFor(async () => expect(await store.get(key)).toBeDefined())
  return { store, scene, room: await joined }
}
/** A process that goes on with the session of that one. */
const goOn = async (store = memoryStore()) => {
  const scene = new RoomScene({ store })
  scene.session.lose()
  await scene.session.resume(true)
  return scene
}
const bodies = (room: Room): (string | undefined)[] => {
  const list: (string | undefined)[] = []
  room.onMessage(({ body, isHistory }) => void list.push(isHistory ? `history ${body}` : body))
  return list
}
/** What is said in a room that is asked for. */
const heardBy = async (scene: RoomScene, joined: Promise<Room>) => {
  const heard = bodies(await joined)
  await scene.session.settled()
  return heard
}
/** The room lets us in by the inherited nickname, and then renames us. */
const becomeOurselves = async (scene: RoomScene) => {
  scene.letIn('old')
  await vi.waitFor(() => expect(scene.told.at(-1)).toBe(`available ${cave}/${me}`))
  scene.presence('old', { type: 'unavailable' }, { items: [{ nick: me }], statuses: [303, 110] })
  scene.letIn()
}
const stored = async (store: ReturnType<typeof memoryStore>) =>
  (await store.get(key))?.value as { readonly jid: string; readonly rooms: readonly unknown[] } | undefined

describe('what is kept', () => {
  test('the rooms we are in, and what we are called there', async () => {
    const { store, scene, room } = await left()
    expect(await stored(store)).toEqual({ jid: ours, rooms: [[cave, me]] })
    scene.presence(me, { type: 'unavailable' }, { items: [{ nick: 'hag' }], statuses: [303, 110] })
    scene.letIn('hag')
    await vi.waitFor(async () => expect((await stored(store))?.rooms).toEqual([[cave, 'hag']]))
    void room.leave()
    scene.presence('hag', { type: 'unavailable' }, { statuses: [110] })
    await vi.waitFor(async () => expect((await stored(store))?.rooms).toEqual([]))
  })

  test('not those of an earlier session', async () => {
    const { store, scene } = await left()
    await newSession(scene)
    await vi.waitFor(async () => expect((await stored(store))?.rooms).toEqual([]))
  })

  test('a store that fails is reported, and the room entered', async () => {
    const store = memoryStore()
    const scene = new RoomScene({ store: { ...store, batch: () => Promise.reject(new Error('full')) } })
    const room = await scene.enter().catch(() => scene.muc.rooms.get(cave))
    await vi.waitFor(() => expect(scene.session.errors.map(String)).toEqual(['Error: full']))
    expect(room?.state).toBe('joined')
  })
})

describe('a session that an earlier process has left', () => {
  test('what the room says before it is asked for is heard once it is', async () => {
    const { store } = await left()
    const scene = await goOn(store)
    const seen: (string | undefined)[] = []
    scene.session.onMessage((message) => void seen.push(`${scene.muc.kindOf(message)} ${message.body}`))
    scene.say('bob', 'one')
    scene.say('bob', 'two')
    expect([scene.muc.rooms.size, scene.told]).toEqual([0, []])
    const joined = scene.muc.join(cave, { nick: me })
    expect(scene.told).toEqual([`available ${cave}/${me}`])
    scene.say('bob', 'three')
    scene.presence('bob')
    scene.letIn()
    const room = await joined
    const heard = bodies(room)
    await scene.session.settled()
    scene.say('bob', 'four')
    expect(heard).toEqual(['one', 'two', 'three', 'four'])
    expect([...room.occupants.keys()]).toEqual(['bob', me])
    expect([seen, scene.session.rejected]).toEqual([['one', 'two', 'three', 'four'].map((b) => `groupchat ${b}`), []])
  })

  test('S-140 nobody else may say anything to all, nor if the record is of another session', async () => {
    const { store } = await left()
    const scene = await goOn(store)
    scene.session.receive(`<message type='groupchat' from='den@rooms.example.org/bob'><body>x</body></message>`)
    const other = await goOn()
    other.say('bob', 'x')
    await store.batch([{ key, record: { version: 1, value: { jid: 'me@example.org/else', rooms: [[cave, me]] } } }])
    const foreign = await goOn(store)
    foreign.say('bob', 'x')
    expect([scene, other, foreign].map(({ session }) => session.rejected.length)).toEqual([1, 1, 1])
  })

  test.each([
    null,
    [],
    { jid: ours, rooms: 'x' },
    { jid: ours, rooms: [[cave]] },
    { jid: ours, rooms: [['@', 'x']] },
    { jid: ours, rooms: [[cave, 7]] },
  ])('a record that makes no sense is none: %j', async (value) => {
    const store = memoryStore()
    await store.batch([{ key, record: { version: 1, value } }])
    const scene = await goOn(store)
    scene.say('bob', 'x')
    expect([scene.session.rejected.length, scene.session.errors]).toEqual([1, []])
  })

  test('by another nickname: first we are who we were, so that the room says who is there', async () => {
    const { store } = await left('old')
    const scene = await goOn(store)
    const joined = scene.muc.join(cave, { nick: me })
    expect(scene.told).toEqual([`available ${cave}/old`])
    scene.presence('bob')
    await becomeOurselves(scene)
    const room = await joined
    expect([room.nick, [...room.occupants.keys()].sort()]).toEqual([me, ['bob', me]])
    await vi.waitFor(async () => expect((await stored(store))?.rooms).toEqual([[cave, me]]))
  })

  test('so it is for a room that was asked for before there was a session', async () => {
    const { store } = await left('old')
    const scene = new RoomScene({ store })
    scene.session.lose()
    const joined = scene.muc.join(cave, { nick: me })
    await scene.session.resume(true)
    scene.say('bob', 'one')
    expect(scene.told).toEqual([`available ${cave}/old`])
    await becomeOurselves(scene)
    expect(await heardBy(scene, joined)).toEqual(['one'])
  })

  test('a room that has put us out meanwhile is entered as any other', async () => {
    const { store } = await left('old')
    const scene = await goOn(store)
    await expect(scene.muc.create(cave)).rejects.toMatchObject({ code: 'exists' })
    scene.say('bob', 'one')
    scene.presence('old', { type: 'unavailable' }, { statuses: [110, 307] })
    scene.say('bob', 'not for us')
    expect(scene.session.rejected).toHaveLength(1)
    const joined = scene.muc.join(cave, { nick: me })
    expect(scene.told).toEqual([`available ${cave}/${me}`])
    scene.letIn()
    expect(await heardBy(scene, joined)).toEqual(['one'])
  })

  test('a new session knows nothing of the room, but what was said is still heard', async () => {
    const { store } = await left('old')
    const scene = await goOn(store)
    scene.say('bob', 'one')
    await newSession(scene)
    scene.say('bob', 'too late')
    expect([scene.session.rejected.length, scene.told]).toEqual([1, []])
    const joined = scene.muc.join(cave, { nick: me })
    expect(scene.told).toEqual([`available ${cave}/${me}`])
    scene.letIn()
    expect(await heardBy(scene, joined)).toEqual(['one'])
  })

  test('of one room a thousand messages wait', async () => {
    const { store } = await left()
    const scene = await goOn(store)
    for (let i = 0; i < 1010; i++) scene.say('bob', `${i}`)
    const joined = scene.muc.join(cave, { nick: me })
    scene.letIn()
    const heard = bodies(await joined)
    await scene.session.settled()
    expect([heard.length, heard[0], heard.at(-1)]).toEqual([1000, '10', '1009'])
  })
})

describe('with a clock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const record = async () => {
    const store = memoryStore()
    await store.batch([{ key, record: { version: 1, value: { jid: ours, rooms: [[cave, me]] } } }])
    return store
  }

  test('a room that nobody asks for in five minutes is left', async () => {
    const store = await record()
    const scene = await goOn(store)
    scene.say('bob', 'one')
    await vi.advanceTimersByTimeAsync(300_000)
    expect(scene.told).toEqual([`unavailable ${cave}/${me}`])
    scene.say('bob', 'two')
    expect([scene.session.rejected.length, (await stored(store))?.rooms, vi.getTimerCount()]).toEqual([1, [], 0])
  })

  test('without a connection it is told when the session goes on', async () => {
    const scene = await goOn(await record())
    scene.session.lose()
    await vi.advanceTimersByTimeAsync(300_000)
    expect(scene.told).toEqual([])
    await scene.session.resume()
    expect(scene.told).toEqual([`unavailable ${cave}/${me}`])
  })

  test('nothing is left when the client closes', async () => {
    const scene = await goOn(await record())
    expect(vi.getTimerCount()).toBe(1)
    scene.session.end()
    expect(vi.getTimerCount()).toBe(0)
  })
})

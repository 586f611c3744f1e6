import { Delay } from '@couplet/delay'
import { getDiscoInfo } from '@couplet/disco'
import { Jid, presence, type StanzaErrorCondition } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, inside, me, newSession, RoomScene, refuse, user } from '../test/in-room.js'
import { MucJoin, type Room } from './index.js'

const minute = 60_000

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-06-01T12:00:00Z') }))
afterEach(() => void vi.useRealTimers())

describe('after a new session', () => {
  test('R-045 twenty rooms are entered again, five in a second', async () => {
    const scene = new RoomScene()
    const rooms: Room[] = []
    for (let i = 0; i < 20; i++) {
      const joined = scene.muc.join(`r${i}@rooms.example.org`, { nick: me })
      scene.session.receive(presence({ from: `r${i}@rooms.example.org/${me}` }, user({ statuses: [110] })))
      rooms.push(await joined)
    }
    await newSession(scene)
    const counts: number[] = []
    for (let second = 0; second < 5; second++) {
      counts.push(scene.told.length - 20)
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(counts).toEqual([1, 6, 11, 16, 20])
    expect(new Set(scene.told).size).toBe(20)
    expect(rooms.every(({ state }) => state === 'lost')).toBe(true)
  })

  test('R-045 the history since the last message is asked for, and what was seen is left out', async () => {
    const { scene, room, events } = await inside()
    await vi.advanceTimersByTimeAsync(10 * minute)
    scene.say('bob', { body: 'seen', id: '1' })
    scene.say('bob', 'nameless', StanzaId({ id: 's1', by: Jid.parse(cave) }))
    await vi.advanceTimersByTimeAsync(3 * minute)
    await newSession(scene)
    expect(scene.session.sent.at(-1)?.get(MucJoin)).toEqual({ history: { seconds: 210 } })
    const seen: string[] = []
    room.onMessage(({ body, isHistory }) => void seen.push(`${body} ${isHistory}`))
    scene.letIn()
    const delay = Delay({ from: Jid.parse(cave), stamp: new Date('2026-06-01T12:10:00Z') })
    scene.say('bob', { body: 'seen', id: '1' }, delay)
    scene.say('bob', { body: 'missed', id: '2' }, delay)
    scene.say('bob', 'nameless', delay, StanzaId({ id: 's1', by: Jid.parse(cave) }))
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual(['seen false', 'nameless false', 'missed true'])
    expect([room.state, events]).toEqual(['joined', [{ type: 'rejoined' }]])
  })

  test('R-045 a session that goes on asks for nothing', async () => {
    const { scene, room } = await inside()
    scene.session.lose()
    await scene.session.resume()
    await vi.advanceTimersByTimeAsync(minute)
    expect([scene.told.length, room.state]).toEqual([1, 'joined'])
  })

  test('who has gone meanwhile is gone', async () => {
    const { scene, room } = await inside()
    const changes: string[] = []
    room.onOccupant(({ type, occupant }) => void changes.push(`${occupant.nick} ${type}`))
    await newSession(scene)
    scene.presence('carol')
    scene.letIn()
    expect([changes, [...room.occupants.keys()]]).toEqual([
      ['carol entered', 'me changed', 'bob left'],
      [me, 'carol'],
    ])
  })

  test('what is said on the way back waits until we are in; R-045 what is said when we never come back fails', async () => {
    const { scene, room } = await inside()
    scene.session.lose()
    const offline = room.send('offline')
    await scene.session.begin()
    const early = room.send('early')
    await expect(early.accepted).resolves.toBeUndefined()
    expect([offline.state, early.state, scene.session.sent.at(-1)?.element.name]).toEqual([
      'queued',
      'queued',
      'presence',
    ])
    scene.letIn()
    expect(scene.session.sent.slice(-2).map(({ element }) => element.child('body')?.text)).toEqual(['offline', 'early'])
    expect(scene.session.sent.slice(-2).map(({ id }) => id)).toEqual([offline.id, early.id])
    expect([offline.state, early.state]).toEqual(['written', 'written'])
    await newSession(scene)
    const never = room.send('never')
    refuse(scene, 'forbidden')
    await expect(never.acked).rejects.toMatchObject({ code: 'left' })
    expect([never.state, room.state]).toEqual(['failed', 'left'])
  })

  test('what was held because nobody could know goes out when the session goes on', async () => {
    const { scene, room } = await inside()
    scene.session.lose()
    room.send('offline')
    await scene.session.resume()
    expect(scene.session.sent.at(-1)?.element.child('body')?.text).toBe('offline')
  })

  test.each<[StanzaErrorCondition, boolean]>([
    ['forbidden', false],
    ['registration-required', false],
    ['not-authorized', false],
    ['item-not-found', true],
    ['conflict', true],
    ['service-unavailable', true],
    ['remote-server-not-found', true],
    ['resource-constraint', true],
  ])('a room that says %s: do we try again? %s', async (condition, again) => {
    const { scene, room, events } = await inside()
    await newSession(scene)
    refuse(scene, condition)
    expect([room.state, events.map(({ type }) => type)]).toEqual(again ? ['lost', []] : ['left', ['refused']])
    const before = scene.told.length
    await vi.advanceTimersByTimeAsync(11_000)
    expect(scene.told.length - before).toBe(again ? 1 : 0)
  })

  test('a room that stays silent is asked less and less often', async () => {
    const { scene } = await inside()
    await newSession(scene)
    const times: number[] = []
    let count = scene.told.length
    for (let second = 0; second < 3600; second++) {
      await vi.advanceTimersByTimeAsync(1000)
      if (scene.told.length > count) times.push(second)
      count = scene.told.length
    }
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0))
    expect(times.length).toBeLessThan(12)
    expect(gaps.every((gap, i) => i < 2 || gap >= 0.8 * (gaps[i - 1] ?? 0))).toBe(true)
  })

  test('R-045 leaving while the connection is lost is told when the session goes on, and before anything new', async () => {
    const { scene, room } = await inside()
    scene.session.lose()
    await room.leave('bye')
    expect([scene.told.length, room.state]).toEqual([1, 'left'])
    void scene.muc.join(cave, { nick: me })
    await scene.session.resume()
    await vi.advanceTimersByTimeAsync(1000)
    expect(scene.told.slice(1)).toEqual([`unavailable ${cave}/${me}`, `available ${cave}/${me}`])
    expect(scene.session.sent[1]?.element.child('status')?.text).toBe('bye')
  })

  test('availability that changes while the connection is lost is told when the session goes on, once', async () => {
    const { scene, room } = await inside()
    const shows = () => scene.session.sent.slice(1).map(({ element }) => element.child('show')?.text)
    scene.session.lose()
    room.setAvailability({ show: 'away' })
    room.setAvailability({ show: 'dnd' })
    expect(shows()).toEqual([])
    await scene.session.resume()
    scene.session.lose()
    await scene.session.resume()
    expect(shows()).toEqual(['dnd'])
    await newSession(scene)
    room.setAvailability({ show: 'xa' })
    scene.letIn()
    expect(shows()).toEqual(['dnd', 'dnd', 'xa'])
  })

  test('R-045 who joins and talks when told that we are online is in time: no room is entered twice', async () => {
    const { scene, room } = await inside()
    const { session, muc } = scene
    session.lose()
    // What a listener of `status` does: after the session has begun, and before rooms are entered.
    session.announce(() => {
      queueMicrotask(() => {
        void muc.join('den@rooms.example.org', { nick: me })
        room.send('hello')
      })
      return []
    })
    await session.begin()
    await vi.advanceTimersByTimeAsync(5000)
    expect(scene.told.slice(1).sort()).toEqual([`available ${cave}/${me}`, `available den@rooms.example.org/${me}`])
    scene.letIn()
    expect(session.sent.filter(({ element }) => element.name === 'message')).toHaveLength(1)
    expect(session.sent.at(-1)?.element.child('body')?.text).toBe('hello')
  })

  test('R-045 leaving while the connection is lost: nobody comes back', async () => {
    const { scene, room } = await inside()
    scene.session.lose()
    await room.leave()
    await scene.session.begin()
    await vi.advanceTimersByTimeAsync(minute)
    expect([scene.told.length, scene.muc.rooms.size, room.state]).toEqual([1, 0, 'left'])
  })
})

describe('being put out', () => {
  const out = async (codes: readonly number[], said: Parameters<RoomScene['presence']>[2] = {}) => {
    const { scene, room, events } = await inside()
    scene.presence(me, { type: 'unavailable' }, { statuses: [...codes, 110], ...said })
    await newSession(scene)
    await vi.advanceTimersByTimeAsync(minute)
    return { scene, room, events, isBack: scene.told.length > 1 }
  }

  test.each([
    [[307], 'kicked'],
    [[301], 'banned'],
    [[321], 'removed'],
    [[322], 'removed'],
    [[], 'left'],
  ])('R-045 %s: %s, and not entered again', async (codes, type) => {
    const item = { role: 'none', affiliation: 'none', reason: 'avaunt', actor: { nick: 'bob' } } as const
    const { events, isBack, room, scene } = await out(codes, { items: [item] })
    expect([events, isBack, room.state, scene.muc.rooms.size]).toEqual([
      [{ type, reason: 'avaunt', actor: 'bob' }],
      false,
      'left',
      0,
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('R-045 a destroyed room names another one, and is left alone', async () => {
    const alternative = Jid.parse('heath@rooms.example.org')
    const { events, isBack } = await out([], { destroy: { jid: alternative, reason: 'over' } })
    expect([events, isBack]).toEqual([[{ type: 'destroyed', reason: 'over', alternative }], false])
  })

  test.each([
    [[332], 'shutdown'],
    [[307, 333], 'removed-by-error'],
  ])('%s is %s: we come back after a while', async (codes, cause) => {
    const { scene, room, events } = await inside()
    scene.presence(me, { type: 'unavailable' }, { statuses: [...codes, 110] })
    expect([events, room.state]).toEqual([[{ type: 'lost', cause }], 'lost'])
    await vi.advanceTimersByTimeAsync(8000)
    expect(scene.told).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3000)
    expect(scene.told).toHaveLength(2)
    scene.letIn()
    expect(room.state).toBe('joined')
  })
})

test('what a room can do is asked again when it is configured', async () => {
  const { scene, room } = await inside()
  const asked = scene.session.requests.filter(({ payload }) => getDiscoInfo.request.matches(payload as never)).length
  scene.features = []
  scene.say(undefined, {}, user({ statuses: [104] }))
  await vi.advanceTimersByTimeAsync(0)
  expect(scene.session.requests.filter(({ payload }) => getDiscoInfo.request.matches(payload as never))).toHaveLength(
    asked + 1,
  )
  expect(room.assignsOccupantIds).toBe(false)
})

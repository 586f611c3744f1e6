import { presence, StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, me, RoomScene, user } from '../test/in-room.js'
import { type JoinOptions, MucJoin, setOwner } from './index.js'

describe('entering', () => {
  test('asks with nickname, password and wanted history, and resolves with our own presence', async () => {
    const scene = new RoomScene()
    const since = new Date('2026-01-01T00:00:00Z')
    const joined = scene.muc.join(cave, {
      nick: me,
      password: 'cauldron',
      history: { since },
      availability: { show: 'away' },
    })
    const [asked] = scene.session.sent
    expect([String(asked?.to), asked?.get(MucJoin)]).toEqual([
      `${cave}/${me}`,
      { password: 'cauldron', history: { since } },
    ])
    expect(asked?.element.child('show')?.text).toBe('away')
    scene.presence('bob')
    scene.letIn(me, [100, 170])
    const room = await joined
    expect([...room.occupants.keys()]).toEqual(['bob', me])
    expect([room.state, room.nick, room.me?.role, room.isLogged, room.anonymity]).toEqual([
      'joined',
      me,
      'participant',
      true,
      'none',
    ])
    expect(scene.muc.rooms.get(cave)).toBe(room)
  })

  test('by default no history is wanted, and the account gives the nickname', async () => {
    const scene = new RoomScene({ jid: 'witch@example.org/x' })
    void scene.muc.join(cave)
    expect(scene.session.sent[0]?.get(MucJoin)).toEqual({ history: { maxChars: 0 } })
    expect(String(scene.session.sent[0]?.to)).toBe(`${cave}/witch`)
    void scene.muc.join(`other@rooms.example.org/hag`)
    expect(String(scene.session.sent[1]?.to)).toBe('other@rooms.example.org/hag')
    await expect(scene.muc.join('rooms.example.org')).rejects.toThrow(RangeError)
  })

  test('our own nickname is enough where a service leaves 110 out; presence of the room itself says nothing', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    scene.session.receive(presence({ from: cave }, user({ statuses: [110] })))
    expect(scene.muc.rooms.get(cave)?.state).toBe('entering')
    scene.session.receive(presence({ from: `${cave}/${me}` }, user()))
    expect((await joined).me).toMatchObject({ role: 'none', affiliation: 'none' })
  })

  test('S-151 somebody who is no room does not let us in, whoever they are available to', async () => {
    const scene = new RoomScene()
    const bob = 'bob@example.net'
    const joined = scene.muc.join(bob, { nick: 'phone' })
    scene.session.receive(presence({ from: `${bob}/phone`, show: 'chat' }))
    scene.session.receive(presence({ from: `${bob}/laptop` }))
    expect(scene.muc.rooms.get(bob)?.state).toBe('entering')
    scene.session.end()
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('the service may give another nickname (210)', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    scene.letIn('me2', [210])
    expect((await joined).nick).toBe('me2')
  })

  test.each<StanzaErrorCondition>([
    'conflict',
    'forbidden',
    'not-authorized',
    'registration-required',
    'item-not-found',
    'service-unavailable',
    'jid-malformed',
  ])('%s is the room’s reason not to let us in', async (condition) => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    scene.session.receive(
      presence({ type: 'error', from: `${cave}/bob` }, new StanzaError({ condition: 'gone' }).element),
    )
    scene.session.receive(presence({ type: 'error', from: `${cave}/${me}` }, new StanzaError({ condition }).element))
    await expect(joined).rejects.toMatchObject({ name: 'StanzaError', condition })
    expect([scene.muc.rooms.size, scene.told]).toEqual([0, [`available ${cave}/${me}`]])
  })

  test('who asks twice gets the same room, and who comes while we leave a new one', async () => {
    const scene = new RoomScene()
    const both = [scene.muc.join(cave, { nick: me }), scene.muc.join(cave)]
    await scene.session.settled()
    scene.letIn()
    const [room, same] = await Promise.all(both)
    expect(same).toBe(room)
    expect(scene.told).toHaveLength(1)
    const left = room?.leave('bye')
    const again = scene.muc.join(cave, { nick: me })
    scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
    await left
    expect(room?.state).toBe('left')
    await vi.waitFor(() => expect(scene.told).toHaveLength(3))
    scene.letIn()
    expect(await again).not.toBe(room)
  })

  test('who makes a room that we are leaving waits until we have left', async () => {
    const scene = new RoomScene()
    scene.session.answer(setOwner, () => undefined)
    const room = await scene.enter()
    void room.leave()
    const created = scene.muc.create(cave, { nick: me })
    scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
    await vi.waitFor(() => expect(scene.told).toHaveLength(3))
    scene.letIn(me, [201])
    expect((await created).isNew).toBe(true)
    await expect(scene.muc.create(cave)).rejects.toMatchObject({ code: 'exists' })
  })

  test('S-137 110 from another room, or for another nickname once we are in, is nothing', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    scene.session.receive(presence({ from: 'den@rooms.example.org/me' }, user({ statuses: [110] })))
    scene.session.receive(presence({ from: 'mallory@evil.net/me' }, user({ statuses: [110] })))
    expect(scene.muc.rooms.get(cave)?.state).toBe('entering')
    // Two words of the room in one stanza: one of them is not the room's.
    scene.presence('mallory', {}, { statuses: [110] }, user({ statuses: [110] }))
    expect(scene.muc.rooms.get(cave)?.state).toBe('entering')
    scene.letIn()
    const room = await joined
    scene.presence('mallory', {}, { statuses: [110, 210] })
    expect([room.nick, room.me?.nick]).toEqual([me, me])
    scene.presence('mallory', { type: 'unavailable' }, { statuses: [110, 307] })
    expect(room.state).toBe('joined')
  })

  test('what was joined before there is a session is entered when there is one', async () => {
    const scene = new RoomScene()
    scene.session.lose()
    const joined = scene.muc.join(cave, { nick: me })
    expect(scene.told).toEqual([])
    await scene.session.begin()
    expect(scene.told).toEqual([`available ${cave}/${me}`])
    scene.letIn()
    expect((await joined).state).toBe('joined')
  })
})

describe('with a clock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const pending = (scene: RoomScene, options: JoinOptions = {}) => {
    const joined = scene.muc.join(cave, { nick: me, ...options })
    joined.catch(() => {})
    return joined
  }

  test('a room that does not answer is given up, and left', async () => {
    const scene = new RoomScene()
    const joined = pending(scene)
    await vi.advanceTimersByTimeAsync(60_000)
    await expect(joined).rejects.toMatchObject({ name: 'RoomError', code: 'timeout', retry: 'backoff' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect([scene.told, scene.muc.rooms.size]).toEqual([[`available ${cave}/${me}`, `unavailable ${cave}/${me}`], 0])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('so is one nobody waits for any more', async () => {
    const scene = new RoomScene()
    const controller = new AbortController()
    const joined = pending(scene, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(1)
    controller.abort(new Error('enough'))
    await expect(joined).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(10_000)
    expect([scene.told.at(-1), vi.getTimerCount()]).toEqual([`unavailable ${cave}/${me}`, 0])
  })

  test('who gives up does not put those out who still wait, nor those who have the room', async () => {
    const scene = new RoomScene()
    const controller = new AbortController()
    const first = pending(scene, { signal: controller.signal })
    controller.abort(new Error('unmounted'))
    const second = pending(scene)
    await expect(first).rejects.toThrow('unmounted')
    scene.letIn()
    const room = await second
    await expect(pending(scene, { signal: controller.signal })).rejects.toThrow('unmounted')
    await vi.advanceTimersByTimeAsync(20_000)
    expect([room.state, scene.muc.rooms.get(cave), scene.told]).toEqual(['joined', room, [`available ${cave}/${me}`]])
  })

  test('the last who gives up leaves the room', async () => {
    const scene = new RoomScene()
    const controllers = [new AbortController(), new AbortController()]
    const waiting = controllers.map(({ signal }) => pending(scene, { signal }))
    controllers[0]?.abort(new Error('first'))
    await vi.advanceTimersByTimeAsync(1)
    expect(scene.told).toHaveLength(1)
    controllers[1]?.abort(new Error('last'))
    await expect(Promise.all(waiting.map((each) => each.catch(String)))).resolves.toEqual([
      'Error: first',
      'Error: last',
    ])
    await vi.advanceTimersByTimeAsync(10_000)
    expect([scene.told.at(-1), scene.muc.rooms.size]).toEqual([`unavailable ${cave}/${me}`, 0])
  })

  test('a new room is opened also if who asked first has given up', async () => {
    const scene = new RoomScene()
    const opened = vi.fn()
    scene.session.answer(setOwner, opened)
    const controller = new AbortController()
    const first = pending(scene, { signal: controller.signal })
    const second = pending(scene)
    controller.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    scene.letIn(me, [201])
    expect((await second).isNew).toBe(true)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  test('leaving takes ten seconds at most', async () => {
    const scene = new RoomScene()
    const room = await scene.enter()
    const left = room.leave('farewell')
    expect(scene.session.sent.at(-1)?.element.child('status')?.text).toBe('farewell')
    await vi.advanceTimersByTimeAsync(10_000)
    await left
    expect([room.state, vi.getTimerCount()]).toEqual(['left', 0])
    await room.leave()
    expect(scene.told).toHaveLength(2)
  })

  test('when the client closes nothing is left waiting', async () => {
    const scene = new RoomScene()
    const room = await scene.enter()
    scene.session.lose()
    const joined = scene.muc.join('den@rooms.example.org')
    joined.catch(() => {})
    await vi.advanceTimersByTimeAsync(1)
    const held = room.send('while there is no connection')
    scene.session.end()
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' })
    const later = room.send('after that')
    for (const { acked, accepted } of [held, later]) {
      await expect(acked).rejects.toMatchObject({ name: 'AbortError' })
      await Promise.allSettled([accepted])
    }
    expect([held.state, later.state]).toEqual(['failed', 'failed'])
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a password is in no error and in nothing that is logged', async () => {
  const { inspect } = await import('node:util')
  const scene = new RoomScene()
  const room = await scene.enter({ password: 'cauldronburn' })
  expect(inspect(room, { depth: 9, showHidden: true })).not.toContain('cauldronburn')
})

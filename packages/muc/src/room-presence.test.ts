import { Jid, presence, StanzaError } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, inside, me, RoomScene, refuse } from '../test/in-room.js'
import type { OccupantChange, RoomEvent } from './index.js'

const opened = async (scene = new RoomScene()) => {
  const room = await scene.enter()
  const changes: OccupantChange[] = []
  const events: RoomEvent[] = []
  room.onOccupant((change) => void changes.push(change))
  room.onEvent((event) => void events.push(event))
  await scene.session.settled()
  events.length = 0
  return { scene, room, changes, events }
}

describe('occupants', () => {
  test('enter, change and go, as the room describes them', async () => {
    const { scene, room, changes } = await opened()
    const jid = Jid.parse('hag@example.org/x')
    const item = { affiliation: 'admin', role: 'moderator', jid } as const
    scene.presence('hag', { show: 'dnd', status: 'brewing' }, { items: [item] })
    expect(room.occupants.get('hag')).toMatchObject({ nick: 'hag', ...item, show: 'dnd', status: 'brewing' })
    scene.presence('hag', {}, { items: [{ ...item, role: 'visitor' }] })
    expect(room.occupants.get('hag')?.role).toBe('visitor')
    scene.presence('hag', { type: 'unavailable', status: 'bye' })
    expect([room.occupants.has('hag'), changes.map(({ type }) => type)]).toEqual([
      false,
      ['entered', 'changed', 'left'],
    ])
    expect(changes.at(-1)).toMatchObject({ reason: 'bye', occupant: { nick: 'hag', role: 'none', jid } })
  })

  test('one whose description is malformed, or missing, is there all the same', async () => {
    const { scene, room } = await opened()
    scene.session.receive(
      `<presence from='${cave}/odd'><x xmlns='http://jabber.org/protocol/muc#user'><item role='king'/></x></presence>`,
    )
    scene.session.receive(presence({ from: `${cave}/old` }))
    expect(room.occupants.get('odd')).toMatchObject({ role: 'none', affiliation: 'none', jid: undefined })
    expect(room.occupants.get('old')).toMatchObject({ role: 'none', affiliation: 'none' })
  })

  test.each([
    [[307], 'kicked'],
    [[301], 'banned'],
    [[321], 'removed'],
    [[307, 333], 'left'],
    [[], 'left'],
  ])('%s: %s', async (statuses, type) => {
    const { scene, changes } = await opened()
    scene.presence('bob', { type: 'unavailable' }, { statuses })
    expect(changes.map((change) => change.type)).toEqual([type])
    scene.presence('bob', { type: 'unavailable' }, { statuses })
    expect(changes).toHaveLength(1)
  })

  test('take another nickname, or none that an address can have', async () => {
    const { scene, room, changes } = await opened()
    const renamed = (nick: string): void =>
      scene.presence('bob', { type: 'unavailable' }, { items: [{ nick }], statuses: [303] })
    renamed('rob')
    scene.presence('rob')
    expect([[...room.occupants.keys()], changes.map(({ type }) => type)]).toEqual([
      [me, 'rob'],
      ['renamed', 'changed'],
    ])
    scene.presence('bob')
    renamed('\u{200d}')
    expect([...room.occupants.keys()].sort()).toEqual([me, 'rob'])
  })

  test('S-145 twenty thousand: ten thousand are remembered, and we among them, whenever we come', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    for (let i = 0; i < 20_000; i++) scene.session.receive(`<presence from='${cave}/o${i}'/>`)
    scene.letIn()
    const room = await joined
    const events: string[] = []
    room.onEvent(({ type }) => void events.push(type))
    await scene.session.settled()
    expect([room.occupants.size, room.me?.nick, events]).toEqual([10_001, me, ['overflow', 'joined']])
    scene.presence('o1', { type: 'unavailable' })
    scene.presence('o2', { type: 'unavailable' })
    scene.presence('late')
    expect(room.occupants.has('late')).toBe(true)
  })

  test('a presence of another kind says nothing', async () => {
    const { scene, changes } = await opened()
    for (const type of ['subscribe', 'probe'] as const) scene.session.receive(presence({ type, from: `${cave}/hag` }))
    scene.session.receive(
      presence({ type: 'error', from: `${cave}/bob` }, new StanzaError({ condition: 'gone' }).element),
    )
    expect(changes).toEqual([])
  })
})

describe('our own nickname', () => {
  afterEach(() => void vi.useRealTimers())

  test('is another one when the room says so, also unasked', async () => {
    const { scene, room, events } = await opened()
    scene.presence(me, { type: 'unavailable' }, { items: [{ nick: 'you' }], statuses: [303, 110] })
    scene.letIn('you')
    expect([room.nick, room.me?.nick, events]).toEqual(['you', 'you', [{ type: 'renamed', nick: 'you', oldNick: me }]])
  })

  test('changing it resolves with what the room makes of it', async () => {
    const { scene, room } = await opened()
    const changed = room.changeNick('Hag')
    expect(scene.told.at(-1)).toBe(`available ${cave}/Hag`)
    scene.presence(me, { type: 'unavailable' }, { items: [{ nick: 'Hag1' }], statuses: [303, 110, 210] })
    scene.letIn('Hag1', [210])
    expect(await changed).toBe('Hag1')
    expect(await room.changeNick('Hag1')).toBe('Hag1')
  })

  test('another client of ours may go on with the old one: then the room says no more than who we are now', async () => {
    const { scene, room } = await opened()
    const events: RoomEvent[] = []
    room.onEvent((event) => void events.push(event))
    const changed = room.changeNick('hag')
    scene.presence('crone', {}, { statuses: [110] }) // S-137: not what was asked for
    scene.letIn('hag')
    expect(await changed).toBe('hag')
    expect([room.nick, room.me?.nick, room.occupants.has(me)]).toEqual(['hag', 'hag', true])
    expect(events).toContainEqual({ type: 'renamed', nick: 'hag', oldNick: me })
    scene.letIn('crone')
    expect(room.nick).toBe('hag')
  })

  test('is refused with the room’s reason, and a later wish takes the place of an earlier one', async () => {
    const { scene, room } = await opened()
    const first = room.changeNick('hag')
    const second = room.changeNick('crone')
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
    const error = new StanzaError({ condition: 'not-acceptable' })
    scene.session.receive(presence({ type: 'error', from: `${cave}/hag` }, error.element))
    scene.session.receive(presence({ type: 'error', from: `${cave}/crone` }, error.element))
    await expect(second).rejects.toMatchObject({ condition: 'not-acceptable' })
    expect([room.nick, room.state]).toEqual([me, 'joined'])
  })

  test('is not waited for longer than a minute', async () => {
    vi.useFakeTimers()
    const { room } = await opened()
    const changed = room.changeNick('hag')
    changed.catch(() => {})
    await vi.advanceTimersByTimeAsync(60_000)
    await expect(changed).rejects.toMatchObject({ code: 'timeout' })
  })

  test('changing it keeps how available we are', async () => {
    const { scene, room } = await opened()
    room.setAvailability({ show: 'away', status: 'tea' })
    void room.changeNick('hag')
    expect([scene.told.at(-1), String(scene.session.sent.at(-1)?.element)]).toEqual([
      `available ${cave}/hag`,
      expect.stringContaining('<show>away</show><status>tea</status>'),
    ])
  })

  test('cannot be changed while we are not in, and a wish ends with the session', async () => {
    const { scene, room } = await opened()
    const changed = room.changeNick('hag')
    scene.session.lose()
    expect(() => room.changeNick('crone')).toThrow(expect.objectContaining({ code: 'lost', retry: 'backoff' }))
    await scene.session.begin()
    await expect(changed).rejects.toMatchObject({ name: 'RoomError', code: 'lost' })
    expect(() => room.changeNick('crone')).toThrow('not in the room at the moment')
    // The room's answer is to our wish to come back.
    scene.session.receive(presence({ type: 'error', from: cave }, new StanzaError({ condition: 'forbidden' }).element))
    expect(room.state).toBe('left')
  })

  test('how available we are is said here, and again when we come back', async () => {
    const { scene, room } = await opened()
    room.setAvailability({ show: 'away', status: 'tea' })
    expect(String(scene.session.sent.at(-1)?.element)).toContain('<show>away</show><status>tea</status>')
    scene.session.lose()
    await scene.session.begin()
    expect(String(scene.session.sent.at(-1)?.element)).toContain('<show>away</show>')
  })
})

describe('R-044 the room says that it does not know us', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each(['not-acceptable', 'item-not-found'] as const)('%s: we enter again at once', async (condition) => {
    const { scene, room, events } = await inside()
    room.setAvailability({ show: 'away' })
    refuse(scene, condition)
    expect([events, room.state]).toEqual([[{ type: 'lost', cause: 'self-ping' }], 'lost'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(scene.told.slice(2)).toEqual([`available ${cave}/${me}`])
    scene.letIn()
    expect(events.at(-1)).toEqual({ type: 'rejoined' })
  })

  test('other errors, and those about others, do not; none is a sign of life', async () => {
    const { scene, room } = await inside()
    refuse(scene, 'forbidden')
    const error = new StanzaError({ condition: 'not-acceptable' })
    for (let i = 0; i < 17; i++) {
      scene.session.receive(presence({ type: 'error', from: `${cave}/bob` }, error.element))
      await vi.advanceTimersByTimeAsync(60_000)
    }
    expect(room.state).toBe('joined')
    expect(scene.session.requests.filter(({ payload }) => payload?.name === 'ping')).toHaveLength(1)
  })
})

test('who is in a room that we are not in any more is not known', async () => {
  const { scene, room, changes } = await opened()
  scene.presence(me, { type: 'unavailable' }, { statuses: [307, 110] })
  expect([room.state, room.occupants.size, room.me]).toEqual(['left', 0, undefined])
  expect(changes.map(({ type, occupant }) => `${occupant.nick} ${type}`)).toEqual([`${me} kicked`])
})

test('nothing is sent to a room we have left', async () => {
  const { scene, room } = await opened()
  scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
  const actions = [
    () => room.send('x'),
    () => room.sendPrivate('bob', 'x'),
    () => room.setSubject('x'),
    () => room.invite('bob@example.org'),
    () => room.requestVoice(),
    () => room.changeNick('hag'),
  ]
  for (const action of actions) expect(action).toThrow('not in the room any more')
  expect(scene.session.sent).toHaveLength(1)
})

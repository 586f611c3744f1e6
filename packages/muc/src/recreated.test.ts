import { StanzaError } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, me, newSession, RoomScene, refuse } from '../test/in-room.js'
import { type CreateOptions, getOwner, type JoinOptions, type MucOwner, type RoomEvent, setOwner } from './index.js'
import { acceptDefaults as defaults } from './room-settings.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const form: MucOwner['form'] = {
  type: 'form',
  instructions: [],
  items: [],
  fields: [
    {
      var: 'FORM_TYPE',
      type: 'hidden',
      values: ['http://jabber.org/protocol/muc#roomconfig'],
      options: [],
      required: false,
    },
    { var: 'muc#roomconfig_membersonly', type: 'boolean', values: ['0'], options: [], required: false },
  ],
}

/** In a room, and back after a session in which the room has ended: we have made it again. */
const back = async (options: JoinOptions & CreateOptions, how: 'join' | 'create' = 'join') => {
  const scene = new RoomScene()
  const asked: MucOwner[] = []
  scene.session.answer(getOwner, { form })
  scene.session.answer(setOwner, (query) => void asked.push(query))
  const entered = scene.muc[how](cave, { nick: me, ...options })
  scene.letIn(me, how === 'create' ? [201] : [])
  const room = await entered
  const events: RoomEvent[] = []
  room.onEvent((event) => void events.push(event))
  await vi.advanceTimersByTimeAsync(0)
  events.length = 0
  asked.length = 0
  await newSession(scene)
  scene.letIn(me, [201])
  await vi.advanceTimersByTimeAsync(0)
  return { scene, room, events: events.map(({ type }) => type), asked }
}

describe('R-045 a room that is no more when we come back', () => {
  test('is made again, opened, and said to be new', async () => {
    const { room, events, asked } = await back({})
    expect(asked).toEqual([{ form: defaults }])
    expect([events, room.isNew, room.state]).toEqual([['rejoined', 'recreated'], true, 'joined'])
  })

  test('is as it was made the first time', async () => {
    const { events, asked } = await back({ settings: { isMembersOnly: true } }, 'create')
    expect(events).toEqual(['rejoined', 'recreated'])
    expect(asked.map(({ form: answer }) => answer?.fields.at(-1))).toMatchObject([
      { var: 'muc#roomconfig_membersonly', values: ['true'] },
    ])
  })

  test('is left if it cannot be: nobody finds a room for members open to all', async () => {
    const scene = new RoomScene()
    scene.session.answer(getOwner, { form })
    scene.session.answer(setOwner, () => undefined)
    const created = scene.muc.create(cave, { nick: me, settings: { isMembersOnly: true } })
    scene.letIn(me, [201])
    const room = await created
    scene.session.answer(getOwner, new StanzaError({ condition: 'forbidden' }))
    await newSession(scene)
    scene.letIn(me, [201])
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.told.at(-1)).toBe(`unavailable ${cave}/${me}`)
    expect(scene.session.errors).toMatchObject([{ condition: 'forbidden' }])
    scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
    expect(room.state).toBe('left')
    scene.session.errors.length = 0
  })

  test('is not made by who makes no rooms: left again, and entered when somebody else has made it', async () => {
    const { scene, room, events, asked } = await back({ create: false })
    expect([scene.told.at(-1), asked, events, room.state]).toEqual([`unavailable ${cave}/${me}`, [], [], 'lost'])
    scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
    await vi.advanceTimersByTimeAsync(11_000)
    expect(scene.told.at(-1)).toBe(`available ${cave}/${me}`)
    scene.letIn()
    expect([room.state, room.isNew]).toEqual(['joined', false])
  })

  test('and that somebody else has still to open, is entered a little later', async () => {
    const scene = new RoomScene()
    const room = await scene.enter()
    await newSession(scene)
    refuse(scene, 'item-not-found')
    expect(room.state).toBe('lost')
    await vi.advanceTimersByTimeAsync(11_000)
    scene.letIn()
    expect([room.state, room.isNew]).toEqual(['joined', false])
  })
})

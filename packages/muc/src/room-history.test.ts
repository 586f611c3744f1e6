import { Delay } from '@couplet/delay'
import { Jid, type XmlElement } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, inside, me, newSession, RoomScene } from '../test/in-room.js'
import { MucJoin } from './index.js'

const now = Date.parse('2026-06-01T12:00:00Z')
const minute = 60_000
const delay = (time: number, from = cave): XmlElement => Delay({ from: Jid.parse(from), stamp: new Date(time) })

beforeEach(() => void vi.useFakeTimers({ now }))
afterEach(() => void vi.useRealTimers())

/** On the way in, with what is told of messages. */
const entering = async () => {
  const scene = new RoomScene()
  const joined = scene.muc.join(cave, { nick: me, history: { maxStanzas: 9 } })
  scene.letIn()
  const room = await joined
  const seen: string[] = []
  room.onMessage(({ body, isHistory }) => void seen.push(`${body} ${isHistory ? 'history' : 'live'}`))
  await vi.advanceTimersByTimeAsync(0)
  return { scene, room, seen }
}

describe('how much is asked for', () => {
  const wanted = (scene: RoomScene) => scene.session.sent.at(-1)?.get(MucJoin)?.history

  test('R-045 what was said since the room was heard last, by our own clock, however wrong that is', async () => {
    const { scene } = await inside()
    scene.say('bob', 'live', delay(now - 60 * minute, 'example.org'))
    await vi.advanceTimersByTimeAsync(2 * minute)
    await newSession(scene)
    expect(wanted(scene)).toEqual({ seconds: 150 })
  })

  test('R-045 nor does it matter that the clock was set meanwhile: the longer time counts', async () => {
    const { scene } = await inside()
    await vi.advanceTimersByTimeAsync(2 * minute)
    vi.setSystemTime(now - 10 * minute)
    await newSession(scene)
    expect(wanted(scene)).toEqual({ seconds: 150 })
    scene.letIn()
    scene.say(undefined, { subject: '' })
    vi.setSystemTime(now)
    await newSession(scene)
    expect(wanted(scene)).toEqual({ seconds: 630 })
  })

  test('R-045 a session that is lost before the history is complete has heard nothing new', async () => {
    const { scene } = await inside()
    await vi.advanceTimersByTimeAsync(2 * minute)
    await newSession(scene)
    scene.letIn()
    scene.say('bob', 'one', delay(now + minute))
    await newSession(scene)
    expect(wanted(scene)).toEqual({ seconds: 150 })
  })
})

describe('what is history', () => {
  test('S-140 a change of the subject in the middle of it does not end it', async () => {
    const { scene, seen, room } = await entering()
    scene.say('bob', '!ping 1', delay(now - 9 * minute))
    scene.say('bob', { subject: 'in between' }, delay(now - 8 * minute))
    scene.say('bob', '!ping 2', delay(now - 7 * minute))
    scene.say(undefined, { subject: 'last' }, delay(now - 8 * minute))
    scene.say('bob', '!ping 3')
    scene.say('mallory', 'forged', delay(now - 7 * minute))
    expect(seen).toEqual(['!ping 1 history', '!ping 2 history', '!ping 3 live', 'forged live'])
    expect(room.subject).toBe('last')
  })

  test('S-140 what is said after we have come in is none, once there was a subject', async () => {
    const { scene, seen } = await entering()
    scene.say(undefined, { subject: 'x' }, delay(now - 8 * minute))
    await vi.advanceTimersByTimeAsync(20 * minute)
    scene.say('bob', 'late', delay(now + 10 * minute))
    expect(seen).toEqual(['late live'])
  })

  test('what the room itself says before it does not end it, nor what it says before we are in', async () => {
    const { scene, room } = await inside()
    await newSession(scene)
    const seen: string[] = []
    room.onMessage(({ body, isHistory }) => void seen.push(`${body} ${isHistory ? 'history' : 'live'}`))
    await vi.advanceTimersByTimeAsync(0)
    scene.say('bob', 'still here?') // it had not forgotten us
    scene.letIn()
    scene.say(undefined, 'This room is not anonymous')
    scene.say('bob', 'old', delay(now - minute))
    expect(seen).toEqual(['still here? live', 'This room is not anonymous live', 'old history'])
  })
})

describe('S-128 when it was said', () => {
  const said = async (...delays: readonly XmlElement[]) => {
    const { scene, room } = await entering()
    const stamps: number[] = []
    room.onMessage(({ stamp }) => void stamps.push(stamp.getTime()))
    scene.say('mallory', 'x', ...delays)
    return stamps[0]
  }

  test('the room’s own word counts, not what the sender has written', async () => {
    const truth = now - 5 * minute
    expect(await said(delay(now - minute), delay(truth))).toBe(truth)
    expect(await said(Delay({ stamp: new Date(now - minute) }), delay(truth))).toBe(truth)
    expect(await said(delay(truth, `${cave}/mallory`))).toBe(truth)
    expect(await said(delay(now - minute, 'example.org'), delay(truth, 'rooms.example.org'))).toBe(truth)
  })

  test.each([cave, 'rooms.example.org'])('a time that cannot be is now, also by %s', async (by) => {
    expect(await said(delay(Date.UTC(2099, 0, 1), by))).toBe(now)
    expect(await said(delay(Date.UTC(1998, 0, 1), by))).toBe(now)
  })
})

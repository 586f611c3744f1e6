import { type IqInit, iq, message, StanzaError, type StanzaErrorCondition } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cave, inside, me, type RoomScene } from '../test/in-room.js'

const minute = 60_000

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-06-01T12:00:00Z') }))
afterEach(() => void vi.useRealTimers())

describe('R-044 self-ping', () => {
  const pings = (scene: RoomScene) => scene.session.requests.filter(({ payload }) => payload?.name === 'ping')
  const answerWith = (scene: RoomScene, init: Partial<IqInit>, error?: StanzaError): void => {
    const id = pings(scene).at(-1)?.id ?? ''
    scene.session.receive(iq({ type: 'result', from: `${cave}/${me}`, ...init, id }, error))
  }
  const silent = async () => {
    const all = await inside()
    await vi.advanceTimersByTimeAsync(13 * minute)
    expect(pings(all.scene)).toHaveLength(0)
    for (let second = 0; second < 240 && pings(all.scene).length === 0; second++)
      await vi.advanceTimersByTimeAsync(1000)
    expect(pings(all.scene).map(({ to, type }) => `${type} ${to}`)).toEqual([`get ${cave}/${me}`])
    return all
  }

  test('after a quarter of an hour of silence; an answer is enough for another one', async () => {
    const { scene, room } = await silent()
    answerWith(scene, {})
    await vi.advanceTimersByTimeAsync(13 * minute)
    expect([pings(scene).length, room.state]).toEqual([1, 'joined'])
    await vi.advanceTimersByTimeAsync(4 * minute)
    expect(pings(scene)).toHaveLength(2)
  })

  test('when it sends a message back; nothing else makes us ask', async () => {
    const { scene, room } = await inside()
    const sendBack = (from: string, condition: StanzaErrorCondition): void =>
      scene.session.receive(message({ type: 'error', id: 'x', from }, new StanzaError({ condition }).element))
    sendBack(cave, 'forbidden')
    sendBack(`${cave}/bob`, 'not-acceptable')
    expect(pings(scene)).toHaveLength(0)
    sendBack(cave, 'not-acceptable')
    sendBack(cave, 'not-acceptable')
    expect(pings(scene)).toHaveLength(1)
    answerWith(scene, { type: 'error' }, new StanzaError({ condition: 'not-acceptable' }))
    await vi.advanceTimersByTimeAsync(5000)
    expect([room.state, scene.told.length]).toEqual(['lost', 2])
  })

  test('whatever the room says is a sign of life', async () => {
    const { scene } = await inside()
    for (let i = 0; i < 6; i++) {
      await vi.advanceTimersByTimeAsync(10 * minute)
      if (i % 2) scene.say('bob', 'hello')
      else scene.presence('bob', { show: 'away' })
    }
    expect(pings(scene)).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(17 * minute)
    expect(pings(scene)).toHaveLength(1)
  })

  test.each<[StanzaErrorCondition, 'outside' | 'inside' | 'unknown']>([
    ['not-acceptable', 'outside'],
    ['not-allowed', 'outside'],
    ['bad-request', 'outside'],
    ['service-unavailable', 'inside'],
    ['feature-not-implemented', 'inside'],
    ['item-not-found', 'inside'],
    ['remote-server-not-found', 'unknown'],
    ['remote-server-timeout', 'unknown'],
  ])('%s means that we are %s', async (condition, verdict) => {
    const { scene, room, events } = await silent()
    answerWith(scene, { type: 'error' }, new StanzaError({ condition }))
    await vi.advanceTimersByTimeAsync(5000)
    expect([events, scene.told.length - 1]).toEqual(
      verdict === 'outside' ? [[{ type: 'lost', cause: 'self-ping' }], 1] : [[], 0],
    )
    await vi.advanceTimersByTimeAsync(6 * minute)
    expect(pings(scene)).toHaveLength(verdict === 'unknown' ? 2 : 1)
    if (verdict !== 'outside') return
    scene.letIn()
    expect([room.state, events.at(-1)]).toEqual(['joined', { type: 'rejoined' }])
  })

  test('no answer: again later, and nobody enters', async () => {
    const { scene, room } = await silent()
    // After 30 seconds it is given up, and asked again 4.5 to 5.5 minutes later.
    await vi.advanceTimersByTimeAsync(60 * minute)
    expect(pings(scene).length).toBeGreaterThanOrEqual(10)
    expect(pings(scene).length).toBeLessThanOrEqual(13)
    expect([scene.told.length, room.state]).toEqual([1, 'joined'])
  })

  test('S-142 only the occupant that was asked can answer', async () => {
    const { scene, room } = await silent()
    const error = new StanzaError({ condition: 'not-acceptable' })
    for (const from of ['mallory@evil.net/x', `${cave}/mallory`, cave])
      answerWith(scene, { from, type: 'error' }, error)
    await vi.advanceTimersByTimeAsync(5000)
    expect([room.state, scene.told.length]).toEqual(['joined', 1])
    answerWith(scene, { type: 'error' }, error)
    await vi.advanceTimersByTimeAsync(5000)
    expect(room.state).toBe('lost')
  })

  test('none while there is no connection', async () => {
    const { scene } = await inside()
    scene.session.lose()
    await vi.advanceTimersByTimeAsync(120 * minute)
    expect(pings(scene)).toHaveLength(0)
    await scene.session.resume()
    await vi.advanceTimersByTimeAsync(17 * minute)
    expect(pings(scene).length).toBeGreaterThan(0)
  })

  test('none for a room we have left', async () => {
    const { scene, room } = await inside()
    const left = room.leave()
    scene.presence(me, { type: 'unavailable' }, { statuses: [110] })
    await left
    await vi.advanceTimersByTimeAsync(60 * minute)
    expect([pings(scene).length, vi.getTimerCount()]).toEqual([0, 0])
  })
})

import { InboundMessage } from '@couplet/client'
import { Jid, message } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { cave, RoomScene, user } from '../test/in-room.js'
import { DirectInvitation, type Invitation, MucUser } from './index.js'

const opened = () => {
  const scene = new RoomScene()
  const seen: Invitation[] = []
  scene.muc.onInvitation((invitation) => void seen.push(invitation))
  return { scene, seen }
}
const hag = Jid.parse('hag@example.org/x')
const direct = DirectInvitation({ jid: Jid.parse(cave), reason: 'Come', password: 'cauldron', thread: 't' })
const mediated = user({ invites: [{ from: hag, reason: 'Come', continue: {} }], password: 'cauldron' })

describe('invitations', () => {
  test('that somebody does not come is told by the room alone', async () => {
    const { scene } = opened()
    const room = await scene.enter()
    const declined: unknown[] = []
    room.onEvent((event) => void (event.type === 'declined' && declined.push(String(event.from), event.reason)))
    const answer = user({ decline: { from: hag.bare, reason: 'no time' } })
    scene.session.receive(message({ from: `${cave}/mallory` }, answer))
    scene.session.receive(message({ from: cave }, answer))
    await scene.session.settled()
    expect(declined).toEqual(['hag@example.org', 'no time'])
  })

  test('of both kinds are told, and nobody goes because of one', async () => {
    const { scene, seen } = opened()
    scene.session.receive(message({ from: hag }, direct))
    scene.session.receive(message({ from: cave }, mediated))
    await scene.session.settled()
    expect(
      seen.map(({ room, kind, from, reason, password, continues }) => [
        String(room),
        kind,
        String(from),
        reason,
        password,
        continues,
      ]),
    ).toEqual([
      [cave, 'direct', String(hag), 'Come', 'cauldron', 't'],
      [cave, 'mediated', String(hag), 'Come', 'cauldron', true],
    ])
    expect([scene.session.sent, scene.session.requests, scene.muc.rooms.size]).toEqual([[], [], 0])
  })

  test('S-139 an occupant, a service or a message to all does not invite', async () => {
    const { scene, seen } = opened()
    scene.session.receive(message({ from: `${cave}/mallory`, type: 'chat' }, mediated))
    scene.session.receive(message({ from: 'evil.net' }, mediated))
    scene.session.receive(message({ from: cave, type: 'groupchat' }, mediated))
    scene.session.receive(message({ from: `${cave}/mallory`, type: 'groupchat' }, direct))
    scene.session.receive(message({ from: hag }, DirectInvitation({ jid: Jid.parse('example.org') })))
    scene.session.receive(message({ from: cave }, mediated, user()))
    expect(seen).toEqual([])
  })

  test('to a room we are in are left out (XEP-0249 §4)', async () => {
    const { scene, seen } = opened()
    await scene.enter()
    scene.session.receive(message({ from: hag }, direct))
    scene.session.receive(message({ from: cave }, mediated))
    expect(seen).toEqual([])
  })

  test('through a room can be declined, directly there is nothing to say', () => {
    const { scene, seen } = opened()
    scene.session.receive(message({ from: cave }, mediated))
    scene.session.receive(message({ from: hag }, direct))
    const reply = vi.spyOn(InboundMessage.prototype, 'reply')
    seen[0]?.decline('no time')
    expect(reply).toHaveBeenCalledTimes(1) // from the address that was invited: a component has many
    reply.mockRestore()
    expect(seen[1]?.decline('no time')).toBeUndefined()
    expect(scene.session.sent.map(({ to }) => String(to))).toEqual([cave])
    expect(scene.session.sent[0]?.get(MucUser)?.decline).toEqual({ to: hag, reason: 'no time' })
  })

  test('are sent as they are to go', async () => {
    const { scene } = opened()
    const room = await scene.enter()
    room.invite(hag, { reason: 'Come', continues: 't' })
    expect(String(scene.session.sent.at(-1)?.to)).toBe(cave)
    expect(scene.session.sent.at(-1)?.get(MucUser)?.invites).toEqual([
      { to: hag.bare, reason: 'Come', continue: { thread: 't' } },
    ])
    room.invite(hag, { direct: true, password: 'cauldron', continues: true })
    expect(String(scene.session.sent.at(-1)?.to)).toBe(String(hag))
    expect(scene.session.sent.at(-1)?.get(DirectInvitation)).toEqual({
      jid: Jid.parse(cave),
      password: 'cauldron',
      continue: true,
    })
  })
})

import { InboundMessage } from '@couplet/client'
import { Delay } from '@couplet/delay'
import { Jid, type Message, message, StanzaError, xml } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { cave, me, RoomScene, user } from '../test/in-room.js'
import { NS_OCCUPANT_ID, OccupantId, type RoomEvent, type RoomMessage, VoiceRequest } from './index.js'

const opened = async (scene = new RoomScene()) => {
  const room = await scene.enter()
  const messages: RoomMessage[] = []
  const whispers: RoomMessage[] = []
  const events: RoomEvent[] = []
  const subjects: string[] = []
  room.onMessage((each) => void messages.push(each))
  room.onPrivateMessage((each) => void whispers.push(each))
  room.onSubject(({ subject }) => void subjects.push(subject))
  room.onEvent((each) => void events.push(each))
  await scene.session.settled()
  events.length = 0
  return { scene, room, messages, whispers, events, subjects }
}

describe('what is said to all', () => {
  test('S-137 our own words are known by id and occupant', async () => {
    const { scene, room, messages } = await opened()
    const { id } = room.send('hello')
    scene.say('mallory', { body: 'hello', id })
    scene.say(me, { body: 'not from here', id: 'other' })
    scene.say(me, { body: 'without an id' })
    scene.say(me, { body: 'hello', id })
    expect(messages.map(({ nick, isOwn }) => `${nick} ${isOwn}`)).toEqual([
      'mallory false',
      'me false',
      'me false',
      'me true',
    ])
  })

  test('S-140 groupchat from a contact, and from a room we are not in, reaches no room', async () => {
    const { scene, messages, subjects, room } = await opened()
    for (const from of ['bob@example.org/x', 'den@rooms.example.org/bob', 'rooms.example.org']) {
      scene.session.receive(message({ type: 'groupchat', from, body: 'psst' }))
      scene.session.receive(message({ type: 'groupchat', from, subject: 'Mine' }))
    }
    expect([messages, subjects, room.subject]).toEqual([[], [], ''])
  })

  test('S-140 it reaches nobody, and is told of; what is out of an archive does not come this way', async () => {
    const { scene } = await opened()
    const heard: string[] = []
    scene.session.onMessage(({ body = '' }) => void heard.push(body))
    scene.session.receive(message({ type: 'groupchat', from: 'bob@example.org/x', body: 'forged' }))
    scene.session.receive(message({ type: 'chat', from: 'bob@example.org/x', body: 'mine' }))
    scene.say('bob', 'said')
    expect([heard, scene.session.rejected.length]).toEqual([['mine', 'said'], 1])
  })

  test('S-140 live, only what a room that we are in has said is groupchat', async () => {
    const { scene } = await opened()
    const kinds: (string | undefined)[] = []
    scene.session.onMessage((received) => void kinds.push(scene.muc.kindOf(received)))
    const [ours, other] = [`${cave}/bob`, 'den@rooms.example.org/bob'].map((from) =>
      message({ type: 'groupchat', from, body: 'x' }),
    ) as [Message, Message]
    for (const each of [ours, other]) scene.session.receive(each)
    scene.session.receive(other, 'resent')
    scene.session.receive(other, 'archive')
    scene.session.receive(other, 'carbon')
    await scene.session.settled()
    expect(kinds).toEqual(['groupchat', 'groupchat', 'groupchat']) // nobody gets the two that came live
    expect(scene.muc.kindOf(other)).toBe('groupchat')
  })

  test('S-140 a subject is one without a body; with one it is a message', async () => {
    const { scene, room, messages, subjects } = await opened()
    scene.say('bob', { subject: 'Not yet', body: 'text' })
    expect(room.subject).toBe('')
    scene.say('bob', { subject: 'Fire burn' })
    scene.say('bob', { subject: 'Fire burn' })
    scene.say('bob', { subject: '' })
    expect([messages.map(({ body }) => body), subjects, room.subject]).toEqual([['text'], ['Fire burn', ''], ''])
  })

  test('an error or a message without a body is no surprise', async () => {
    const { scene, messages } = await opened()
    const error = new StanzaError({ condition: 'not-allowed' })
    scene.session.receive(message({ type: 'error', from: cave, id: 'x', body: 'said' }, error.element))
    scene.say('bob', {}, xml('urn:example', 'typing'))
    expect(messages.map(({ body }) => body)).toEqual([undefined])
    expect(scene.session.undeliverable).toHaveLength(1)
  })

  test('a message reaches client.onMessage as well: the room takes nothing away', async () => {
    const { scene, messages } = await opened()
    const all: (string | undefined)[] = []
    scene.session.onMessage(({ body }) => void all.push(body))
    scene.say('bob', 'to all')
    scene.session.receive(message({ type: 'chat', from: `${cave}/bob`, body: 'to me' }))
    await scene.session.settled()
    expect([all, messages.length]).toEqual([['to all', 'to me'], 1])
  })

  test('S-140 history is what the room says was said before, and only before the subject', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me, history: { maxStanzas: 5 } })
    const stamp = new Date('2026-01-01T00:00:00Z')
    scene.letIn()
    const room = await joined
    const delayed = Delay({ from: Jid.parse(cave), stamp })
    scene.say('bob', { body: 'old', id: '1' }, delayed)
    scene.say('bob', { body: 'by somebody', id: '2' }, Delay({ from: Jid.parse('mallory@evil.net'), stamp }))
    scene.say(undefined, { subject: 'x' })
    scene.say('mallory', { body: 'forged', id: '3' }, delayed)
    const seen: string[] = []
    room.onMessage(
      ({ body, isHistory, stamp: at }) => void seen.push(`${body} ${isHistory} ${at.getTime() === stamp.getTime()}`),
    )
    await scene.session.settled()
    expect(seen).toEqual(['old true true', 'by somebody false false', 'forged false false'])
  })
})

describe('what is said to us alone', () => {
  test('S-139 with and without the mark, it is private and not a contact’s', async () => {
    const { scene, room, whispers, messages } = await opened()
    const plain = message({ type: 'chat', from: `${cave}/bob`, body: 'psst' })
    const marked = message({ type: 'chat', from: `${cave}/bob`, body: 'psst' }, user())
    for (const each of [plain, marked]) scene.session.receive(each)
    expect([whispers.map(({ nick, isPrivate }) => `${nick} ${isPrivate}`), messages]).toEqual([
      ['bob true', 'bob true'],
      [],
    ])
    const elsewhere = message({ type: 'chat', from: 'den@rooms.example.org/bob', body: 'psst' }, user())
    const contact = message({ type: 'chat', from: 'bob@example.org/x', body: 'psst' })
    // What another client of ours has sent to an occupant, as a carbon shows it.
    const sent = message({ type: 'chat', from: scene.session.jid, to: `${cave}/bob`, body: 'psst' })
    const kinds = [plain, marked, elsewhere, contact, sent]
    expect(kinds.map((each) => scene.muc.kindOf(each))).toEqual(['private', 'private', 'private', undefined, 'private'])
    expect([scene.muc.roomOf(plain), scene.muc.roomOf(contact)]).toEqual([room, undefined])
  })

  test('what we say is marked for our other clients', async () => {
    const { scene, room } = await opened()
    room.sendPrivate('bob', 'psst')
    const sent = scene.session.sent.at(-1)
    expect([String(sent?.to), sent?.type, String(sent?.element)]).toEqual([
      `${cave}/bob`,
      'chat',
      expect.stringContaining(`<x xmlns='http://jabber.org/protocol/muc#user'/>`),
    ])
  })
})

describe('who it was', () => {
  const id = (value: string) => OccupantId({ id: value })

  test('S-143 an identifier counts if the room assigns them, and if there is one', async () => {
    const { scene, room, messages } = await opened()
    scene.presence('bob', {}, {}, id('bob-id'))
    scene.say('bob', 'one', id('bob-id'))
    scene.say('bob', 'two', id('bob-id'), id('alice-id'))
    expect([room.occupants.get('bob')?.occupantId, ...messages.map(({ occupantId }) => occupantId)]).toEqual([
      'bob-id',
      'bob-id',
      undefined,
    ])
  })

  test('S-143 without the room’s word anybody could claim one', async () => {
    const scene = new RoomScene()
    scene.features = []
    const { room, messages } = await opened(scene)
    scene.presence('mallory', {}, {}, id('bob-id'))
    scene.say('mallory', 'hello', id('bob-id'))
    expect([room.assignsOccupantIds, room.occupants.get('mallory')?.occupantId, messages[0]?.occupantId]).toEqual([
      false,
      undefined,
      undefined,
    ])
  })
})

describe('who it was, when the room says so late', () => {
  test('S-143 whoever is there already is told apart from then on, and that is a change', async () => {
    const scene = new RoomScene()
    scene.features = []
    const { room } = await opened(scene)
    const changes: unknown[] = []
    room.onOccupant(({ type, occupant }) => void changes.push([type, occupant.nick, occupant.occupantId]))
    scene.presence('dora', {}, {}, OccupantId({ id: 'dora-id' }))
    scene.presence('carol', {})
    for (const features of [[NS_OCCUPANT_ID], []]) {
      scene.features = features
      scene.say(undefined, {}, user({ statuses: [104] }))
      await scene.session.settled()
    }
    expect(changes).toEqual([
      ['entered', 'dora', undefined],
      ['entered', 'carol', undefined],
      ['changed', 'dora', 'dora-id'],
      ['changed', 'dora', undefined],
    ])
    expect(room.occupants.get('dora')).toHaveProperty('occupantId', undefined)
  })

  test('an occupant is plain data: one accessor each would take more than all the rest of thousands', async () => {
    const { scene, room } = await opened()
    scene.presence('bob', {}, {}, OccupantId({ id: 'bob-id' }))
    const properties = Object.values(Object.getOwnPropertyDescriptors(room.occupants.get('bob')))
    expect(properties.filter(({ get }) => get !== undefined)).toEqual([])
    expect({ ...room.occupants.get('bob') }).toMatchObject({ nick: 'bob', occupantId: 'bob-id' })
  })
})

describe('what the room says', () => {
  test('S-146 that it shows our address, is recorded, or is another one now', async () => {
    const { scene, room, events } = await opened()
    scene.say(undefined, {}, user({ statuses: [104, 172] }))
    scene.say(undefined, {}, user({ statuses: [104, 170] }))
    expect([room.anonymity, room.isLogged]).toEqual(['none', true])
    scene.say(undefined, {}, user({ statuses: [173, 171] }))
    scene.session.receive(message({ from: cave }, user({ statuses: [101] })))
    expect(events).toEqual([
      { type: 'anonymity', anonymity: 'none', isChange: true },
      { type: 'configured', codes: [104, 172] },
      { type: 'logging', isLogged: true, isChange: true },
      { type: 'configured', codes: [104, 170] },
      { type: 'anonymity', anonymity: 'semi', isChange: true },
      { type: 'logging', isLogged: false, isChange: true },
      { type: 'configured', codes: [173, 171] },
      { type: 'affiliation-changed' },
    ])
    expect([room.anonymity, room.isLogged]).toEqual(['semi', false])
  })

  test('S-146 on entering: status 100 and 170 are told to the first listener', async () => {
    const scene = new RoomScene()
    const joined = scene.muc.join(cave, { nick: me })
    scene.letIn(me, [100, 170])
    const events: RoomEvent[] = []
    const room = await joined
    room.onEvent((event) => void events.push(event))
    await scene.session.settled()
    expect(events).toEqual([
      { type: 'joined' },
      { type: 'anonymity', anonymity: 'none', isChange: false },
      { type: 'logging', isLogged: true, isChange: false },
    ])
    scene.letIn(me, [100, 170]) // some say it again and again
    expect(events).toHaveLength(3)
  })

  test('S-140 an occupant does not speak for the room', async () => {
    const { scene, events, room } = await opened()
    scene.say('mallory', { body: 'x' }, user({ statuses: [104, 172] }))
    scene.presence('mallory', {}, { statuses: [172, 170] })
    scene.session.receive(message({ type: 'chat', from: `${cave}/mallory` }, user({ statuses: [172] })))
    scene.session.receive(message({ from: 'mallory@evil.net' }, user({ statuses: [172] })))
    expect([events, room.anonymity]).toEqual([[], undefined])
  })

  test('that somebody asks for voice, which a moderator answers (§8.6)', async () => {
    const { scene, room, events } = await opened()
    const jid = Jid.parse('hag@example.org/x')
    const asked = VoiceRequest({ role: 'participant', jid, nick: 'hag', allow: false })
    scene.session.receive(message({ from: `${cave}/mallory` }, asked))
    scene.session.receive(message({ from: cave }, asked))
    const [event, ...more] = events
    if (event?.type !== 'voice-requested') throw new TypeError('no request')
    expect([event.nick, event.role, more]).toEqual(['hag', 'participant', []])
    const reply = vi.spyOn(InboundMessage.prototype, 'reply')
    event.answer(true)
    expect(reply).toHaveBeenCalledTimes(1) // from the address that was asked: a component has many
    reply.mockRestore()
    expect(scene.session.sent.at(-1)?.get(VoiceRequest)).toEqual({ role: 'participant', jid, nick: 'hag', allow: true })
    room.requestVoice()
    expect(scene.session.sent.at(-1)?.get(VoiceRequest)).toEqual({ role: 'participant' })
  })
})

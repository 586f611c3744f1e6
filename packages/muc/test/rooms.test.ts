import { type ClientStatus, createClient, type InboundMessage } from '@couplet/client'
import { startLoopback } from '@couplet/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type JoinOptions, muc, type Room, type RoomEvent, type RoomMessage } from '../src/index.js'

const users = { alice: 'pw', bob: 'pw', carol: 'pw' }
const cave = 'cave@rooms.example.org'

async function setUp() {
  const server = await startLoopback({ users })
  onTestFinished(() => server.stop())
  const open = async (name: keyof typeof users, options: { readonly reconnect?: false } = {}) => {
    const [jid, transports] = [`${name}@example.org`, [server.transport()]]
    const client = createClient({ jid, password: 'pw', transports, plugins: [muc()], ...options })
    onTestFinished(() => client.close())
    await client.online()
    return client
  }
  return { server, open }
}

/** The first thing of its kind from now on. */
const next = <T>(on: (handler: (value: T) => void) => unknown, fits: (value: T) => boolean = () => true): Promise<T> =>
  new Promise((resolve) => void on((value) => fits(value) && resolve(value)))
const event = <K extends RoomEvent['type']>(room: Room, type: K): Promise<Extract<RoomEvent, { type: K }>> =>
  next<RoomEvent>(
    (handler) => room.onEvent(handler),
    (value) => value.type === type,
  ) as never
const saying = (room: Room, body: string): Promise<RoomMessage> =>
  next<RoomMessage>(
    (handler) => room.onMessage(handler),
    (message) => message.body === body,
  )

async function threeIn(options: JoinOptions = {}) {
  const { server, open } = await setUp()
  const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')]
  const rooms: Room[] = []
  for (const client of [alice, bob, carol]) rooms.push(await client.muc.join(cave, options))
  const [a, b, c] = rooms as [Room, Room, Room]
  return { server, alice, bob, carol, a, b, c }
}

describe('rooms on the loopback server', () => {
  test('everyday: enter and answer', async () => {
    const { open } = await setUp()
    const [alice, bob] = [await open('alice'), await open('bob')]
    const room = await alice.muc.join(cave, { nick: 'oracle' })
    room.onMessage((message) => void (message.body === 'ping' && message.reply('pong')))
    const other = await bob.muc.join(cave)
    other.send('ping')
    expect(await saying(other, 'pong')).toMatchObject({ nick: 'oracle', isOwn: false, isHistory: false })
    expect([room.isNew, other.isNew, other.nick, room.me?.affiliation]).toEqual([true, false, 'bob', 'owner'])
    expect([...other.occupants.keys()]).toEqual(['oracle', 'bob'])
    expect(other.occupants.get('bob')?.occupantId).toMatch(/^[\da-f-]{36}$/)
  })

  test('what is said comes back as our own, and what came before the first listener is not lost', async () => {
    const { a, b } = await threeIn()
    const handle = a.send({ body: 'first' })
    await Promise.all([handle.acked, b.send('second').acked])
    const seen: string[] = []
    a.onMessage((message) => void seen.push(`${message.body} ${message.isOwn}`))
    await saying(b, 'second')
    expect(seen).toEqual(['first true', 'second false'])
  })

  test('history comes if it is asked for', async () => {
    const { open } = await setUp()
    const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')]
    const room = await alice.muc.join(cave)
    for (const body of ['one', 'two', 'three']) room.send(body)
    await saying(room, 'three')
    const without = await bob.muc.join(cave)
    const withHistory = await carol.muc.join(cave, { history: { maxStanzas: 2 } })
    const heard: string[] = []
    const past: [string | undefined, boolean][] = []
    without.onMessage((message) => void heard.push(message.body ?? ''))
    withHistory.onMessage((message) => void past.push([message.body, message.isHistory]))
    room.send('now')
    await Promise.all([saying(without, 'now'), saying(withHistory, 'now')])
    expect(heard).toEqual(['now'])
    expect(past).toEqual([
      ['two', true],
      ['three', true],
      ['now', false],
    ])
  })

  test('the subject', async () => {
    const { a, b, bob } = await threeIn()
    const changed = next(b.onSubject.bind(b))
    a.setSubject('Fire burn')
    expect(await changed).toMatchObject({ subject: 'Fire burn', nick: 'alice' })
    await b.leave()
    const again = await bob.muc.join(cave)
    await next(again.onSubject.bind(again))
    expect(again.subject).toBe('Fire burn')
  })

  test('S-139 a private message has its own listener, and is not one of a contact', async () => {
    const { a, b, bob } = await threeIn()
    const toAll = next<InboundMessage>(
      (handler) => bob.onMessage(handler),
      (message) => message.body === 'psst',
    )
    const told = next(b.onPrivateMessage.bind(b))
    a.sendPrivate('bob', 'psst')
    const received = await told
    expect(received).toMatchObject({ nick: 'alice', body: 'psst', isPrivate: true })
    expect(bob.muc.kindOf(await toAll)).toBe('private')
    expect(bob.muc.roomOf(received.message)).toBe(b)
    const answered = next(a.onPrivateMessage.bind(a))
    received.reply('what?')
    expect(await answered).toMatchObject({ nick: 'bob', body: 'what?' })
  })

  test('nicknames: changed, refused, and asked for in vain', async () => {
    const { a, b, bob } = await threeIn()
    const renamed = next(b.onOccupant.bind(b), ({ type }) => type === 'renamed')
    expect(await a.changeNick('hag')).toBe('hag')
    expect(await renamed).toMatchObject({ oldNick: 'alice', occupant: { nick: 'hag' } })
    expect([a.nick, a.me?.nick, [...b.occupants.keys()].sort()]).toEqual(['hag', 'hag', ['bob', 'carol', 'hag']])
    await expect(b.changeNick('hag')).rejects.toMatchObject({ name: 'StanzaError', condition: 'conflict' })
    expect(b.nick).toBe('bob')
    await b.leave()
    await expect(bob.muc.join(cave, { nick: 'hag' })).rejects.toMatchObject({ condition: 'conflict' })
    expect(bob.muc.rooms.size).toBe(0)
  })

  test('moderation: voice, kicks, bans, and who may', async () => {
    const { a, b, c, carol } = await threeIn()
    await expect(b.kick('carol')).rejects.toMatchObject({ condition: 'forbidden' })
    await a.revokeVoice('bob', { reason: 'too loud' })
    expect((await a.withRole('visitor')).map(({ nick }) => nick)).toEqual(['bob'])
    await a.grantVoice('bob')
    const kicked = event(c, 'kicked')
    const seen = next(b.onOccupant.bind(b), ({ type }) => type === 'kicked')
    await a.kick('carol', { reason: 'avaunt' })
    expect(await kicked).toEqual({ type: 'kicked', reason: 'avaunt', actor: 'alice' })
    expect(await seen).toMatchObject({ occupant: { nick: 'carol' }, reason: 'avaunt' })
    expect([c.state, carol.muc.rooms.size]).toEqual(['left', 0])
    expect(() => c.send('anybody?')).toThrow('not in the room any more')
    const again = await carol.muc.join(cave)
    const banned = event(again, 'banned')
    await a.ban('carol@example.org')
    expect(await banned).toMatchObject({ actor: 'alice' })
    expect((await a.withAffiliation('outcast')).map(({ jid }) => String(jid))).toEqual(['carol@example.org'])
    await expect(carol.muc.join(cave)).rejects.toMatchObject({ condition: 'forbidden' })
  })

  test('a room is made as it is to be, keeps what it has besides, and tells what changes', async () => {
    const { open } = await setUp()
    const [alice, bob] = [await open('alice'), await open('bob')]
    const settings = { name: 'The Cave', isMembersOnly: true, password: 'cauldron' }
    const room = await alice.muc.create(cave, { settings, nick: 'first' })
    await expect(alice.muc.create(cave)).rejects.toMatchObject({ code: 'exists' })
    await expect(bob.muc.create(cave, { password: 'cauldron' })).rejects.toMatchObject({
      condition: 'registration-required',
    })
    expect((await room.configuration()).settings).toMatchObject({ ...settings, isPasswordProtected: true })
    expect(await bob.muc.info(cave)).toMatchObject({
      name: 'The Cave',
      isMembersOnly: true,
      occupants: 1,
      isModerated: false,
    })
    await room.setAffiliation('bob@example.org', 'member')
    await expect(bob.muc.join(cave)).rejects.toMatchObject({ condition: 'not-authorized' })
    const other = await bob.muc.join(cave, { password: 'cauldron' })
    const told = event(other, 'anonymity')
    await room.configure({ whois: 'anyone' })
    expect(await told).toEqual({ type: 'anonymity', anonymity: 'none', isChange: true })
    expect(other.anonymity).toBe('none')
    await expect(room.configure({ maxOccupants: '3' })).rejects.toThrow(RangeError)
    await expect(other.configure({ name: 'Mine' })).rejects.toMatchObject({ condition: 'forbidden' })
    const destroyed = event(other, 'destroyed')
    await room.destroy({ reason: 'over', alternative: 'heath@rooms.example.org' })
    expect(await destroyed).toMatchObject({ reason: 'over' })
    expect(String((await destroyed).alternative)).toBe('heath@rooms.example.org')
    await expect(bob.muc.info(cave)).rejects.toMatchObject({ condition: 'item-not-found' })
  })

  test('who does not want to make rooms does not', async () => {
    const { open } = await setUp()
    const alice = await open('alice')
    await expect(alice.muc.join(cave, { create: false })).rejects.toMatchObject({ name: 'RoomError', code: 'no-room' })
    await expect(alice.muc.info(cave)).rejects.toMatchObject({ condition: 'item-not-found' })
    expect(alice.muc.rooms.size).toBe(0)
  })

  test('invitations of both kinds: nobody goes by themselves', async () => {
    const { open } = await setUp()
    const [alice, bob] = [await open('alice'), await open('bob')]
    const room = await alice.muc.create(cave, { settings: { isMembersOnly: true } })
    const direct = next(bob.muc.onInvitation)
    room.invite(bob.jid, { direct: true, reason: 'Come', continues: 'thread-1' })
    expect(await direct).toMatchObject({ kind: 'direct', reason: 'Come', continues: 'thread-1', password: undefined })
    const mediated = next(bob.muc.onInvitation)
    room.invite('bob@example.org', { reason: 'Please', continues: true })
    const invitation = await mediated
    expect([String(invitation.room), invitation.kind, String(invitation.from), invitation.continues]).toEqual([
      cave,
      'mediated',
      'alice@example.org',
      true,
    ])
    expect(bob.muc.rooms.size).toBe(0)
    const declined = event(room, 'declined')
    invitation.decline('no time')
    expect(await declined).toMatchObject({ reason: 'no time' })
    expect((await bob.muc.join(invitation.room)).me?.affiliation).toBe('member')
  })

  test('R-045 after a new session we are back, and hear what we have missed', async () => {
    const { server, a, b } = await threeIn()
    const seen: string[] = []
    b.onMessage((message) => void seen.push(`${message.body} ${message.isHistory}`))
    a.send('before')
    await saying(b, 'before')
    const rejoined = event(b, 'rejoined')
    server.forget('bob@example.org')
    server.drop('bob@example.org')
    a.send('meanwhile')
    await rejoined
    b.send('back')
    expect((await saying(a, 'back')).nick).toBe('bob')
    await saying(b, 'back')
    expect(seen).toEqual(['before false', 'meanwhile true', 'back false'])
  })

  test('R-045 a room that ended with our session is there again, and open to others', async () => {
    const { server, open } = await setUp()
    const alice = await open('alice')
    const room = await alice.muc.create(cave, { settings: { name: 'The Cave', isMembersOnly: true } })
    const recreated = event(room, 'recreated')
    server.forget('alice@example.org')
    server.drop('alice@example.org')
    await recreated
    await vi.waitFor(async () => expect(await alice.muc.info(cave)).toMatchObject({ name: 'The Cave' }))
    await room.setAffiliation('bob@example.org', 'member')
    const other = await (await open('bob')).muc.join(cave, { create: false })
    expect([room.isNew, [...other.occupants.keys()].sort()]).toEqual([true, ['alice', 'bob']])
  })

  test('R-045 a session that goes on knows the room: nobody enters again', async () => {
    const { server, a, b } = await threeIn()
    const events: string[] = []
    await event(b, 'joined')
    b.onEvent(({ type }) => void events.push(type))
    server.drop('bob@example.org')
    a.send('still there?')
    await saying(b, 'still there?')
    expect([b.state, events]).toEqual(['joined', []])
  })

  test('a client that gives up says so of what waits for the room, and of what comes after that', async () => {
    const { server, open } = await setUp()
    const alice = await open('alice', { reconnect: false })
    const room = await alice.muc.join(cave)
    const given = next<ClientStatus>(
      (handler) => alice.on('status', handler),
      ({ state }) => state === 'offline',
    )
    server.drop()
    const early = room.send('too late')
    await given
    const late = room.send('much too late')
    for (const { acked } of [early, late]) await expect(acked).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})

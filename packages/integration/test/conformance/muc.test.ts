import { randomBytes } from 'node:crypto'
import { disco } from '@couplet/disco'
import { type JoinOptions, muc, type Room, type RoomEvent, type RoomMessage } from '@couplet/muc'
import { sendPing } from '@couplet/ping'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const open = (target: Target, options: Parameters<typeof openClient>[1] = {}) =>
  openClient(target, { ...options, plugins: [muc(), disco()] })

const roomOn = (target: Target): string => `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`

/** The first thing of its kind from now on. */
const next = <T>(on: (handler: (value: T) => void) => unknown, fits: (value: T) => boolean = () => true): Promise<T> =>
  new Promise((resolve) => {
    on((value) => {
      if (fits(value)) resolve(value)
    })
  })
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

/** An owner and a guest in a new room. */
const twoIn = async (target: Target, options: JoinOptions = {}) => {
  const [owner, guest] = await Promise.all([open(target), open(target)])
  const address = roomOn(target)
  const mine = await owner.muc.create(address, { nick: 'owner' })
  const theirs = await guest.muc.join(address, { nick: 'guest', ...options })
  return { owner, guest, address, mine, theirs }
}

describe.each(await targets())('rooms on $title', (target) => {
  test('everyday: enter, and answer', async () => {
    const { mine, theirs } = await twoIn(target)
    mine.onMessage((message) => void (message.body === 'ping' && message.reply('pong')))
    theirs.send('ping')
    const pong = await saying(theirs, 'pong')
    expect(pong).toMatchObject({ nick: 'owner', isOwn: false, isHistory: false, isPrivate: false })
    expect([...theirs.occupants.keys()].sort()).toEqual(['guest', 'owner'])
    expect([mine.isNew, theirs.isNew, mine.me?.affiliation, mine.me?.role]).toEqual([true, false, 'owner', 'moderator'])
    expect(theirs.occupants.get('owner')?.occupantId).toEqual(
      theirs.assignsOccupantIds ? expect.any(String) : undefined,
    )
  })

  test('S-137 what we say comes back as our own', async () => {
    const { mine, theirs } = await twoIn(target)
    mine.send('hello')
    expect(await saying(mine, 'hello')).toMatchObject({ isOwn: true, nick: 'owner' })
    expect(await saying(theirs, 'hello')).toMatchObject({ isOwn: false, nick: 'owner' })
  })

  test('a room that is not there is made on entering, and open to others', async () => {
    const [owner, guest] = await Promise.all([open(target), open(target)])
    const address = roomOn(target)
    expect((await owner.muc.join(address)).isNew).toBe(true)
    expect((await guest.muc.join(address)).isNew).toBe(false)
    const another = roomOn(target)
    await expect(owner.muc.join(another, { create: false })).rejects.toMatchObject({ code: 'no-room' })
    await expect(guest.muc.create(address)).rejects.toMatchObject({ code: 'exists' })
  })

  test('history, if it is asked for; the subject always', async () => {
    const { address, mine } = await twoIn(target)
    for (const body of ['one', 'two', 'three']) mine.send(body)
    mine.setSubject('Fire burn')
    await next(mine.onSubject.bind(mine), ({ subject }) => subject === 'Fire burn')
    const late = await open(target)
    const room = await late.muc.join(address, { nick: 'late', history: { maxStanzas: 2 } })
    const past: string[] = []
    room.onMessage(({ body, isHistory }) => void past.push(`${body} ${isHistory}`))
    await next(room.onSubject.bind(room), ({ subject }) => subject === 'Fire burn')
    expect(room.subject).toBe('Fire burn')
    mine.send('now')
    await saying(room, 'now')
    // Some count the subject as one of them.
    expect(past.filter((line) => line !== 'two true')).toEqual(['three true', 'now false'])
  })

  test('S-139 private messages', async () => {
    const { mine, theirs, guest } = await twoIn(target)
    const told = next(theirs.onPrivateMessage.bind(theirs))
    mine.sendPrivate('guest', 'psst')
    const received = await told
    expect([received.nick, received.body, guest.muc.kindOf(received.message)]).toEqual(['owner', 'psst', 'private'])
    const answered = next(mine.onPrivateMessage.bind(mine))
    received.reply('what?')
    expect((await answered).body).toBe('what?')
  })

  test('nicknames: changed, and refused if somebody else has them', async () => {
    const { mine, theirs, address } = await twoIn(target)
    const renamed = next(theirs.onOccupant.bind(theirs), ({ type }) => type === 'renamed')
    expect(await mine.changeNick('hag')).toBe('hag')
    expect(await renamed).toMatchObject({ oldNick: 'owner', occupant: { nick: 'hag' } })
    await expect(theirs.changeNick('hag')).rejects.toMatchObject({ name: 'StanzaError', condition: 'conflict' })
    const third = await open(target)
    await expect(third.muc.join(address, { nick: 'hag' })).rejects.toMatchObject({ condition: 'conflict' })
  })

  test('R-045 who is kicked or banned stays out', async () => {
    const { mine, theirs, guest, address } = await twoIn(target)
    await expect(theirs.kick('owner')).rejects.toMatchObject({ name: 'StanzaError' })
    const kicked = event(theirs, 'kicked')
    await mine.kick('guest', { reason: 'avaunt' })
    expect(await kicked).toMatchObject({ reason: 'avaunt' })
    expect([theirs.state, guest.muc.rooms.size]).toEqual(['left', 0])
    const again = await guest.muc.join(address, { nick: 'guest' })
    const banned = event(again, 'banned')
    await mine.ban(guest.account)
    await banned
    await expect(guest.muc.join(address, { nick: 'guest' })).rejects.toMatchObject({ condition: 'forbidden' })
    expect((await mine.withAffiliation('outcast')).map(({ jid }) => String(jid))).toEqual([String(guest.account)])
  })

  test('voice, and affiliations', async () => {
    const { mine, theirs, guest } = await twoIn(target)
    await mine.configure({ isModerated: true })
    const changed = next(theirs.onOccupant.bind(theirs), ({ occupant }) => occupant.role === 'visitor')
    await mine.revokeVoice('guest')
    expect(await changed).toMatchObject({ type: 'changed', occupant: { nick: 'guest' } })
    const member = next(theirs.onOccupant.bind(theirs), ({ occupant }) => occupant.affiliation === 'member')
    await mine.setAffiliation(guest.account, 'member')
    expect((await member).occupant.nick).toBe('guest')
  })

  test('S-146 a configuration keeps what it was not asked to change, and tells what it did', async () => {
    const { mine, theirs, guest, address } = await twoIn(target)
    const before = (await mine.configuration()).form.fields
    const told = event(theirs, 'anonymity')
    await mine.configure({ name: 'The Cave', whois: 'anyone' })
    expect(await told).toMatchObject({ anonymity: 'none', isChange: true })
    const { settings, form } = await mine.configuration()
    expect(settings).toMatchObject({ name: 'The Cave', whois: 'anyone' })
    const changed = ['muc#roomconfig_roomname', 'muc#roomconfig_whois']
    const rest = (fields: typeof before) => fields.filter(({ var: name = '' }) => !changed.includes(name))
    expect(rest(form.fields).map(({ var: name, values }) => [name, values])).toEqual(
      rest(before).map(({ var: name, values }) => [name, values]),
    )
    expect(await guest.muc.info(address)).toMatchObject({
      name: 'The Cave',
      isNonAnonymous: true,
      isMembersOnly: false,
    })
  })

  test('passwords and members', async () => {
    const [owner, guest] = await Promise.all([open(target), open(target)])
    const address = roomOn(target)
    const settings = { password: 'cauldron', isMembersOnly: true }
    const mine = await owner.muc.create(address, { settings })
    await expect(guest.muc.join(address, { password: 'cauldron' })).rejects.toMatchObject({
      condition: 'registration-required',
    })
    await mine.setAffiliation(guest.account, 'member')
    await expect(guest.muc.join(address)).rejects.toMatchObject({ condition: 'not-authorized' })
    expect((await guest.muc.join(address, { password: 'cauldron' })).me?.affiliation).toBe('member')
  })

  test('invitations of both kinds, and one that is declined', async () => {
    const [owner, guest] = await Promise.all([open(target), open(target)])
    const mine = await owner.muc.create(roomOn(target), { settings: { isMembersOnly: true } })
    const mediated = next(guest.muc.onInvitation)
    mine.invite(guest.account, { reason: 'Come' })
    const invitation = await mediated
    expect([invitation.kind, String(invitation.room), invitation.reason]).toEqual([
      'mediated',
      String(mine.jid),
      'Come',
    ])
    const declined = event(mine, 'declined')
    invitation.decline('no time')
    expect((await declined).reason).toBe('no time')
    const direct = next(guest.muc.onInvitation, ({ kind }) => kind === 'direct')
    mine.invite(guest.jid, { direct: true })
    const room = await guest.muc.join((await direct).room)
    expect(room.me?.affiliation).toBe('member') // to be invited through a room makes one a member
  })

  test('R-045 a room that is destroyed is left alone', async () => {
    const { mine, theirs, guest } = await twoIn(target)
    const destroyed = event(theirs, 'destroyed')
    await mine.destroy({ reason: 'over', alternative: `heath@rooms.${target.domain}` })
    expect(await destroyed).toMatchObject({ reason: 'over' })
    expect(String((await destroyed).alternative)).toBe(`heath@rooms.${target.domain}`)
    expect(guest.muc.rooms.size).toBe(0)
  })

  test('R-044 a self-ping says whether we are in', async () => {
    const { owner, address, mine } = await twoIn(target)
    await owner.request(sendPing, true, { to: `${address}/owner` }).catch((error: unknown) => {
      expect(error).toMatchObject({ condition: 'service-unavailable' }) // our own word: this client answers no pings
    })
    await mine.leave()
    await expect(owner.request(sendPing, true, { to: `${address}/owner` })).rejects.toMatchObject({
      condition: 'not-acceptable',
    })
  })

  test('R-045 after a new session we are in again, and hear what was missed', async () => {
    const account = await target.createUser()
    const owner = await open(target)
    const address = roomOn(target)
    const mine = await owner.muc.create(address, { nick: 'owner' })
    const guest = await openClient(target, { account, reconnect: true, plugins: [muc(), disco()] })
    const theirs = await guest.muc.join(address, { nick: 'guest' })
    const seen: string[] = []
    theirs.onMessage(({ body, isHistory }) => void seen.push(`${body} ${isHistory}`))
    mine.send('before')
    await saying(theirs, 'before')
    const gone = next(mine.onOccupant.bind(mine), ({ type }) => type === 'left')
    const rejoined = event(theirs, 'rejoined')
    guest.on('status', ({ state }) => {
      if (state !== 'online') mine.send('meanwhile')
    })
    await target.kick(String(guest.jid))
    await rejoined
    await gone
    theirs.send('back')
    expect(await saying(theirs, 'back')).toMatchObject({ isOwn: true })
    expect(seen.filter((line) => line.startsWith('before'))).toEqual(['before false'])
    expect(seen.some((line) => line.startsWith('meanwhile'))).toBe(true)
  })
})

import { Jid, type XmlElement } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { VersionName } from '../src/index.js'
import { TestRoom } from './room.js'
import { forged, lastOutcome, type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']
const names = ['alice', 'bob', 'carol', 'dave', 'eve']

describe.each(versions)('%s', (version) => {
  /** A room with so many people in it. */
  const scene = async (count: number) => {
    const world = new World()
    const room = new TestRoom()
    const peers: Peer[] = []
    for (const name of names.slice(0, count)) {
      const peer = await world.join(`${name}@${name}.example/1`, { versions: [version] })
      peers.push(peer)
      room.enter(peer, `the ${name}`)
    }
    const settle = async (): Promise<void> => {
      room.deliver(peers)
      await world.settle()
    }
    const [alice, bob, carol] = peers as [Peer, Peer, Peer]
    return { world, room, peers, settle, alice, bob, carol }
  }

  test('what is said in a room is read by all members, and its sender is the account', async () => {
    const { room, peers, settle, alice, bob } = await scene(3)
    const sent = await alice.omemo.send({ to: room.jid, body: 'to all' })
    expect(sent.recipients.map(({ jid }) => jid).sort()).toEqual(peers.slice(1).map(({ jid }) => jid))
    await settle()
    expect(peers.map((peer) => peer.bodies())).toEqual([[], ['to all'], ['to all']])
    expect(alice.outcomes.map(({ status }) => status)).toContain('own-echo')
    const [message] = bob.messages
    expect([message?.from.toString(), message?.room, message?.boundTo]).toEqual([
      alice.jid,
      room.jid.toString(),
      version === 'omemo2',
    ])
    await message?.reply('to all again')
    await settle()
    expect(alice.bodies()).toEqual(['to all again'])
  })

  test('OMEMO F12 members who are not there read it later, and one without OMEMO stops nobody', async () => {
    const { world, room, peers, settle, alice } = await scene(4)
    const away = peers[3] as Peer
    room.nicks.delete('the dave')
    room.affiliations.set('plain@p.example', 'member')
    const sent = await alice.omemo.send({ to: room.jid, body: 'one' })
    expect(sent.errors).toMatchObject([{ jid: 'plain@p.example', deviceId: undefined }])
    expect(sent.recipients.map(({ jid }) => jid)).toContain(away.jid)
    await settle()
    // Somebody comes while something is being encrypted.
    const late = await world.join('late@l.example/1', { versions: [version] })
    room.enter(late, 'the late')
    expect((await alice.omemo.send({ to: room.jid, body: 'two' })).recipients.map(({ jid }) => jid)).toContain(late.jid)
  })

  test('OMEMO S7 who has said it is who had the nickname then, however late it is read', async () => {
    const { room, alice, bob, carol } = await scene(3)
    await alice.omemo.send({ to: room.jid, body: 'one' })
    const hold = bob.session.holdMessages()
    room.deliver([bob])
    room.nicks.set('the alice', carol.jid)
    hold.dispose()
    await bob.session.settled()
    expect(bob.messages.map(({ body, device: { jid } }) => [body, jid])).toEqual([['one', alice.jid]])
  })

  test('OMEMO F13 who is banned meanwhile gets no key', async () => {
    const { world, room, settle, alice, bob, carol } = await scene(3)
    await alice.omemo.send({ to: room.jid, body: 'one' })
    await settle()
    await alice.omemo.resetSession(carol.jid)
    // Just as her bundle is asked for.
    world.nodes.onGet = (jid, node) => {
      if (jid === carol.jid && node.includes('bundles')) room.set(carol.jid, 'outcast')
    }
    const sent = await alice.omemo.send({ to: room.jid, body: 'two' })
    expect(sent.recipients.map(({ jid }) => jid)).toEqual([bob.jid])
    const after = await alice.omemo.send({ to: room.jid, body: 'three' })
    expect([after.recipients.map(({ jid }) => jid), after.errors]).toEqual([[bob.jid], []])
  })

  test('S-217 OMEMO F14 in an anonymous room nothing is encrypted', async () => {
    const { room, alice } = await scene(2)
    room.anonymity = 'semi'
    await expect(alice.omemo.send({ to: room.jid, body: 'x' })).rejects.toMatchObject({ code: 'room-not-suitable' })
    expect(room.sent).toEqual([])
  })

  test('OMEMO S7 a room that gives the words of one to another is not believed', async () => {
    const { room, settle, alice, bob, carol } = await scene(3)
    await alice.omemo.send({ to: room.jid, body: 'one' })
    await carol.omemo.send({ to: room.jid, body: 'two' })
    await settle()
    await alice.omemo.send({ to: room.jid, body: 'three' })
    const said = room.sent.splice(0)[0]?.element as XmlElement
    bob.session.receive(room.as('the carol', bob, said))
    await bob.session.settled()
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed' })
    expect(bob.bodies()).toEqual(['one', 'two'])
    // And of somebody whose address nobody knows.
    bob.session.receive(room.as('nobody', bob, said))
    await bob.session.settled()
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed', reason: 'unknown-sender' })
  })

  test('OMEMO F8 somebody else has a device with our id: we read it all the same', async () => {
    const { room, alice, bob, carol, settle } = await scene(3)
    await alice.omemo.send({ to: room.jid, body: 'one' })
    const [said] = room.sent.splice(0)
    const [own, other] = [(await bob.omemo.self()).deviceId, (await carol.omemo.self()).deviceId]
    // Carol's device is called like ours.
    const text = String(said?.element).replace(`rid='${other}'`, `rid='${own}'`)
    const { parseXml } = await import('@couplet/testing')
    bob.session.receive(room.as('the alice', bob, parseXml(text)))
    await bob.session.settled()
    expect(bob.bodies()).toEqual(['one'])
    await settle()
  })

  test('what somebody in the room says to us alone is theirs', async () => {
    const { world, room, alice, bob } = await scene(2)
    await alice.omemo.send({ to: bob.jid, body: 'psst' })
    const [sent] = world.take(alice) as [XmlElement]
    const encrypted = [...sent.elements()].find(({ name }) => name === 'encrypted') as XmlElement
    bob.session.receive(forged(`${room.jid}/the alice`, `${bob.jid}/1`, encrypted).element)
    await bob.session.settled()
    expect(bob.messages[0]).toMatchObject({ body: 'psst', room: undefined })
    expect(bob.messages[0]?.from.equals(Jid.parse(alice.jid))).toBe(true)
  })

  test('what is written to somebody in a room is for them alone, and read by them and our other devices', async () => {
    const { world, room, alice, bob } = await scene(3)
    const desk = await world.join('alice@alice.example/2', { versions: [version] })
    room.enter(desk, 'the desk')
    const to = `${room.jid}/the bob`
    const sent = await alice.omemo.send({ to, body: 'psst' })
    expect(new Set(sent.recipients.map(({ jid }) => jid))).toEqual(new Set([bob.jid, alice.jid]))
    const [element] = world.take(alice) as [XmlElement]
    expect([room.sent, element.attr('to'), element.attr('type')]).toEqual([[], to, 'chat'])
    await desk.omemo.receive(desk.session.inbound(element, 'carbon'))
    bob.session.receive(room.as('the alice', bob, element))
    await bob.session.settled()
    expect([desk.bodies(), bob.bodies(), String(bob.messages[0]?.from)]).toEqual([['psst'], ['psst'], alice.jid])
    // Who answers it answers in the room, to that occupant alone.
    await bob.messages[0]?.reply('what is it?')
    expect(world.take(bob).map((answer) => [answer.attr('to'), answer.attr('type')])).toEqual([
      [`${room.jid}/the alice`, 'chat'],
    ])
    const { recipients } = await alice.omemo.encrypt({ to, body: 'psst' })
    expect(recipients.map(({ jid }) => jid)).not.toContain('carol@carol.example')
    const nobody = { to: `${room.jid}/nobody`, body: 'psst' }
    await expect(alice.omemo.send(nobody)).rejects.toThrow(TypeError)
    await expect(alice.omemo.encrypt(nobody)).rejects.toThrow(TypeError)
    // Somebody could write, and nobody would know who it was.
    room.anonymity = 'semi'
    await expect(alice.omemo.send({ to, body: 'psst' })).rejects.toMatchObject({ code: 'room-not-suitable' })
  })

  test('OMEMO S7 what somebody in a room has said to us alone is theirs as a copy and in the archive, or nobody’s', async () => {
    const { world, room, alice, bob } = await scene(2)
    const write = async (body: string, nick: string): Promise<XmlElement> => {
      await alice.omemo.send({ to: `${room.jid}/the bob`, body })
      return room.as(nick, bob, world.take(alice).at(-1) as XmlElement)
    }
    const stranger = await bob.omemo.receive(bob.session.inbound(await write('zero', 'nobody'), 'archive'))
    expect(stranger).toMatchObject({ status: 'failed', reason: 'unknown-sender' })
    expect(await bob.omemo.devices(room.jid)).toEqual([])
    await bob.omemo.receive(bob.session.inbound(await write('one', 'the alice'), 'archive'))
    await bob.omemo.receive(bob.session.inbound(await write('two', 'the alice'), 'carbon'))
    expect(bob.bodies()).toEqual(['one', 'two'])
    expect(bob.messages.map(({ from }) => String(from))).toEqual([alice.jid, alice.jid])
    // What was said in a room that we are not in comes from nobody, however it came.
    const elsewhere = (await write('three', 'the alice')).with({ from: 'other@c.example/alice', type: 'groupchat' })
    expect(await bob.omemo.receive(bob.session.inbound(elsewhere, 'archive'))).toMatchObject({
      reason: 'unknown-sender',
    })
  })
})

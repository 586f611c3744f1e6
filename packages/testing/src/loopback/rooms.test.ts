import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { getOwner, muc, type OccupantChange, OccupantId, type Room, setOwner } from '@couplet/muc'
import { sendPing } from '@couplet/ping'
import { message, presence } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startLoopback } from './loopback-server.js'

const cave = 'cave@rooms.example.org'

async function setUp() {
  const server = await startLoopback({ users: { alice: 'pw', bob: 'pw' } })
  onTestFinished(() => server.stop())
  const open = async (name: string) => {
    const options = { jid: `${name}@example.org`, password: 'pw', transports: [server.transport()] }
    const client = createClient({ ...options, plugins: [muc(), disco(), mam()] })
    onTestFinished(() => client.close())
    await client.online()
    return client
  }
  return { server, alice: await open('alice'), bob: await open('bob') }
}

const gone = (room: Room): Promise<OccupantChange> =>
  new Promise((resolve) => void room.onOccupant((change) => void (change.type === 'left' && resolve(change))))

describe('rooms of the loopback server', () => {
  test('are found by service discovery', async () => {
    const { alice, bob } = await setUp()
    const { items } = await bob.disco.items('example.org')
    expect(items.map(({ jid }) => String(jid))).toEqual(['rooms.example.org'])
    await alice.muc.create(cave, { settings: { name: 'Cave', description: 'Dark' } })
    await alice.muc.create('den@rooms.example.org', { settings: { isPublic: false } })
    expect((await bob.disco.items('rooms.example.org')).items.map(({ jid, name }) => `${jid} ${name}`)).toEqual([
      `${cave} Cave`,
    ])
    expect((await bob.disco.info('rooms.example.org')).identities).toMatchObject([{ category: 'conference' }])
    expect(await bob.muc.info(cave)).toMatchObject({ description: 'Dark', occupants: 1, assignsOccupantIds: true })
  })

  test('answer self-pings, and refuse what those who are not in say', async () => {
    const { alice, bob } = await setUp()
    await alice.muc.join(cave)
    await alice.request(sendPing, true, { to: `${cave}/alice` })
    for (const nick of ['alice', 'bob']) {
      const asked = bob.request(sendPing, true, { to: `${cave}/${nick}` })
      await expect(asked).rejects.toMatchObject({ condition: 'not-acceptable' })
    }
    const refused = new Promise((resolve) => bob.on('undeliverable', ({ error }) => resolve(error.condition)))
    bob.send(message({ to: cave, type: 'groupchat', body: 'hello' }))
    expect(await refused).toBe('not-acceptable')
    const presences = new Promise((resolve) => void bob.onPresence(({ error, from }) => error && resolve(`${from}`)))
    bob.send(presence({ to: `${cave}/bob` }))
    expect(await presences).toBe(`${cave}/bob`)
  })

  test('a room is locked until it is configured, and its form comes back whole', async () => {
    const { alice, bob } = await setUp()
    alice.send(presence({ to: `${cave}/alice` })) // no word of a room: nothing is made
    await expect(bob.muc.info(cave)).rejects.toMatchObject({ condition: 'item-not-found' })
    const room = await alice.muc.create(cave)
    const { form } = await alice.request(getOwner, {}, { to: cave })
    const partial = { type: 'submit', instructions: [], items: [], fields: form?.fields.slice(0, 2) ?? [] } as const
    await expect(alice.request(setOwner, { form: partial }, { to: cave })).rejects.toMatchObject({
      condition: 'not-acceptable',
    })
    await expect(bob.request(getOwner, {}, { to: cave })).rejects.toMatchObject({ condition: 'forbidden' })
    await room.configure({ isModerated: true })
    const other = await bob.muc.join(cave)
    expect(other.me?.role).toBe('visitor')
    const refused = new Promise((resolve) => bob.on('undeliverable', ({ error }) => resolve(error.condition)))
    other.send('may I?')
    expect(await refused).toBe('forbidden')
  })

  test('whose session ends is gone, and a room that nobody is in is no more', async () => {
    const { alice, bob } = await setUp()
    const room = await alice.muc.join(cave)
    await bob.muc.join(cave)
    const left = gone(room)
    await bob.close()
    expect((await left).occupant.nick).toBe('bob')
    await room.leave()
    await expect(alice.muc.info(cave)).rejects.toMatchObject({ condition: 'item-not-found' })
  })

  test('an identifier that somebody claims is exchanged for their own (XEP-0421 §3.3)', async () => {
    const { alice, bob } = await setUp()
    const room = await alice.muc.join(cave)
    const other = await bob.muc.join(cave)
    const own = room.me?.occupantId ?? ''
    other.send('hello', OccupantId({ id: own }))
    const heard = await new Promise<string | undefined>((resolve) => {
      room.onMessage(({ occupantId }) => resolve(occupantId))
    })
    expect(heard).toBe(room.occupants.get('bob')?.occupantId)
    expect(heard).not.toBe(own)
  })

  test('keep what is said to all in an archive, under ids of their own, for those who may enter', async () => {
    const { alice, bob } = await setUp()
    const room = await alice.muc.create(cave)
    await bob.muc.join(cave)
    const ids: (string | undefined)[] = []
    room.onMessage(({ message: said }) => void ids.push(said.get(StanzaId)?.id))
    const forged = StanzaId({ id: 'forged', by: room.jid })
    await alice.send(message({ to: cave, type: 'groupchat', body: 'one' }, forged)).acked
    room.setSubject('Dark')
    await room.sendPrivate('bob', 'psst').acked
    await room.send('two').acked
    const kept: string[] = []
    for await (const { id, message: said } of bob.mam.query({ archive: cave })) {
      kept.push(`${said.from?.resource} ${said.to} ${said.subject ?? said.body}`)
      if (said.body !== undefined) expect(ids).toContain(id)
    }
    expect([kept, ids.includes('forged')]).toEqual([
      ['alice undefined one', 'alice undefined Dark', 'alice undefined two'],
      false,
    ])
    expect(await bob.mam.supported({ archive: cave })).toBe(true)
    expect((await bob.mam.metadata({ archive: cave })).end?.id).toBe(ids.at(-1))
    await room.ban(bob.account)
    const refused = bob.mam.query({ archive: cave }).next()
    await expect(refused).rejects.toMatchObject({ condition: 'forbidden' })
  })
})

import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import { memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { muc } from '@couplet/muc'
import { type OmemoEvent, type OmemoMessage, type OmemoOptions, omemo, type VersionName } from '@couplet/omemo'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

/** Collects what is told, and waits for what is awaited. */
const queueOf = <T>() => {
  const seen: T[] = []
  const checks = new Set<() => void>()
  return {
    seen,
    take(item: T): void {
      seen.push(item)
      for (const check of [...checks]) check()
    },
    until: <M extends T>(matches: (item: T) => item is M): Promise<M> =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = seen.find(matches)
          if (found === undefined) return
          checks.delete(check)
          resolve(found)
        }
        checks.add(check)
        check()
      }),
  }
}

const saying =
  (text: string) =>
  (message: OmemoMessage): message is OmemoMessage =>
    message.body === text

const open = async (target: Target, options: OmemoOptions = {}, account?: Account, store?: StateStore) => {
  const client = await newClient(target, {
    ...(account && { account }),
    ...(store && { store }),
    plugins: [disco(), caps(), pubsub(), pep(), carbons(), mam({ catchUp: true }), muc(), omemo(options)],
  })
  const [messages, events, errors] = [queueOf<OmemoMessage>(), queueOf<OmemoEvent>(), [] as unknown[]]
  client.omemo.onMessage((message) => messages.take(message))
  client.omemo.onEvent((event) => events.take(event))
  client.on('error', (error) => errors.push(error))
  client.omemo.follow(client)
  await client.online()
  await client.omemo.enable()
  return { client, messages, events, errors, jid: client.account.toString() }
}

// The loopback server has no nodes: accounts are pubsub services on real servers only.
const live = (await targets()).filter(({ server }) => server !== undefined)
const versions: readonly (readonly VersionName[])[] = [['omemo2'], ['legacy'], ['omemo2', 'legacy']]

describe.each(live)('OMEMO on $title', (target) => {
  test.each(versions.map((list) => ({ list })))('two clients write to each other: $list', async ({ list }) => {
    const [alice, bob] = await Promise.all([open(target, { versions: list }), open(target, { versions: list })])
    const sent = await alice.client.omemo.send({ to: bob.jid, body: 'hello bob' })
    await sent.acked
    expect([sent.recipients.map(({ jid }) => jid), sent.excluded, sent.errors]).toEqual([[bob.jid], [], []])
    const received = await bob.messages.until(saying('hello bob'))
    expect([received.from.toString(), received.device.version, received.trust]).toEqual([alice.jid, list[0], 'blind'])
    await received.reply('hello alice')
    const answer = await alice.messages.until(saying('hello alice'))
    for (let round = 0; round < 3; round++) {
      await answer.reply(`ping ${round}`)
      const ping = await bob.messages.until(saying(`ping ${round}`))
      await ping.reply(`pong ${round}`)
      await alice.messages.until(saying(`pong ${round}`))
    }
    expect([alice.errors, bob.errors]).toEqual([[], []])
  })

  test('one who has both versions and one who has the old one alone', async () => {
    const [alice, bob] = await Promise.all([open(target), open(target, { versions: ['legacy'] })])
    await alice.client.omemo.send({ to: bob.jid, body: 'old' })
    const received = await bob.messages.until(saying('old'))
    expect(received.device.version).toBe('legacy')
    await received.reply('older')
    expect((await alice.messages.until(saying('older'))).device.version).toBe('legacy')
  })

  test('OMEMO F15 all devices of both read everything', async () => {
    const [one, other] = await Promise.all([target.createUser(), target.createUser()])
    const [phone, desk] = [await open(target, {}, one), await open(target, {}, one)]
    const [tablet, watch] = [await open(target, {}, other), await open(target, {}, other)]
    expect(
      new Set((await Promise.all([phone, desk].map(({ client }) => client.omemo.self()))).map((d) => d.deviceId)).size,
    ).toBe(2)
    const sent = await phone.client.omemo.send({ to: tablet.jid, body: 'to all' })
    expect([sent.recipients.length, sent.errors]).toEqual([3, []])
    const received = await Promise.all([desk, tablet, watch].map(({ messages }) => messages.until(saying('to all'))))
    expect(received.map(({ device }) => device.jid)).toEqual([phone.jid, phone.jid, phone.jid])
    const answer = received[1]
    await answer?.reply('from the tablet')
    await Promise.all([phone, desk, watch].map(({ messages }) => messages.until(saying('from the tablet'))))
  })

  test('OMEMO F1 what was missed is read when we are back, each message once', async () => {
    const [account, store] = [await target.createUser(), memoryStore()]
    const [alice, before] = [await open(target), await open(target, {}, account, store)]
    await alice.client.omemo.send({ to: account.jid, body: 'zero' })
    await before.messages.until(saying('zero'))
    await before.client.close()
    for (const body of ['one', 'two', 'three']) await (await alice.client.omemo.send({ to: account.jid, body })).acked
    const after = await open(target, {}, account, store)
    for (const body of ['one', 'two', 'three']) await after.messages.until(saying(body))
    await alice.client.omemo.send({ to: account.jid, body: 'four' })
    await after.messages.until(saying('four'))
    expect(after.messages.seen.map(({ body }) => body)).toEqual(['one', 'two', 'three', 'four'])
    expect([alice.errors, before.errors, after.errors]).toEqual([[], [], []])
  })

  test('OMEMO F12 a room for members: those who are there read it, and who comes back later does', async () => {
    const [owner, member, stranger] = [await open(target), await open(target), await open(target)]
    const address = `r${Math.random().toString(36).slice(2)}@rooms.${target.domain}`
    const settings = { isMembersOnly: true, whois: 'anyone', isPersistent: true } as const
    const room = await owner.client.muc.create(address, { nick: 'owner', settings })
    await room.setAffiliation(member.jid, 'member')
    await room.setAffiliation(stranger.jid, 'member')
    const joined = await member.client.muc.join(address, { nick: 'member' })
    const sent = await owner.client.omemo.send({ to: address, body: 'to all' })
    expect(sent.recipients.map(({ jid }) => jid).sort()).toEqual([member.jid, stranger.jid].sort())
    const received = await member.messages.until(saying('to all'))
    expect([received.from.toString(), received.room]).toEqual([owner.jid, address])
    await received.reply('from a member')
    await owner.messages.until(saying('from a member'))
    // OMEMO F13
    await room.ban(member.jid)
    await new Promise<void>((resolve) => {
      if (joined.state === 'left') resolve()
      joined.onEvent(({ type }) => {
        if (type === 'banned') resolve()
      })
    })
    const after = await owner.client.omemo.send({ to: address, body: 'without him' })
    expect(after.recipients.map(({ jid }) => jid)).toEqual([stranger.jid])
  })
})

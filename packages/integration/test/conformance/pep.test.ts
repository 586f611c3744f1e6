import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { type PepAccess, pep, pepNode } from '@couplet/pep'
import { contactPresence } from '@couplet/presence'
import { pubsub } from '@couplet/pubsub'
import { roster } from '@couplet/roster'
import { attr, element } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { arrived, befriend } from './befriend.js'
import { changesOf } from './node-changes.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
type Mood = { readonly text: string }
const Secret = pepNode(Mood, { name: 'urn:example:secret', access: 'private', maxItems: 'max', sendLast: 'never' })
const Bundle = pepNode(Mood, { name: 'urn:example:bundle', access: 'open', maxItems: 'max' })

const connect = async (target: Target, account?: { readonly jid: string; readonly password: string }) => {
  const plugins = [caps(), disco(), roster(), contactPresence(), pubsub(), pep()] as const
  const client = await newClient(target, { ...(account && { account }), plugins })
  const changes = changesOf<Mood>()
  client.pep.onChange(Mood, (_mood, change) => changes.take(change))
  const secrets = changesOf<Mood>()
  client.pep.onChange(Secret, (_mood, change) => secrets.take(change))
  await client.online()
  return { client, changes, secrets }
}

// The loopback server has no nodes: accounts are pubsub services on real servers only.
const live = (await targets()).filter(({ server }) => server !== undefined)

describe.each(live)('personal events on $title', (target) => {
  test('one status in one line, read in one line; not by strangers', async () => {
    const [{ client }, { client: stranger }] = await Promise.all([connect(target), connect(target)])
    expect(await client.pep.publish(Mood, { text: 'happy' })).toBe('current')
    expect(await client.pep.get(Mood)).toEqual({ text: 'happy' })
    await client.pep.publish(Mood, { text: 'calm' })
    expect(await client.pep.get(Mood, { id: 'current' })).toEqual({ text: 'calm' })
    await expect(stranger.pep.get(Mood, { from: client.account })).rejects.toMatchObject({ name: 'StanzaError' })
    expect(await stranger.pep.get(Mood)).toBeUndefined()
  })

  test('other clients and contacts are told, also who comes later', async () => {
    const account = await target.createUser()
    const [before, friend] = await Promise.all([connect(target, account), connect(target)])
    await befriend(before.client, friend.client)
    await before.client.close()
    // ejabberd leaves it to one of the sessions to tell contacts. Each knows what they want if it was told so when it began.
    const [one, other] = await Promise.all([connect(target, account), connect(target, account)])
    await Promise.all([arrived(one.client, friend.client), arrived(other.client, friend.client)])
    await one.client.pep.publish(Mood, { text: 'happy' })
    for (const { changes } of [other, friend]) {
      const change = await changes.until(({ type }) => type === 'published')
      expect(change).toMatchObject({ id: 'current', value: { text: 'happy' } })
      expect(change.from.equals(one.client.account)).toBe(true)
    }
    const late = await connect(target, account)
    await late.changes.until((change) => change.type === 'published' && change.value?.text === 'happy')
  })

  test('S-148 what is private is for the own clients only, whatever the node was before', async () => {
    const account = await target.createUser()
    const [one, friend] = await Promise.all([connect(target, account), connect(target)])
    await befriend(one.client, friend.client)
    const other = await connect(target, account)
    const theirs = friend.client.pep.node(Secret, one.client.account)
    // Somebody has left it open.
    const own = one.client.pep.node(Secret)
    await own.publish({ text: 'open' }, { id: '0', options: { accessModel: 'open' } })
    expect(await theirs.item('0')).toMatchObject({ value: { text: 'open' } })
    await one.client.pep.publish(Secret, { text: 'secret' }, { id: '1' })
    await one.client.pep.publish(Secret, { text: 'more' }, { id: '2' })
    expect(await own.owner.config()).toMatchObject({ accessModel: 'whitelist', maxItems: 'max', persistItems: true })
    await expect(theirs.item('1')).rejects.toMatchObject({ name: 'StanzaError' })
    expect(await other.client.pep.get(Secret, { id: '1' })).toEqual({ text: 'secret' })
    await other.secrets.until((change) => change.type === 'published' && change.id === '2')
    expect(friend.secrets.seen.filter((change) => change.from.equals(one.client.account))).toEqual([])
  })

  test('a node of several items holds them all, and everybody can read them', async () => {
    const account = await target.createUser()
    const [{ client }, { client: sibling }, { client: stranger }] = await Promise.all([
      connect(target, account),
      connect(target, account),
      connect(target),
    ])
    await client.pep.publish(Bundle, { text: 'one' }, { id: '1', readBack: true })
    await sibling.pep.publish(Bundle, { text: 'two' }, { id: '2', readBack: true })
    const node = stranger.pep.node(Bundle, client.account)
    const found: string[] = []
    for await (const { value } of node.items()) found.push(value.text)
    expect(found.sort()).toEqual(['one', 'two'])
  })

  test('contacts in a group may read, and others may not', async () => {
    const [{ client }, { client: friend }, { client: other }] = await Promise.all([
      connect(target),
      connect(target),
      connect(target),
    ])
    await befriend(client, friend)
    await befriend(client, other)
    await client.roster.update(friend.account, { groups: ['Friends'] })
    const publish = (text: string) => client.pep.publish(Mood, { text }, { access: { groups: ['Friends'] } })
    if (target.name === 'p12') {
      await expect(publish('happy')).rejects.toMatchObject({ code: 'privacy-not-guaranteed' })
      return
    }
    await publish('sad')
    await publish('happy')
    expect(await friend.pep.get(Mood, { from: client.account })).toEqual({ text: 'happy' })
    await expect(other.pep.get(Mood, { from: client.account })).rejects.toMatchObject({ name: 'StanzaError' })
  })

  test.each<PepAccess>(['open', 'presence', 'private'])('a node changes from everything to %j', async (access) => {
    const { client } = await connect(target)
    const all = ['open', 'presence', 'private'] as const
    for (const before of all) {
      await client.pep.publish(Mood, { text: 'before' }, { access: before })
      await client.pep.publish(Mood, { text: 'after' }, { access })
      expect(await client.pep.get(Mood)).toEqual({ text: 'after' })
      const model = access === 'private' ? 'whitelist' : access
      expect((await client.pep.node(Mood).owner.config()).accessModel).toBe(model)
    }
  })
})

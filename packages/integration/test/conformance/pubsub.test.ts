import { type NodeConfig, PubsubCondition, pubsub } from '@couplet/pubsub'
import { attr, element, StanzaError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { changesOf } from './node-changes.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

const Note = element('urn:example:note', 'note', { text: attr('text') })
type Note = { readonly text: string }
/** Who may read, and that subscribers are told about everything: what that is by default differs. */
const open: NodeConfig = { accessModel: 'open', maxItems: 100, notifyDelete: true, notifyRetract: true }
const collect = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const each of all) found.push(each)
  return found
}
/** Why a call was refused: the conditions of RFC 6120 and of XEP-0060. */
const refusal = async (call: Promise<unknown>): Promise<readonly (string | undefined)[]> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StanzaError)) throw error ?? new Error('was not refused')
  return [error.condition, error.element.get(PubsubCondition)]
}

// The loopback server has no nodes: accounts are pubsub services on real servers only.
const live = (await targets()).filter(({ server }) => server !== undefined)

describe.each(live)('publish-subscribe on $title', (target) => {
  const connect = () => openClient(target, { plugins: [pubsub()] })
  const isEjabberd = target.name === 'ej24'

  test('items are published, found, replaced and removed', async () => {
    const client = await connect()
    const node = client.pubsub.node(client.account, 'urn:example:notes', Note)
    await node.owner.create(open)
    for (let i = 0; i < 12; i++) expect(await node.publish({ text: `${i}` }, { id: `i${i}` })).toBe(`i${i}`)
    const ids = Array.from({ length: 12 }, (_, i) => `i${i}`)
    expect((await collect(node.items({ pageSize: 5 }))).map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect((await collect(node.items({ max: 2 }))).map(({ id }) => id).sort()).toEqual(['i10', 'i11'])
    expect((await collect(node.items({ ids: ['i3', 'i7'] }))).map(({ id }) => id).sort()).toEqual(['i3', 'i7'])
    expect([await node.newest(), await node.item('i3')]).toMatchObject([{ value: { text: '11' } }, { id: 'i3' }])
    await node.publish({ text: 'again' }, { id: 'i3' })
    expect(await node.item('i3')).toMatchObject({ value: { text: 'again' } })
    await node.retract('i3')
    expect(await node.item('i3')).toBeUndefined()
    expect(await refusal(node.retract('i3'))).toEqual(['item-not-found', undefined])
    await node.owner.purge()
    expect([await collect(node.items()), await node.newest()]).toEqual([[], undefined])
  })

  test('a subscriber is told what happens, by the service and nobody else', async () => {
    const [owner, reader] = await Promise.all([connect(), connect()])
    const own = owner.pubsub.node(owner.account, 'urn:example:notes', Note)
    await own.owner.create(open)
    const node = reader.pubsub.node(owner.account, 'urn:example:notes', Note)
    const changes = changesOf<Note>()
    node.onChange(changes.take)
    expect(await node.subscribe()).toMatchObject({ state: 'subscribed' })
    expect(await node.subscriptions()).toMatchObject([{ state: 'subscribed' }])
    await own.publish({ text: 'hello' }, { id: '1' })
    const published = await changes.until(({ type }) => type === 'published')
    expect(published).toMatchObject({ id: '1', value: { text: 'hello' } })
    expect(published.from.equals(owner.account)).toBe(true)
    await own.retract('1', { notify: true })
    expect(await changes.until(({ type }) => type === 'retracted')).toMatchObject({ id: '1' })
    await own.owner.purge()
    await changes.until(({ type }) => type === 'purged')
    await own.owner.delete()
    await changes.until(({ type }) => type === 'deleted')
    expect(await own.newest()).toBeUndefined()
  })

  test('who has unsubscribed is not told', async () => {
    const [owner, reader] = await Promise.all([connect(), connect()])
    const own = owner.pubsub.node(owner.account, 'urn:example:notes', Note)
    await own.owner.create(open)
    const node = reader.pubsub.node(owner.account, 'urn:example:notes', Note)
    const { subid } = await node.subscribe()
    await node.unsubscribe({ subid })
    expect(await node.subscriptions()).toEqual([])
    expect(await refusal(node.unsubscribe())).toEqual(['unexpected-request', 'not-subscribed'])
  })

  test('owners set up what they name and keep the rest', async () => {
    const client = await connect()
    const { owner } = client.pubsub.node(client.account, 'urn:example:notes', Note)
    await owner.create({ accessModel: 'whitelist', persistItems: true })
    const before = await owner.config()
    expect(before).toMatchObject({ accessModel: 'whitelist', persistItems: true })
    await owner.configure({ accessModel: 'open', maxItems: 'max' })
    expect(await owner.config()).toEqual({ ...before, accessModel: 'open', maxItems: 'max' })
    expect(await owner.affiliations()).toMatchObject([{ affiliation: 'owner' }])
    if (isEjabberd) {
      expect(await refusal(owner.subscriptions())).toEqual(['feature-not-implemented', 'unsupported'])
      await expect(owner.configure({ title: 'Notes' })).rejects.toThrow(RangeError)
    } else {
      expect(await owner.subscriptions()).toEqual([])
      await owner.configure({ title: 'Notes' })
      expect((await owner.config()).title).toBe('Notes')
    }
    expect(await refusal(owner.create())).toEqual(['conflict', undefined])
    await owner.delete()
    expect(await refusal(owner.config())).toEqual(['item-not-found', undefined])
  })

  test('refusals say why', async () => {
    const [owner, stranger] = await Promise.all([connect(), connect()])
    const own = owner.pubsub.node(owner.account, 'urn:example:notes', Note)
    const theirs = stranger.pubsub.node(owner.account, 'urn:example:notes', Note)
    await own.publish({ text: 'a' }, { id: '1', options: { accessModel: 'whitelist' } })
    const changed = own.publish({ text: 'b' }, { id: '2', options: { accessModel: 'open' } })
    expect(await refusal(changed)).toEqual(['conflict', 'precondition-not-met'])
    // XEP-0060 §6.1.3.4 wants the first.
    const closed = isEjabberd ? ['not-allowed', 'closed-node'] : ['forbidden', undefined]
    expect(await refusal(theirs.subscribe())).toEqual(closed)
    expect(await refusal(theirs.item('1'))).toEqual(closed)
    expect((await refusal(theirs.publish({ text: 'c' })))[0]).toBe('forbidden')
    expect((await refusal(theirs.owner.delete()))[0]).toBe('forbidden')
  })

  const service = target.server?.hosts.pubsub as string
  if (isEjabberd) {
    test('everybody may create nodes at the service', async () => {
      const [owner, reader] = await Promise.all([connect(), connect()])
      const name = `node-${owner.account.local}`
      const own = owner.pubsub.node(service, name, Note)
      await own.owner.create(open)
      const node = reader.pubsub.node(service, name, Note)
      const changes = changesOf<Note>()
      node.onChange(changes.take)
      await node.subscribe()
      const id = await own.publish({ text: 'hello' })
      expect(await changes.until(({ type }) => type === 'published')).toMatchObject({ id, value: { text: 'hello' } })
      await own.owner.setAffiliation(reader.account, 'publisher')
      await node.publish({ text: 'world' }, { id: '2' })
      expect((await collect(node.items())).map(({ value }) => value.text).sort()).toEqual(['hello', 'world'])
      await own.owner.setAffiliation(reader.account, 'outcast')
      expect((await refusal(node.publish({ text: 'again' })))[0]).toBe('forbidden')
    })
  } else {
    test('only admins may create nodes at the service', async () => {
      const client = await connect()
      const node = client.pubsub.node(service, `node-${client.account.local}`, Note)
      expect((await refusal(node.owner.create()))[0]).toBe('forbidden')
      expect((await refusal(node.publish({ text: 'a' })))[0]).toBe('forbidden')
    })
  }
})

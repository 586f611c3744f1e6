import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { xml } from '@couplet/stanza'
import {
  getVcard4,
  NS_VCARD4,
  onVcard4Change,
  publishVcard4,
  updateVcard4,
  Vcard4,
  Vcard4Contacts,
} from '@couplet/vcard4'
import { describe, expect, test } from 'vitest'
import { changesOf } from './node-changes.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const connect = async (target: Target, account?: { readonly jid: string; readonly password: string }) => {
  const client = await newClient(target, { ...(account && { account }), plugins: [caps(), disco(), pubsub(), pep()] })
  const changes = changesOf<Vcard4>()
  onVcard4Change(client, (_card, change) => changes.take(change))
  await client.online()
  return { client, changes }
}

const card: Vcard4 = {
  fullNames: [{ text: 'Ishmael' }],
  phones: [{ parameters: { types: ['cell', 'voice'], preference: 1 }, uri: 'tel:+1-508-555-0100' }],
  others: [xml(NS_VCARD4, 'x-ship', {}, xml(NS_VCARD4, 'text', {}, 'Pequod'))],
}

// The loopback server has no nodes: accounts are pubsub services on real servers only.
const live = (await targets()).filter(({ server }) => server !== undefined)

describe.each(live)('vCard4 on $title', (target) => {
  test('published for contacts, and for everybody if it is said', async () => {
    const [{ client }, { client: stranger }] = await Promise.all([connect(target), connect(target)])
    const from = client.account
    expect(await getVcard4(client)).toBeUndefined()
    await publishVcard4(client, card)
    await expect(getVcard4(stranger, { from })).rejects.toMatchObject({ name: 'StanzaError' })
    await publishVcard4(client, card, { access: 'open' })
    expect(String(Vcard4((await getVcard4(stranger, { from })) ?? {}))).toBe(String(Vcard4(card)))
  })

  test('other clients are told, and a change keeps what it knows nothing of', async () => {
    const account = await target.createUser()
    const [one, other] = await Promise.all([connect(target, account), connect(target, account)])
    await publishVcard4(one.client, card)
    await updateVcard4(other.client, (before) => ({ ...before, nicknames: [{ text: 'Ish' }] }))
    const change = await one.changes.until(
      (each) => each.type === 'published' && each.value?.nicknames?.[0]?.text === 'Ish',
    )
    const expected = String(Vcard4({ ...card, nicknames: [{ text: 'Ish' }] }))
    expect(change.type === 'published' && change.value && String(Vcard4(change.value))).toBe(expected)
    expect(String(Vcard4((await getVcard4(one.client)) ?? {}))).toBe(expected)
  })

  test('what is kept about contacts is for the own clients', async () => {
    const [{ client }, { client: stranger }] = await Promise.all([connect(target), connect(target)])
    for (const id of ['ahab@example.org', 'starbuck@example.org']) {
      await client.pep.publish(Vcard4Contacts, { fullNames: [{ text: id }] }, { id })
    }
    expect(await client.pep.get(Vcard4Contacts, { id: 'ahab@example.org' })).toEqual({
      fullNames: [{ text: 'ahab@example.org' }],
    })
    const theirs = stranger.pep.get(Vcard4Contacts, { from: client.account, id: 'ahab@example.org' })
    await expect(theirs).rejects.toMatchObject({ name: 'StanzaError' })
  })
})

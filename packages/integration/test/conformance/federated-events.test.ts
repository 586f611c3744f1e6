import { randomBytes } from 'node:crypto'
import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { pep } from '@couplet/pep'
import { sendPing } from '@couplet/ping'
import { contactPresence } from '@couplet/presence'
import { pubsub } from '@couplet/pubsub'
import { roster } from '@couplet/roster'
import { attr, element } from '@couplet/stanza'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../../src/lab.js'
import type { Account } from '../../src/lab-server.js'
import type { ServerName } from '../../src/server-catalog.js'
import { sharedLab } from '../../src/shared-lab.js'
import { arrived, befriend } from './befriend.js'
import { changesOf } from './node-changes.js'
import { newClient } from './open-client.js'
import { liveTarget } from './targets.js'

const names: readonly ServerName[] = ['p13', 'ej24']
const isChosen = names.every((name) => sharedLab().servers.some((server) => server.name === name))

const Mood = element('urn:example:mood', 'mood', { text: attr('text') })
type Mood = { readonly text: string }

let lab: Lab
beforeAll(async () => {
  if (isChosen) lab = await startLab(names, { federated: true })
}, 30_000)
afterAll(() => lab?.stop())

/** Somebody on a server of the lab, with the set-up of the READMEs, and a name that makes no other client announce the same. */
const connect = async (name: ServerName, account?: Account) => {
  const target = liveTarget(lab.server(name))
  const self = { name: randomBytes(6).toString('hex'), answer: 'contacts' } as const
  const plugins = [disco(self), roster(), caps(), pubsub(), pep(), contactPresence()] as const
  const client = await newClient(target, { ...(account && { account }), plugins })
  const moods = changesOf<Mood>()
  client.pep.onChange(Mood, (_mood, change) => moods.take(change))
  await client.online()
  return { client, moods }
}

describe.runIf(isChosen).each([
  ['p13', 'ej24'],
  ['ej24', 'p13'],
] as const)('events of a contact on %s, for somebody on %s', (theirs, ours) => {
  test('come, because the server of the contact is told what to send', { timeout: 20_000 }, async () => {
    const account = await lab.server(theirs).createUser()
    const [before, alice] = await Promise.all([connect(theirs, account), connect(ours)])
    await befriend(before.client, alice.client)
    await before.client.close()
    // ejabberd tells those whose presence was there when the session began.
    const bob = await connect(theirs, account)
    await arrived(bob.client, alice.client)
    // Bob's server asks what Alice wants when it has her presence, and until it has an answer it tells her nothing.
    for (let i = 0; alice.moods.seen.length === 0; i++) {
      await bob.client.pep.publish(Mood, { text: `mood ${i}` })
      await alice.client.request(sendPing, true)
    }
    await bob.client.pep.publish(Mood, { text: 'happy' })
    const told = await alice.moods.until((change) => change.type === 'published' && change.value?.text === 'happy')
    expect(told.from.equals(bob.client.account)).toBe(true)
  })

  test('S-160 strangers there learn nothing about us', async () => {
    const [stranger, alice] = await Promise.all([connect(theirs), connect(ours)])
    const asked = stranger.client.disco.info(alice.client.jid)
    await expect(asked).rejects.toMatchObject({ condition: 'service-unavailable' })
  })
})

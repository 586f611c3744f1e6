import { caps } from '@couplet/caps'
import { disco } from '@couplet/disco'
import { Nickname } from '@couplet/nickname'
import { pep } from '@couplet/pep'
import { sendPing } from '@couplet/ping'
import { contactPresence } from '@couplet/presence'
import { pubsub } from '@couplet/pubsub'
import { message, presence } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { newClient, openClient } from './open-client.js'
import { targets } from './targets.js'

const all = await targets()

describe.each(all)('nicknames through $title', (target) => {
  test('come with a subscription request and with a message', async () => {
    const [ishmael, starbuck] = await Promise.all([
      openClient(target),
      openClient(target, { plugins: [contactPresence()] }),
    ])
    const asked = new Promise<string | undefined>((resolve) => {
      starbuck.presence.onRequest((request) => resolve(request.presence.get(Nickname)))
    })
    const inbox = messagesOf(starbuck)
    ishmael.send(presence({ type: 'subscribe', to: starbuck.account }, Nickname('Ishmael')))
    ishmael.send(message({ to: starbuck.jid, type: 'chat', body: 'Call me' }, Nickname('Ishmael')))
    expect(await asked).toBe('Ishmael')
    expect((await inbox.until(1))[0]?.get(Nickname)).toBe('Ishmael')
  })
})

// The loopback server has no nodes: accounts are pubsub services on real servers only.
describe.each(all.filter(({ server }) => server !== undefined))('nicknames of accounts on $title', (target) => {
  test('are published, read, and told to other clients', async () => {
    const account = await target.createUser()
    const connect = () => newClient(target, { account, plugins: [caps(), disco(), pubsub(), pep()] })
    const [one, other] = [await connect(), await connect()]
    const told: (string | undefined)[] = []
    other.pep.onChange(Nickname, (name) => void told.push(name))
    await Promise.all([one.online(), other.online()])
    // A server asks a client for its features when that has come, and until it knows them it tells the client nothing.
    while (told.length === 0) {
      await one.pep.publish(Nickname, 'CallMeIshmael')
      await other.request(sendPing, true)
    }
    expect(await one.pep.get(Nickname)).toBe('CallMeIshmael')
    expect(told[0]).toBe('CallMeIshmael')
  })
})

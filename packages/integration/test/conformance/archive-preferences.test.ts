import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { waitUntil } from '../../src/wait-until.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each((await targets()).filter(({ features }) => features.has('mam')))('what $title archives', (target) => {
  test('is what the user wants', async () => {
    const account = await target.createUser()
    const open = () => openClient(target, { account, plugins: [disco(), mam()] })
    const [client, friend, enemy] = await Promise.all([open(), openClient(target), openClient(target)])
    const before = await client.mam.preferences()
    expect(before).toEqual({ default: 'always', always: [], never: [] })
    const wanted = { default: 'always', always: [friend.account], never: [enemy.account] } as const
    expect(await client.mam.setPreferences(wanted)).toEqual(wanted)
    expect(await client.mam.preferences()).toEqual(wanted)
    const other = await open() // another client of the account, which knows of it from the server only
    expect(await other.mam.preferences()).toEqual(wanted)

    const inbox = messagesOf(client)
    await enemy.send(message({ to: client.account, type: 'chat', body: 'from an enemy' })).acked
    await client.send(message({ to: enemy.account, type: 'chat', body: 'to an enemy' })).acked
    await friend.send(message({ to: client.account, type: 'chat', body: 'from a friend' })).acked
    await inbox.until(2)
    // On a busy machine ejabberd's archive was seen to be empty for a moment after the message had come.
    const bodies = async () => {
      const found: (string | undefined)[] = []
      for await (const { message: kept } of client.mam.query()) found.push(kept.body)
      return found.length > 0 && found
    }
    expect(await waitUntil(bodies, { what: 'archived', deadlineMs: 5000 })).toEqual(['from a friend'])
  })
})

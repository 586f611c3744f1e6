import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OobData } from '@couplet/oob'
import { contactPresence } from '@couplet/presence'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { httpsFetch } from './https-fetch.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { exampleOn, onlineLine } from './start-example.js'
import { type Target, targets } from './targets.js'

const bytes = randomBytes(100_000)

/** Starts it with some files; resolves when it says that it is online, and as whom. */
const startBot = async (target: Target, account: Account) => {
  const example = await exampleOn(target, 'upload-bot', account)
  const files = join(example.folder, 'files')
  await mkdir(join(files, 'inside'), { recursive: true })
  await writeFile(join(files, 'très cool.jpg'), bytes)
  const child = example.start({ XMPP_FOLDER: files })
  return { child, jid: (await onlineLine(child)).replace('online as ', '') }
}

/** Somebody whom the owner of the bot lets see its presence, with another client. */
const contactOf = async (target: Target, account: Account) => {
  const plugins = [contactPresence()] as const
  const [owner, contact] = await Promise.all([
    openClient(target, { account, plugins }),
    openClient(target, { plugins }),
  ])
  const asked = new Promise<void>((resolve) => owner.presence.onRequest((request) => resolve(request.approve().acked)))
  await contact.presence.subscribe(owner.account).acked
  await asked
  await owner.close()
  return contact
}

describe.each(await targets())('the upload bot of examples/ on $title', (target) => {
  test('sends what it is asked for, from its folder and to its contacts only, and ends when it is told to', async () => {
    const account = await target.createUser()
    const [contact, stranger] = [await contactOf(target, account), await openClient(target)]
    const { child, jid } = await startBot(target, account)
    const [answers, nothing] = [messagesOf(contact), messagesOf(stranger)]
    // By its full JID: its server need not have handled its presence yet.
    const say = (from: typeof stranger, body: string) => from.send(message({ to: jid, type: 'chat', body })).acked
    await say(stranger, 'list')
    await say(contact, 'list')
    await answers.until(1)
    for (const path of ['../ca.crt', 'inside', '..%2Fca.crt']) await say(contact, `send ${path}`)
    await answers.until(4)
    await say(contact, 'send très cool.jpg')
    const bodies = (await answers.until(5)).map(({ body }) => body)
    expect(bodies.slice(0, 4)).toEqual([
      'très cool.jpg',
      'There is no "../ca.crt".',
      'There is no "inside".',
      'There is no "..%2Fca.crt".',
    ])
    const [file] = (await answers.until(5)).slice(-1)
    if (target.server === undefined) {
      expect(file?.body).toBe('"très cool.jpg" could not be sent.') // no service for files there
    } else {
      const url = file?.get(OobData)?.url ?? ''
      expect(file?.body).toBe(url)
      const fetched = await httpsFetch(target.ca)(url)
      expect(Buffer.from(await fetched.arrayBuffer()).equals(bytes)).toBe(true)
    }
    expect(await nothing.until(0)).toEqual([])
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

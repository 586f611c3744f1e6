import { once } from 'node:events'
import { adhoc } from '@couplet/adhoc'
import { disco } from '@couplet/disco'
import { Jid, message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { exampleOn, onlineLine } from './start-example.js'
import { type Target, targets } from './targets.js'

/** Starts it; resolves when it is online. */
const startBot = async (target: Target) => {
  const child = (await exampleOn(target, 'reminder-bot', await target.createUser())).start()
  return { child, jid: Jid.parse((await onlineLine(child)).replace('online as ', '')) }
}

describe.each(await targets())('the bot of examples/ that reminds, on $title', (target) => {
  test('by an ad-hoc command and by a chat command, and ends when it is told to', async () => {
    const [{ child, jid }, client] = await Promise.all([
      startBot(target),
      openClient(target, { plugins: [disco(), adhoc()] }),
    ])
    const inbox = messagesOf(client)
    expect((await client.disco.info(jid)).identities).toEqual([{ category: 'client', type: 'bot', name: 'Reminders' }])
    expect(await client.adhoc.list(jid)).toEqual([{ jid, node: 'remind', name: 'Set a reminder' }])
    const execution = await client.adhoc.execute(jid, 'remind')
    const refused = execution.complete({ text: 'tea', when: 'soon' })
    await expect(refused).rejects.toMatchObject({ code: 'bad-payload', text: expect.stringContaining('When?') })
    const { notes } = await execution.complete({ text: 'tea', when: '0s' })
    expect(notes).toEqual([{ type: 'info', text: 'I will remind you in 0s.' }])
    expect(await inbox.until(1)).toMatchObject([{ body: 'Reminder: tea' }])
    for (const body of ['hello', '!remind soon coffee', '!remind 0s coffee']) {
      await client.send(message({ to: jid, type: 'chat', body })).acked
    }
    expect((await inbox.until(4)).slice(1).map(({ body }) => body)).toEqual([
      'When? Like 30s, 10m or 2h; a day at most.',
      'I will remind you in 0s.',
      'Reminder: coffee',
    ])
    await execution.cancel() // it has ended
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})

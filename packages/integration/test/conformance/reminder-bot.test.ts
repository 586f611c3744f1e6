import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { adhoc } from '@couplet/adhoc'
import { disco } from '@couplet/disco'
import { Jid, message } from '@couplet/stanza'
import { describe, expect, onTestFinished, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const example = fileURLToPath(new URL('../../../../examples/reminder-bot/reminder-bot.mjs', import.meta.url))

/** Runs the example as a user would, on the built packages; resolves when it is online. */
const startBot = async (target: Target) => {
  const { jid, password } = await target.createUser()
  const folder = await mkdtemp(join(tmpdir(), 'couplet-reminder-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  await writeFile(ca, target.ca)
  const settings = {
    XMPP_JID: jid,
    XMPP_PASSWORD: password,
    XMPP_SERVICE: target.service('xmpps'),
    NODE_EXTRA_CA_CERTS: ca,
  }
  const child = spawn(process.execPath, [example], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, jid: Jid.parse(String(line).replace('online as ', '')) }
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

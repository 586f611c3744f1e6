import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { message } from '@couplet/stanza'
import { describe, expect, onTestFinished, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { schemes, type Target, targets } from './targets.js'

const bot = fileURLToPath(new URL('../../../../examples/echo-bot/echo-bot.mjs', import.meta.url))

/** Runs the example as a user would, on the built packages; resolves when it says that it is online. */
const startBot = async (target: Target, service: string) => {
  const { jid, password } = await target.createUser()
  const folder = await mkdtemp(join(tmpdir(), 'couplet-bot-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  await writeFile(ca, target.ca)
  const settings = { XMPP_JID: jid, XMPP_PASSWORD: password, XMPP_SERVICE: service, NODE_EXTRA_CA_CERTS: ca }
  const child = spawn(process.execPath, [bot], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, jid: await readJid(child) }
}

const readJid = async ({ stdout, stderr }: ChildProcess): Promise<string> => {
  let errors = ''
  stderr?.on('data', (text) => {
    errors += text
  })
  for await (const line of createInterface({ input: stdout! })) {
    const [, jid] = /^online as (.*)$/.exec(line) ?? []
    if (jid) return jid
  }
  throw new Error(`the bot did not come online: ${errors}`)
}

describe.each(await targets())('the echo bot of examples/ on $title', (target) => {
  test.each(schemes)('over %s: answers, and ends by itself within 3 seconds', async (scheme) => {
    const [{ child, jid }, client] = await Promise.all([startBot(target, target.service(scheme)), openClient(target)])
    const answers = messagesOf(client)
    client.send(message({ to: jid, type: 'chat', body: 'Hello <bot> 👋' }))
    expect(await answers.until(1)).toMatchObject([{ body: 'Hello <bot> 👋', type: 'chat' }])

    const begin = performance.now()
    child.kill('SIGTERM')
    // No process.exit() in it: it can only end when nothing is left open.
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(performance.now() - begin).toBeLessThan(3000)
  })
})

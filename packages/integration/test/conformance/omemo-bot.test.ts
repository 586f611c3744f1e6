import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { servers } from '../omemo/omemo-targets.js'
import { OurUser } from '../omemo/our-user.js'
import type { Target } from './targets.js'

const bot = fileURLToPath(new URL('../../../../examples/omemo-bot/omemo-bot.mjs', import.meta.url))

/** Runs the example as a user would, on the built packages, and again with what it has kept. */
const botOn = async (target: Target) => {
  const { jid, password } = await target.createUser()
  const folder = await mkdtemp(join(tmpdir(), 'couplet-omemo-bot-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  await writeFile(ca, target.ca)
  const settings = {
    XMPP_JID: jid,
    XMPP_PASSWORD: password,
    XMPP_SERVICE: target.service('xmpps'),
    XMPP_STATE: join(folder, 'bot.json'),
    NODE_EXTRA_CA_CERTS: ca,
  }
  const start = async (): Promise<{ child: ChildProcess; key: string | undefined }> => {
    const child = spawn(process.execPath, [bot], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith('online as')) return { child, key: / key (.*)$/.exec(line)?.[1] }
    }
    throw new Error('the bot did not come online')
  }
  return { jid, start }
}

describe.each(servers)('the OMEMO bot of examples/ on $title', (target) => {
  test('reads and answers in both versions, keeps its key over restarts, and reads what came meanwhile', async () => {
    const { jid, start } = await botOn(target)
    const { child, key } = await start()
    const [romeo, juliet] = [
      await OurUser.start(target, { versions: ['omemo2'] }),
      await OurUser.start(target, { versions: ['legacy'] }),
    ]
    for (const [user, version] of [
      [romeo, 'omemo2'],
      [juliet, 'legacy'],
    ] as const) {
      await user.send(jid, 'buy milk')
      await user.hears(`Noted. It came in ${version} from a key that is blind.`)
      await user.send(jid, 'key')
      await user.hears(String(key))
      expect((await user.client.omemo.devices(jid)).map(({ fingerprint }) => fingerprint)).toEqual([key])
    }
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])

    await romeo.send(jid, 'buy bread')
    const again = await start()
    expect(again.key).toBe(key)
    expect((await romeo.heard.count(3))[2]?.body).toMatch(/^Noted\./)
    await romeo.send(jid, 'notes')
    expect((await romeo.hears('buy bread')).fingerprint).toBe(key)
    await juliet.send(jid, 'notes')
    await juliet.hears('Nothing yet.')
    expect([romeo.failures, juliet.failures]).toEqual([[], []])
  })

  test('that was killed reads once what it had not answered', async () => {
    const { jid, start } = await botOn(target)
    const first = await start()
    const romeo = await OurUser.start(target)
    await romeo.send(jid, 'one')
    await romeo.heard.count(1)
    const ended = once(first.child, 'exit')
    first.child.kill('SIGKILL')
    await ended
    await romeo.send(jid, 'two')
    await start()
    await romeo.heard.count(2)
    await romeo.send(jid, 'notes')
    // What was answered a moment before may come once more, for nobody has written down that it was.
    await romeo.heard.until(({ body }) => body?.endsWith('two') === true)
    expect(romeo.failures).toEqual([])
  })
})

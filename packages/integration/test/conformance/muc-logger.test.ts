import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { muc } from '@couplet/muc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const logger = fileURLToPath(new URL('../../../../examples/muc-logger/muc-logger.mjs', import.meta.url))

/** Runs the example as a user would, on the built packages. */
const startLogger = async (target: Target, room: string): Promise<ChildProcess> => {
  const { jid, password } = await target.createUser()
  const folder = await mkdtemp(join(tmpdir(), 'couplet-logger-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const ca = join(folder, 'ca.crt')
  await writeFile(ca, target.ca)
  const settings = {
    XMPP_JID: jid,
    XMPP_PASSWORD: password,
    XMPP_SERVICE: target.service('xmpps'),
    XMPP_ROOM: room,
    NODE_EXTRA_CA_CERTS: ca,
  }
  const child = spawn(process.execPath, [logger], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe.each(await targets())('the logger of examples/ on $title', (target) => {
  test('writes down what is said, answers, and leaves when it is told to', async () => {
    const client = await openClient(target, { plugins: [muc()] })
    const address = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
    const room = await client.muc.create(address, { nick: 'hag' })
    const came = new Promise((resolve) => {
      room.onOccupant(({ type, occupant }) => {
        if (type === 'entered' && occupant.nick === 'scribe') resolve(undefined)
      })
    })
    const answered = new Promise<string | undefined>((resolve) => {
      room.onMessage(({ nick, body }) => {
        if (nick === 'scribe') resolve(body)
      })
    })
    const child = await startLogger(target, address)
    await came
    room.send('!seen hag')
    expect(await answered).toBe('hag has said nothing yet')
    child.kill('SIGTERM')
    const lines: { readonly nick?: string; readonly body?: string; readonly event?: string }[] = []
    const exit = once(child, 'exit')
    for await (const line of createInterface({ input: child.stdout! })) lines.push(JSON.parse(line))
    expect(await exit).toEqual([0, null])
    expect(lines.flatMap(({ nick, body }) => (body === undefined ? [] : `${nick}: ${body}`))[0]).toBe('hag: !seen hag')
    expect(lines.flatMap(({ event = [] }) => event)).toEqual(expect.arrayContaining(['joined', 'left']))
  })
})

import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { servers } from '../omemo/omemo-targets.js'
import { OurUser } from '../omemo/our-user.js'
import { exampleOn, onlineLine } from './start-example.js'
import type { Target } from './targets.js'

/** The program with what it has kept. */
const botOn = async (target: Target) => {
  const account = await target.createUser()
  const example = await exampleOn(target, 'omemo-bot', account)
  const start = async () => {
    const child = example.start({ XMPP_STATE: join(example.folder, 'bot.json') })
    return { child, key: / key (.*)$/.exec(await onlineLine(child))?.[1] }
  }
  return { jid: account.jid, start }
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

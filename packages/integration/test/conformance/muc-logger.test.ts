import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { muc } from '@couplet/muc'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { exampleOn } from './start-example.js'
import { targets } from './targets.js'

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
    const example = await exampleOn(target, 'muc-logger', await target.createUser())
    const child = example.start({ XMPP_ROOM: address })
    await came
    room.send('!seen hag')
    expect(await answered).toBe('hag has said nothing yet')
    child.kill('SIGTERM')
    const lines: { readonly nick?: string; readonly body?: string; readonly event?: string }[] = []
    const exit = once(child, 'exit')
    for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line))
    expect(await exit).toEqual([0, null])
    expect(lines.flatMap(({ nick, body }) => (body === undefined ? [] : `${nick}: ${body}`))[0]).toBe('hag: !seen hag')
    expect(lines.flatMap(({ event = [] }) => event)).toEqual(expect.arrayContaining(['joined', 'left']))
  })
})

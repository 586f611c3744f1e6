import { randomBytes } from 'node:crypto'
import { disco } from '@couplet/disco'
import { muc } from '@couplet/muc'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('one nickname for two clients on $title', (target) => {
  test('one of them takes another', async ({ skip }) => {
    const account = await target.createUser()
    const open = () => openClient(target, { account, plugins: [muc(), disco()] })
    const [one, other] = await Promise.all([open(), open()])
    const address = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
    const room = await one.muc.join(address, { nick: 'bot' })
    const shared = await other.muc.join(address, { nick: 'bot' }).catch(() => undefined)
    if (shared === undefined) return skip('the server does not let two clients of an account share a nickname')
    expect(await room.changeNick('bot2')).toBe('bot2')
    const echo = new Promise<boolean>((resolve) => {
      room.onMessage(({ body, isOwn }) => void (body === 'mine' && resolve(isOwn)))
    })
    room.send('mine')
    expect([await echo, room.nick, room.state]).toEqual([true, 'bot2', 'joined'])
  })
})

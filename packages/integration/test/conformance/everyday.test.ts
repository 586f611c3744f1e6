import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { message } from '@couplet/stanza'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  answerIn,
  avatarOf,
  block,
  contacts,
  history,
  open,
  publishStatus,
  sendFile,
} from '../../../../examples/everyday/everyday.mjs'
import { httpsFetch } from './https-fetch.js'
import { messagesOf } from './message-list.js'
import { type Target, targets, transportsOf } from './targets.js'

const source = new URL('../../../../examples/everyday/everyday.mjs', import.meta.url)

test.each([
  ['contacts', 3],
  ['answerIn', 3],
  ['history', 3],
  ['publishStatus', 1],
  ['avatarOf', 1],
  ['sendFile', 2],
  ['block', 1],
])('%s takes %i lines at most', (name, most) => {
  const [, body = ''] = new RegExp(`function ${name}\\(.*\\{\\n([^]*?)\\n\\}`).exec(readFileSync(source, 'utf8')) ?? []
  expect(body.split('\n').length, body).toBeLessThanOrEqual(most)
  expect(body).toContain('client.')
})

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
)

/** A value that somebody waits for. */
function awaited<T>() {
  const seen: T[] = []
  let check = (): void => {}
  return {
    add(value: T): void {
      seen.push(value)
      check()
    },
    has: (value: T): Promise<void> =>
      new Promise((resolve) => {
        check = () => seen.includes(value) && resolve()
        check()
      }),
  }
}

describe.each(await targets())('everyday, on $title', (target: Target) => {
  const start = async () => {
    const { jid, password } = await target.createUser()
    const transports = transportsOf(target)
    const client = open(
      { jid, password, service: target.service('xmpps'), transports, reconnect: false },
      {
        fetch: httpsFetch(target.ca),
      },
    )
    onTestFinished(() => client.close())
    return client
  }

  test('contacts with live presence, a status, an avatar, somebody is blocked', async () => {
    const [romeo, juliet] = await Promise.all([start(), start()])
    const lines = awaited<string>()
    contacts(romeo, lines.add)
    juliet.presence.onRequest((request) => void request.approve())
    await Promise.all([romeo.online(), juliet.online()])
    await romeo.roster.add(juliet.account, { name: 'Juliet' })
    romeo.presence.subscribe(juliet.account)
    await lines.has('Juliet: here')
    await romeo.roster.update(juliet.account, { name: 'Jule' })
    await lines.has('Jule: here') // a new name makes nobody go away
    publishStatus(romeo)
    await romeo.presence.set({})?.acked
    if (target.server !== undefined) {
      await juliet.avatar.publish(png)
      expect((await avatarOf(romeo, String(juliet.account)))?.type).toBe('image/png')
    }
    await block(romeo, `pest@${target.domain}`)
    expect(romeo.blocking.isBlocked(`pest@${target.domain}`)).toBe(true)
  })

  test('a room is joined, and answered in', async () => {
    const [bot, hag] = await Promise.all([start(), start()])
    await Promise.all([bot.online(), hag.online()])
    const address = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
    const room = await hag.muc.create(address, { nick: 'hag' })
    const answers = awaited<string>()
    room.onMessage(({ nick, body }) => {
      if (nick === 'echo') answers.add(body ?? '')
    })
    await answerIn(bot, address)
    room.send('double, double')
    await answers.has('double, double')
  })

  test('the archive is paged through', async () => {
    const [romeo, juliet] = await Promise.all([start(), start()])
    await Promise.all([romeo.online(), juliet.online()])
    const texts = Array.from({ length: 60 }, (_, i) => `message ${i}`)
    const inbox = messagesOf(juliet)
    for (const body of texts) romeo.send(message({ to: juliet.account, type: 'chat', body }))
    await inbox.until(texts.length)
    const lines: (string | undefined)[] = []
    await history(juliet, (line) => lines.push(line))
    expect(lines).toEqual(texts.slice(-50))
  })
})

describe.each((await targets()).filter(({ server }) => server !== undefined))('everyday, on $title', (target) => {
  test('a file is uploaded, and sent', async () => {
    const accounts = [await target.createUser(), await target.createUser()] as const
    const settings = { service: target.service('xmpps'), transports: transportsOf(target), reconnect: false }
    const [romeo, juliet] = accounts.map((account) =>
      open({ ...account, ...settings }, { fetch: httpsFetch(target.ca) }),
    ) as [ReturnType<typeof open>, ReturnType<typeof open>]
    for (const client of [romeo, juliet]) onTestFinished(() => client.close())
    await Promise.all([romeo.online(), juliet.online()])
    const inbox = messagesOf(juliet)
    await sendFile(romeo, accounts[1].jid, new Blob(['What must be done?']))
    const [received] = await inbox.until(1)
    expect(await (await httpsFetch(target.ca)(received?.body ?? '')).text()).toBe('What must be done?')
  })
})

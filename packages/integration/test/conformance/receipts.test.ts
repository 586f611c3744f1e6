import { receipts } from '@couplet/receipts'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('receipts through $title', (target) => {
  test('who answers confirms that it has got the message', async () => {
    const [romeo, juliet] = await Promise.all([
      openClient(target, { plugins: [receipts()] }),
      openClient(target, { plugins: [receipts({ answer: () => true })] }),
    ])
    const inbox = messagesOf(juliet)
    const { handle, received } = romeo.receipts.send({ to: juliet.account, type: 'chat', body: 'Did you get this?' })
    await handle.acked
    expect((await received).equals(juliet.jid)).toBe(true)
    expect(await inbox.until(1)).toMatchObject([{ id: handle.id, body: 'Did you get this?' }])
  })

  test('by default nobody tells a stranger anything', async () => {
    const [romeo, juliet] = await Promise.all([
      openClient(target, { plugins: [receipts()] }),
      openClient(target, { plugins: [receipts()] }),
    ])
    const confirmed: string[] = []
    romeo.receipts.onReceived((id) => {
      confirmed.push(id)
    })
    const controller = new AbortController()
    const { received } = romeo.receipts.send({ to: juliet.account, type: 'chat', body: 'Hello?' }, [], {
      signal: controller.signal,
    })
    const inbox = messagesOf(romeo)
    juliet.onMessage((message) => {
      message.reply('Who are you?')
    })
    await inbox.until(1) // a receipt would have come before the answer
    expect(confirmed).toEqual([])
    controller.abort(new Error('enough'))
    await expect(received).rejects.toThrow('enough')
  })
})

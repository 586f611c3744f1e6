import { chatStates } from '@couplet/chat-states'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('chat states through $title', (target) => {
  test('two people see each other type, once both are known to speak of it', async () => {
    const open = () => openClient(target, { plugins: [chatStates()] })
    const [romeo, juliet] = await Promise.all([open(), open()])
    const states: string[] = []
    const seen = new Promise<void>((resolve) => {
      juliet.chatStates.onChange((from, state) => {
        states.push(`${from.bare.equals(romeo.account)} ${state}`)
        if (state === 'paused') resolve()
      })
    })
    const answers = messagesOf(romeo)
    expect(romeo.chatStates.send(juliet.account, 'composing')).toBeUndefined() // nobody has answered yet
    romeo.send(message({ to: juliet.account, type: 'chat', body: 'hello' }, ...romeo.chatStates.active(juliet.account)))
    juliet.onMessage((received) => {
      if (received.body) received.reply('hello', ...juliet.chatStates.active(received.from!))
    })
    await answers.until(1)
    await romeo.chatStates.send(juliet.account, 'composing')?.acked
    expect(romeo.chatStates.send(juliet.account, 'composing')).toBeUndefined()
    await romeo.chatStates.send(juliet.account, 'paused')?.acked
    await seen
    expect(states).toEqual(['true active', 'true composing', 'true paused'])
  })
})

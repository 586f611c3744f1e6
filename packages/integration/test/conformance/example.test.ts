import { once } from 'node:events'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { exampleOn, onlineLine } from './start-example.js'
import { schemes, type Target, targets } from './targets.js'

/** Starts it; resolves when it is online. */
const startBot = async (target: Target, service: string) => {
  const child = (await exampleOn(target, 'echo-bot', await target.createUser())).start({ XMPP_SERVICE: service })
  return { child, jid: (await onlineLine(child)).replace('online as ', '') }
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

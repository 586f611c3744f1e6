import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { newClient, openClient, statesOf } from './open-client.js'
import { schemes, targets } from './targets.js'

describe.each(await targets())('leaving $title', (target) => {
  test.each(schemes)('over %s, within 3 seconds', async (scheme) => {
    const client = await openClient(target, { scheme })
    const states = statesOf(client)
    const begin = performance.now()
    await client.close()
    expect(performance.now() - begin).toBeLessThan(3000)
    expect(states).toEqual(['offline'])
    expect(client.status).toEqual({ state: 'offline' })
  })

  test('what was sent before is delivered first', async () => {
    const [romeo, juliet] = await Promise.all([openClient(target), openClient(target)])
    const inbox = messagesOf(juliet)
    const sends = Array.from({ length: 200 }, (_, i) =>
      romeo.send(message({ to: juliet.jid, type: 'chat', body: String(i) })),
    )
    await romeo.close()
    await inbox.until(200)
    expect(sends.map(({ state }) => state)).not.toContain('queued')
  })

  test('while it connects', async () => {
    const client = await newClient(target)
    const online = client.online()
    const rejected = expect(online).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) })
    await client.close()
    await rejected
    expect(client.status).toMatchObject({ state: 'offline' })
  })

  test('for good: a closed client stays closed, a new one comes back', async () => {
    const client = await openClient(target)
    await client.close()
    await expect(client.online()).rejects.toMatchObject({ name: 'ConnectionError', code: 'stopped' })
    const next = await openClient(target)
    await next.send(message({ to: next.account, body: 'back again' })).acked
  })
})

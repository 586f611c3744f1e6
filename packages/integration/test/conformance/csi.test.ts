import { csi } from '@couplet/csi'
import { sendPing } from '@couplet/ping'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { schemes, targets } from './targets.js'

describe.each(await targets())('client state through $title', (target) => {
  test.each(schemes)('over %s: messages reach a client nobody looks at, and the stream goes on', async (scheme) => {
    const [client, friend] = await Promise.all([openClient(target, { scheme, plugins: [csi()] }), openClient(target)])
    expect([client.csi.supported, client.csi.state]).toEqual([true, 'active'])
    const inbox = messagesOf(client)
    client.csi.inactive()
    await client.request(sendPing, true).catch(() => {}) // RFC 6120 §10.1: in order, so the state has been taken
    await friend.send(message({ to: client.jid, type: 'chat', body: 'urgent' })).acked
    expect(await inbox.until(1)).toMatchObject([{ body: 'urgent' }])
    client.csi.active()
    await friend.send(message({ to: client.jid, type: 'chat', body: 'more' })).acked
    expect((await inbox.until(2)).map(({ body }) => body)).toEqual(['urgent', 'more'])
    expect(client.status.state).toBe('online')
  })
})

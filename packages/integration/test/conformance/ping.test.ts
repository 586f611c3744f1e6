import { ping } from '@couplet/ping'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('pings through $title', (target) => {
  test('the server answers, by either of its names', async () => {
    const client = await openClient(target, { plugins: [ping()] })
    await client.ping.send()
    await client.ping.send(target.domain)
    await client.ping.send(client.account)
  })

  test('another client answers, unless it does not want to', async () => {
    const [asker, open, shy] = await Promise.all([
      openClient(target, { plugins: [ping()] }),
      openClient(target, { plugins: [ping({ answer: () => true })] }),
      openClient(target, { plugins: [ping()] }),
    ])
    await asker.ping.send(open.jid)
    await expect(asker.ping.send(shy.jid)).rejects.toMatchObject({ condition: 'service-unavailable' })
  })

  test('one who has gone does not', async () => {
    const [asker, gone] = await Promise.all([openClient(target, { plugins: [ping()] }), openClient(target)])
    const { jid } = gone
    await gone.close()
    await expect(asker.ping.send(jid)).rejects.toMatchObject({ name: 'StanzaError', condition: 'service-unavailable' })
  })
})

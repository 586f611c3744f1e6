import { getTime, time } from '@couplet/time'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('times through $title', (target) => {
  test('the server, in this machine, has the same time as we', async () => {
    const client = await openClient(target)
    const before = Math.floor(Date.now() / 1000) * 1000 // servers tell whole seconds
    const { utc, tzo } = await getTime(client)
    expect(utc.getTime()).toBeGreaterThanOrEqual(before)
    expect(utc.getTime()).toBeLessThanOrEqual(Date.now())
    expect(tzo).toBe(0 - new Date().getTimezoneOffset())
  })

  test('another client tells its time, unless it does not want to', async () => {
    const [asker, open, shy] = await Promise.all([
      openClient(target),
      openClient(target, { plugins: [time({ answer: () => true })] }),
      openClient(target, { plugins: [time()] }),
    ])
    const before = Date.now()
    const { utc, tzo } = await getTime(asker, open.jid)
    expect(utc.getTime()).toBeGreaterThanOrEqual(before)
    expect(tzo).toBe(open.time.now().tzo)
    await expect(getTime(asker, shy.jid)).rejects.toMatchObject({ condition: 'service-unavailable' })
  })
})

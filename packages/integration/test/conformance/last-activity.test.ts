import { getLastActivity, lastActivity } from '@couplet/last-activity'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('last activities through $title', (target) => {
  test('the server tells since when it runs', async () => {
    const client = await openClient(target)
    const asked = getLastActivity(client, target.domain)
    // Prosody has a module of its own for that, mod_uptime, which is not loaded here.
    if (target.server?.kind === 'prosody') {
      await expect(asked).rejects.toMatchObject({ condition: 'service-unavailable' })
    } else expect((await asked).seconds).toBeGreaterThanOrEqual(0)
  })

  test('an account that somebody is logged in to is active now', async () => {
    const client = await openClient(target)
    expect((await getLastActivity(client, client.account)).seconds).toBe(0)
  })

  test('clients of one account tell each other', async () => {
    const account = await target.createUser()
    const [asker, other] = await Promise.all([
      openClient(target, { account }),
      openClient(target, { account, plugins: [lastActivity()] }),
    ])
    const asked = getLastActivity(asker, other.jid)
    // ejabberd lets the question pass only to those whose roster has the one who asks, also within an account.
    if (target.name === 'ej24') {
      await expect(asked).rejects.toMatchObject({ condition: 'service-unavailable' })
      return
    }
    const { seconds, status } = await asked
    expect([seconds <= other.lastActivity.idleSeconds, status]).toEqual([true, undefined])
  })

  test('S-160 a stranger learns nothing', async () => {
    const [asker, other] = await Promise.all([openClient(target), openClient(target, { plugins: [lastActivity()] })])
    for (const jid of [other.jid, other.account]) {
      const condition = expect.stringMatching(/^(forbidden|service-unavailable|subscription-required)$/)
      await expect(getLastActivity(asker, jid)).rejects.toMatchObject({ name: 'StanzaError', condition })
    }
  })
})

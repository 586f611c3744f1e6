import { getVersion, version } from '@couplet/version'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

const self = { name: 'Puck', version: '1.2', os: 'Plan 9' }

describe.each(await targets())('software versions through $title', (target) => {
  test('the server says what it is', async () => {
    const client = await openClient(target)
    const { server } = target
    const found = await getVersion(client)
    expect(found).toMatchObject({ name: expect.stringMatching(/^(prosody|ejabberd|couplet)/i) })
    if (server) expect(found.version).toContain(server.version)
    expect(await getVersion(client, target.domain)).toEqual(found)
  })

  test('another client says what it is, unless it does not want to', async () => {
    const [asker, open, shy] = await Promise.all([
      openClient(target),
      openClient(target, { plugins: [version({ ...self, answer: () => true })] }),
      openClient(target, { plugins: [version(self)] }),
    ])
    expect(await getVersion(asker, open.jid)).toEqual(self)
    await expect(getVersion(asker, shy.jid)).rejects.toMatchObject({ condition: 'service-unavailable' })
  })

  test('clients of one account tell each other', async () => {
    const account = await target.createUser()
    const [asker, other] = await Promise.all([
      openClient(target, { account }),
      openClient(target, { account, plugins: [version(self)] }),
    ])
    expect(await getVersion(asker, other.jid)).toEqual(self)
  })
})

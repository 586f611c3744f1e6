import { caps, checkCaps } from '@couplet/caps'
import type { Plugin, PluginContext } from '@couplet/client'
import { disco } from '@couplet/disco'
import type { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

/** Lets a test advertise something later. */
const late = (): Plugin<'late', PluginContext> => ({ name: 'late', needs: {}, setup: (context) => context })

describe.each(await targets())('entity capabilities through $title', (target) => {
  const open = (account: Account, name = 'Puck') =>
    openClient(target, { account, plugins: [caps({ node: 'https://puck.example' }), disco({ name }), late()] })
  type Opened = Awaited<ReturnType<typeof open>>

  /** Resolves when a client announces something else than this. */
  const announcedBy = ({ caps: api, onPresence }: Opened, jid: Jid, before?: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        const ver = api.announced(jid)?.ver
        if (ver !== undefined && ver !== before) resolve()
      }
      onPresence(check)
      check()
    })

  test('clients announce what they can do, and it is true', async () => {
    const account = await target.createUser()
    const [one, other] = [await open(account), await open(account, 'Oberon')]
    await Promise.all([announcedBy(one, other.jid), announcedBy(other, one.jid)])
    expect(one.caps.announced(other.jid)).toEqual(other.caps.own)
    expect(other.caps.own).not.toEqual(one.caps.own)
    const info = await one.caps.of(other.jid)
    expect(checkCaps(info, other.caps.own)).toBe('verified')
    expect(info.identities).toEqual([{ category: 'client', type: 'pc', name: 'Oberon' }])
  })

  test('what changes is announced again', async () => {
    const account = await target.createUser()
    const [one, other] = [await open(account), await open(account)]
    await announcedBy(one, other.jid)
    const before = other.caps.own.ver
    expect(await one.caps.supports(other.jid, 'urn:example:new')).toBe(false)
    other.late.advertise('urn:example:new')
    await announcedBy(one, other.jid, before)
    expect(await one.caps.supports(other.jid, 'urn:example:new')).toBe(true)
  })

  test('the server announces what it can do when somebody logs in', async () => {
    const client = await open(await target.createUser())
    const announced = client.caps.announced(target.domain)
    const info = await client.caps.of(target.domain)
    expect(info.features).toContain('http://jabber.org/protocol/disco#info')
    if (target.server === undefined)
      expect(announced).toBeUndefined() // it may, and it does not
    else expect(checkCaps(info, announced!)).toBe('verified')
  })
})

import { getPrivateData, setPrivateData } from '@couplet/private-storage'
import { attr, children, element } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

const ns = 'urn:example:prefs'
const Prefs = element(ns, 'prefs', { nick: attr('nick'), rooms: children(element(ns, 'room', { name: attr('name') })) })
const value = { nick: 'Hämlet & Co', rooms: [{ name: 'a' }, { name: 'b' }] }
const all = await targets()

describe.each(all.filter(({ server }) => server === undefined))('private storage of $title', (target) => {
  test('it has none, and that is what is said', async () => {
    const client = await openClient(target)
    await expect(getPrivateData(client, Prefs)).rejects.toMatchObject({ condition: 'service-unavailable' })
  })
})

describe.each(all.filter(({ server }) => server !== undefined))('private storage of $title', (target) => {
  test('what one client stores, another one of the account reads, and nobody else', async () => {
    const account = await target.createUser()
    const [one, other, stranger] = await Promise.all([
      openClient(target, { account }),
      openClient(target, { account }),
      openClient(target),
    ])
    expect(await getPrivateData(one, Prefs)).toBeUndefined()
    await setPrivateData(one, Prefs, value)
    expect(await getPrivateData(other, Prefs)).toEqual(value)
    expect(await getPrivateData(stranger, Prefs)).toBeUndefined()
    await setPrivateData(other, Prefs, { nick: 'x', rooms: [] })
    expect(await getPrivateData(one, Prefs)).toEqual({ nick: 'x', rooms: [] })
    await setPrivateData(one, Prefs, undefined)
    expect(await getPrivateData(other, Prefs)).toBeUndefined()
  })
})

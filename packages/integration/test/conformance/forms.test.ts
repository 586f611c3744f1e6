import { randomUUID } from 'node:crypto'
import { disco } from '@couplet/disco'
import { DataForm, field, fillForm, findForm, submitForm } from '@couplet/forms'
import { child, element, iqGet, iqSet, optional, presence, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

/** XEP-0045 §10: rooms are configured by forms that their server makes up. */
const Owner = element('http://jabber.org/protocol/muc#owner', 'query', { form: optional(child(DataForm)) })
const getConfiguration = iqGet(Owner, Owner)
const setConfiguration = iqSet(Owner)
const RoomInfo = submitForm('http://jabber.org/protocol/muc#roominfo', {
  description: optional(field('muc#roominfo_description')),
})

describe.each((await targets()).filter(({ server }) => server))('forms of $title', (target) => {
  const service = target.server!.hosts.rooms

  /** A client in a room of its own. */
  const createRoom = async () => {
    const client = await openClient(target, { plugins: [disco()] })
    const room = `r${randomUUID().slice(0, 8)}@${service}`
    const joined = new Promise<void>((resolve) => {
      client.onPresence(({ from }) => {
        if (from?.bare.toString() === room) resolve()
      })
    })
    client.send(presence({ to: `${room}/owner` }, xml('http://jabber.org/protocol/muc', 'x')))
    await joined
    return { client, room }
  }

  test('a form is read, filled in and submitted; what was not touched keeps its value', async () => {
    const { client, room } = await createRoom()
    const { form } = await client.request(getConfiguration, {}, { to: room })
    expect(form).toMatchObject({ type: 'form' })
    const before = new Map(form!.fields.map((one) => [one.var, one.values]))
    const changes = { 'muc#roomconfig_roomname': 'Ünser <Raum> & mehr', 'muc#roomconfig_membersonly': true }
    await client.request(setConfiguration, { form: fillForm(form!, changes) }, { to: room })

    const { form: after } = await client.request(getConfiguration, {}, { to: room })
    for (const { var: name, values } of after!.fields) {
      if (name === 'muc#roomconfig_roomname') expect(values).toEqual([changes[name]])
      else if (name === 'muc#roomconfig_membersonly') expect(['1', 'true']).toContain(values[0])
      else if (name !== undefined) expect([name, values]).toEqual([name, before.get(name)])
    }
  })

  test('a form in service discovery is found by its type', async () => {
    const { client, room } = await createRoom()
    const { form } = await client.request(getConfiguration, {}, { to: room })
    const description = 'two lines\nand <markup>'
    await client.request(
      setConfiguration,
      { form: fillForm(form!, { 'muc#roomconfig_roomdesc': description }) },
      { to: room },
    )
    const { forms, features } = await client.disco.info(room)
    expect(features).toContain('http://jabber.org/protocol/muc')
    expect(findForm(forms, RoomInfo)?.description).toBe(description)
  })
})

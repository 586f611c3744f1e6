import type { DataForm } from '@couplet/forms'
import { Jid, StanzaError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { cave, RoomScene } from '../test/in-room.js'
import {
  getAdmin,
  getOwner,
  getRegistration,
  MucAdmin,
  MucOwner,
  NS_MUC_CONFIG,
  RoomRegistration,
  setAdmin,
  setOwner,
  setRegistration,
} from './index.js'

const opened = async () => {
  const scene = new RoomScene()
  return { scene, room: await scene.enter(), last: () => scene.session.requests.at(-1) }
}

const field = (name: string, ...values: string[]) => ({ var: name, values, options: [] })
const configForm: DataForm = {
  type: 'form',
  instructions: [],
  items: [],
  fields: [
    { ...field('FORM_TYPE', NS_MUC_CONFIG), type: 'hidden' },
    field('muc#roomconfig_roomname', 'Cave'),
    field('muc#roomconfig_membersonly', '1'),
    field('muc#roomconfig_moderatedroom', 'perhaps'),
    field('muc#roomconfig_whois', 'moderators', 'anyone'),
    field('muc#roomconfig_roomsecret'),
    field('muc#roomconfig_passwordprotectedroom', '0'),
    field('x-own', 'kept'),
  ],
}

describe('moderation', () => {
  test('goes to the room, with role or affiliation, and the reason', async () => {
    const { scene, room, last } = await opened()
    scene.session.answer(setAdmin, undefined)
    const items: unknown[] = []
    const done = async (action: Promise<void>): Promise<void> => {
      await action
      expect(String(last()?.to)).toBe(cave)
      items.push(...(last()?.payload ? (MucAdmin.parse(last()?.payload as never) as MucAdmin).items : []))
    }
    await done(room.kick('bob', { reason: 'avaunt' }))
    await done(room.grantVoice('bob'))
    await done(room.revokeVoice('bob'))
    await done(room.setRole('bob', 'moderator'))
    await done(room.ban('bob@example.org/x', { reason: 'treason' }))
    await done(room.setAffiliation('bob@example.org', 'none'))
    const jid = Jid.parse('bob@example.org')
    expect(items).toEqual([
      { nick: 'bob', role: 'none', reason: 'avaunt' },
      { nick: 'bob', role: 'participant' },
      { nick: 'bob', role: 'visitor' },
      { nick: 'bob', role: 'moderator' },
      { jid, affiliation: 'outcast', reason: 'treason' },
      { jid, affiliation: 'none' },
    ])
  })

  test('lists are what the room says, and refusals have its reason', async () => {
    const { scene, room } = await opened()
    scene.session.answer(getAdmin, ({ items }) => ({ items: [{ ...items[0], nick: 'bob' }] }))
    expect(await room.withRole('visitor')).toEqual([{ role: 'visitor', nick: 'bob' }])
    expect(await room.withAffiliation('member')).toEqual([{ affiliation: 'member', nick: 'bob' }])
    scene.session.answer(setAdmin, new StanzaError({ condition: 'not-allowed' }))
    await expect(room.kick('bob')).rejects.toMatchObject({ condition: 'not-allowed' })
  })
})

describe('configuration', () => {
  const submitted = async (
    change: (room: Awaited<ReturnType<typeof opened>>['room']) => Promise<void>,
  ): Promise<Record<string, readonly string[]>> => {
    const { scene, room, last } = await opened()
    scene.session.answer(getOwner, { form: configForm })
    scene.session.answer(setOwner, undefined)
    await change(room)
    const { form } = MucOwner.parse(last()?.payload as never) as MucOwner
    expect(form?.type).toBe('submit')
    return Object.fromEntries((form?.fields ?? []).map(({ var: name = '', values }) => [name, values]))
  }

  test('what has another shape than everybody knows is left out of the settings, and stays in the form', async () => {
    const { scene, room } = await opened()
    scene.session.answer(getOwner, { form: configForm })
    const { settings, form } = await room.configuration()
    expect(settings).toEqual({ name: 'Cave', isMembersOnly: true, isPasswordProtected: false })
    expect(form.fields).toHaveLength(configForm.fields.length)
  })

  test('keeps every field it was not asked to change', async () => {
    expect(await submitted((room) => room.configure({ name: 'Den' }, { 'x-own': 'mine' }))).toEqual({
      FORM_TYPE: [NS_MUC_CONFIG],
      'muc#roomconfig_roomname': ['Den'],
      'muc#roomconfig_membersonly': ['1'],
      'muc#roomconfig_moderatedroom': ['perhaps'],
      'muc#roomconfig_whois': ['moderators', 'anyone'],
      'muc#roomconfig_passwordprotectedroom': ['0'],
      'x-own': ['mine'],
    })
  })

  test('a password is asked for from then on, unless it is said otherwise', async () => {
    expect(await submitted((room) => room.configure({ password: 'cauldron' }))).toMatchObject({
      'muc#roomconfig_roomsecret': ['cauldron'],
      'muc#roomconfig_passwordprotectedroom': ['true'],
    })
    expect(
      await submitted((room) => room.configure({ password: 'cauldron', isPasswordProtected: false })),
    ).toMatchObject({ 'muc#roomconfig_passwordprotectedroom': ['false'] })
  })

  test('a setting that the room does not offer is refused here, and a room without any there', async () => {
    await expect(submitted((room) => room.configure({ lang: 'en' }))).rejects.toThrow('no field "muc#roomconfig_lang"')
    const { scene, room } = await opened()
    scene.session.answer(getOwner, {})
    await expect(room.configuration()).rejects.toMatchObject({ condition: 'feature-not-implemented' })
  })

  test('destroying names a reason and another room', async () => {
    const { scene, room, last } = await opened()
    scene.session.answer(setOwner, undefined)
    await room.destroy({ reason: 'over', alternative: 'heath@rooms.example.org/x', password: 'p' })
    expect(MucOwner.parse(last()?.payload as never)).toEqual({
      destroy: { jid: Jid.parse('heath@rooms.example.org'), reason: 'over', password: 'p' },
    })
  })
})

describe('registration (§7.10)', () => {
  test('answers the form of the room', async () => {
    const { scene, room, last } = await opened()
    const form: DataForm = { ...configForm, fields: [field('muc#register_roomnick')] }
    scene.session.answer(getRegistration, { form })
    scene.session.answer(setRegistration, undefined)
    await room.register({ 'muc#register_roomnick': 'hag' })
    const { form: answer } = RoomRegistration.parse(last()?.payload as never) as RoomRegistration
    expect(answer).toMatchObject({ type: 'submit', fields: [{ var: 'muc#register_roomnick', values: ['hag'] }] })
  })

  test('says under which nickname we are registered', async () => {
    const { scene, room } = await opened()
    scene.session.answer(getRegistration, { registered: true, username: 'hag' })
    expect(await room.registration()).toEqual({ registered: true, username: 'hag' })
    await expect(room.register({})).rejects.toMatchObject({ condition: 'feature-not-implemented' })
  })
})

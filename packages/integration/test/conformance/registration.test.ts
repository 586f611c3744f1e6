import { randomBytes } from 'node:crypto'
import { openPreLogin } from '@couplet/client'
import {
  answerRegistration,
  changePassword,
  deleteAccount,
  registerAccount,
  registerWith,
  registrationOf,
  unregisterFrom,
} from '@couplet/registration'
import { describe, expect, test } from 'vitest'
import { newClient, openClient } from './open-client.js'
import { schemes, type Target, targets, transportsOf } from './targets.js'

const all = await targets()

const before = (target: Target, scheme: (typeof schemes)[number] = 'xmpps') =>
  openPreLogin({ domain: target.domain, service: target.service(scheme), transports: transportsOf(target) })

describe.each(all.filter(({ server }) => server === undefined))('registration with $title', (target) => {
  test('it has none, and that is what is said', async () => {
    const client = await openClient(target)
    await expect(changePassword(client, 'x')).rejects.toMatchObject({ condition: 'service-unavailable' })
    await expect(deleteAccount(client)).rejects.toMatchObject({ condition: 'service-unavailable' })
    await using stream = await before(target)
    const me = { username: 'somebody', password: 'x' }
    await expect(registerAccount(stream, me)).rejects.toMatchObject({ name: 'RegistrationError', code: 'not-offered' })
  })
})

describe.each(all.filter(({ server }) => server !== undefined))('registration with $title', (target) => {
  test.each(schemes)('S-067 an account is registered before there is a login, over %s, and used', async (scheme) => {
    const username = `r${randomBytes(6).toString('hex')}`
    const password = `${randomBytes(12).toString('hex')} <ä&'">`
    await using stream = await before(target, scheme)
    await registerAccount(stream, { username, password })
    const client = await openClient(target, { account: { jid: `${username}@${target.domain}`, password } })
    expect(client.account.local).toBe(username)
    await using again = await before(target, scheme)
    const taken = registerAccount(again, { username, password: 'another' })
    await expect(taken).rejects.toMatchObject({ name: 'StanzaError', condition: 'conflict' })
  })

  test('S-067 the password is changed: the new one is good, and the old one is not', async () => {
    const account = await target.createUser()
    const client = await openClient(target, { account })
    const password = `${randomBytes(12).toString('hex')} <ä&'">`
    await changePassword(client, password)
    const again = await openClient(target, { account: { ...account, password } })
    expect(again.account.equals(client.account)).toBe(true)
    const late = await newClient(target, { account })
    await expect(late.online()).rejects.toMatchObject({ name: 'AuthenticationError' })
  })

  test('an account is deleted, and nobody can log in to it', async () => {
    const account = await target.createUser()
    const client = await openClient(target, { account })
    await deleteAccount(client)
    await client.close()
    const late = await newClient(target, { account })
    await expect(late.online()).rejects.toMatchObject({ name: 'AuthenticationError' })
  })

  test('a service, where there is one to register with', async () => {
    const client = await openClient(target)
    const rooms = `rooms.${target.domain}`
    // Of the three only ejabberd lets people keep a nickname for all rooms.
    if (target.server?.kind !== 'ejabberd') {
      await expect(registrationOf(client, rooms)).rejects.toMatchObject({ name: 'StanzaError' })
      return
    }
    const wanted = await registrationOf(client, rooms)
    expect(wanted.registered).toBeUndefined()
    const field = 'muc#register_roomnick'
    const nick = `n${randomBytes(6).toString('hex')}`
    await registerWith(client, rooms, answerRegistration(wanted, { [field]: nick }))
    const found = await registrationOf(client, rooms)
    expect(found.registered).toBe(true)
    expect(found.form?.fields.find((each) => each.var === field)?.values).toEqual([nick])
    await unregisterFrom(client, rooms)
    expect((await registrationOf(client, rooms)).registered).toBeUndefined()
  })
})

import { randomBytes } from 'node:crypto'
import { adhoc } from '@couplet/adhoc'
import { openPreLogin } from '@couplet/client'
import { disco } from '@couplet/disco'
import { invites, parseInvitation, presentToken } from '@couplet/invites'
import { contactPresence } from '@couplet/presence'
import { registerAccount } from '@couplet/registration'
import { roster } from '@couplet/roster'
import { describe, expect, test, vi } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { openClient } from './open-client.js'
import { type Target, targets, transportsOf } from './targets.js'

const connect = (target: Target, account?: Account) =>
  openClient(target, {
    ...(account && { account }),
    plugins: [adhoc(), disco(), roster(), contactPresence(), invites()],
  })
type Connected = Awaited<ReturnType<typeof connect>>

const areContacts = async (...[one, other]: readonly [Connected, Connected]): Promise<void> => {
  const both = (from: Connected, to: Connected) => expect(from.roster.get(to.account)?.subscription).toBe('both')
  await vi.waitFor(() => {
    both(one, other)
    both(other, one)
  }, 5000)
}
const credentials = () => ({
  username: `i${randomBytes(6).toString('hex')}`,
  password: randomBytes(12).toString('hex'),
})

const all = await targets()
const isInviting = ({ server }: Target): boolean => server?.kind === 'prosody'

describe.each(all)('invitations on $title', (target) => {
  test('S-158 by a token of our own: both are contacts, nobody was asked, and it is good once', async () => {
    const [romeo, juliet, mallory] = await Promise.all([connect(target), connect(target), connect(target)])
    const asked: string[] = []
    romeo.presence.onRequest(async ({ from, presence }) => {
      if (!(await romeo.invites.isRedeemed(presence))) asked.push(`${from}`)
    })
    juliet.presence.onRequest(async ({ from, presence }) => {
      if (!(await juliet.invites.isRedeemed(presence))) asked.push(`${from}`)
    })
    const { uri } = await romeo.invites.contact({ issuer: 'client' })
    await juliet.invites.accept(uri)
    await areContacts(romeo, juliet)
    expect(asked).toEqual([])
    await mallory.invites.accept(uri)
    await vi.waitFor(() => expect(asked).toEqual([`${mallory.account}`]), 5000)
    expect(mallory.roster.get(romeo.account)?.subscription ?? 'none').toBe('none')
  })
})

describe.each(all.filter((target) => !isInviting(target)))('invitations on $title', (target) => {
  test('the server makes none, and the client makes its own', async () => {
    const client = await connect(target)
    await expect(client.invites.contact({ issuer: 'server' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(client.invites.account()).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await client.invites.contact()).toMatchObject({ issuer: 'client', registers: false })
    await using stream = await openPreLogin({
      domain: target.domain,
      service: target.service('xmpps'),
      transports: transportsOf(target),
    })
    await expect(presentToken(stream, 'x')).rejects.toMatchObject({ name: 'InviteError', code: 'not-offered' })
  })
})

describe.each(all.filter(isInviting))('invitations that $title makes', (target) => {
  const before = () =>
    openPreLogin({ domain: target.domain, service: target.service('xmpps'), transports: transportsOf(target) })

  test('to become a contact, while we are away', async () => {
    const account = await target.createUser()
    const inviter = await connect(target, account)
    const made = await inviter.invites.contact()
    expect(made).toMatchObject({ kind: 'contact', issuer: 'server', registers: true })
    expect(made.expires?.getTime()).toBeGreaterThan(Date.now())
    await inviter.close()
    const juliet = await connect(target)
    await juliet.invites.accept(made.uri)
    // The server has answered for the inviter, whose roster is its word for that.
    const romeo = await connect(target, account)
    await vi.waitFor(() => expect(romeo.roster.get(juliet.account)?.subscription).toBe('both'), 5000)
  })

  test('to register, with the inviter for a contact, and once', async () => {
    const inviter = await connect(target)
    const { uri } = await inviter.invites.contact()
    const invitation = parseInvitation(uri)
    const token = invitation?.token ?? ''
    const me = credentials()
    await using stream = await before()
    await expect(presentToken(stream, 'none')).rejects.toMatchObject({ code: 'token-refused' })
    await presentToken(stream, token)
    await registerAccount(stream, me)
    const invited = await connect(target, { jid: `${me.username}@${target.domain}`, password: me.password })
    await areContacts(inviter, invited)
    await using late = await before()
    await expect(presentToken(late, token)).rejects.toMatchObject({ name: 'InviteError', code: 'token-refused' })
  })

  test('by administrators, to register only', async () => {
    const somebody = await connect(target)
    await expect(somebody.invites.account()).rejects.toMatchObject({ name: 'InviteError', code: 'not-allowed' })
    const admin = await connect(target, await target.server!.createUser(`admin@${target.domain}`))
    const made = await admin.invites.account()
    expect([made.kind, `${made.jid}`]).toEqual(['account', target.domain])
    // Neither version asks for a name.
    await expect(admin.invites.account({ username: 'juliet' })).rejects.toMatchObject({ code: 'not-allowed' })
    const me = credentials()
    await using stream = await before()
    await presentToken(stream, made.token ?? '')
    await registerAccount(stream, me)
    const invited = await connect(target, { jid: `${me.username}@${target.domain}`, password: me.password })
    expect(invited.roster.get(admin.account)).toBeUndefined()
  })
})

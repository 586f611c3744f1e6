import {
  type ContactPresence,
  contactPresence,
  type SubscriptionChange,
  type SubscriptionRequest,
} from '@couplet/presence'
import { roster } from '@couplet/roster'
import type { BareJid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

/** The first request, or decision, from now on. */
const nextRequest = (api: ContactPresence): Promise<SubscriptionRequest> =>
  new Promise((resolve) => void api.onRequest(resolve))
const nextDecision = (api: ContactPresence, type: SubscriptionChange['type']): Promise<SubscriptionChange> =>
  new Promise((resolve) => {
    api.onSubscription((change) => {
      if (change.type === type) resolve(change)
    })
  })

/** Resolves when the account looks like this. */
const until = (api: ContactPresence, jid: BareJid, test: (best: ReturnType<ContactPresence['of']>) => boolean) =>
  new Promise<void>((resolve) => {
    const check = (): void => {
      if (test(api.of(jid))) resolve()
    }
    api.onChange(check)
    check()
  })

const open = (target: Target, options: Parameters<typeof openClient>[1] = {}) =>
  openClient(target, { ...options, plugins: [contactPresence(), roster()] })

/** Two who see each other. */
const befriend = async (target: Target) => {
  const [romeo, juliet] = await Promise.all([open(target), open(target)])
  const asked = nextRequest(juliet.presence)
  romeo.presence.subscribe(juliet.account, { status: 'It is the east' })
  const request = await asked
  expect(request.from.equals(romeo.account)).toBe(true)
  const back = nextRequest(romeo.presence)
  request.approve()
  juliet.presence.subscribe(romeo.account)
  ;(await back).approve()
  await Promise.all([
    until(romeo.presence, juliet.account, ([best]) => best !== undefined),
    until(juliet.presence, romeo.account, ([best]) => best !== undefined),
  ])
  return { romeo, juliet }
}

describe.each(await targets())('presence through $title', (target) => {
  test('who is approved sees it come, change and go', async () => {
    const { romeo, juliet } = await befriend(target)
    await juliet.presence.set({ show: 'dnd', status: 'busy', priority: 7 })?.acked
    await until(romeo.presence, juliet.account, ([best]) => best?.show === 'dnd')
    expect(romeo.presence.of(juliet.account)).toMatchObject([{ status: 'busy', priority: 7 }])
    expect(romeo.presence.of(juliet.account)[0]?.from?.equals(juliet.jid)).toBe(true)
    await juliet.close()
    await until(romeo.presence, juliet.account, (all) => all.length === 0)
  })

  test('R-031 who comes later sees who is there', async () => {
    const account = await target.createUser()
    const romeo = await open(target, { account })
    const juliet = await open(target)
    const asked = nextRequest(juliet.presence)
    romeo.presence.subscribe(juliet.account)
    ;(await asked).approve()
    await until(romeo.presence, juliet.account, ([best]) => best !== undefined)
    const phone = await open(target, { account })
    await until(phone.presence, juliet.account, ([best]) => best !== undefined)
    expect(phone.roster.get(juliet.account)).toMatchObject({ subscription: 'to', asked: false })
  })

  test('a request that is denied, and one that waits until its addressee comes', async () => {
    const account = await target.createUser()
    const romeo = await open(target)
    const denied = nextDecision(romeo.presence, 'unsubscribed')
    const juliet = await open(target, { account })
    const asked = nextRequest(juliet.presence)
    romeo.presence.subscribe(account.jid)
    ;(await asked).deny()
    expect((await denied).from.toString()).toBe(account.jid)
    await juliet.close()

    await romeo.presence.subscribe(account.jid).acked
    const later = await openClient(target, { account, presence: false, plugins: [contactPresence()] })
    const again = nextRequest(later.presence)
    later.presence.set({})
    expect((await again).from.equals(romeo.account)).toBe(true)
    expect(romeo.presence.of(account.jid)).toEqual([])
  })

  test('who takes it back is gone for the other', async () => {
    const { romeo, juliet } = await befriend(target)
    const told = nextDecision(romeo.presence, 'unsubscribed')
    juliet.presence.deny(romeo.account)
    await told
    await until(romeo.presence, juliet.account, (all) => all.length === 0)
    const left = nextDecision(romeo.presence, 'unsubscribe')
    juliet.presence.unsubscribe(romeo.account)
    await left
    await until(juliet.presence, romeo.account, (all) => all.length === 0)
  })

  test('directed presence reaches a stranger, and ends with the session', async () => {
    const [romeo, juliet] = await Promise.all([open(target), open(target)])
    romeo.presence.sendTo(juliet.jid, { status: 'psst' })
    await until(juliet.presence, romeo.account, ([best]) => best?.status === 'psst')
    await romeo.close()
    await until(juliet.presence, romeo.account, (all) => all.length === 0)
  })

  test('where the server takes it, an approval in advance counts when the request comes', async () => {
    const [romeo, juliet] = await Promise.all([open(target), open(target)])
    const requests: SubscriptionRequest[] = []
    juliet.presence.onRequest((request) => void requests.push(request))
    if (!juliet.presence.canPreApprove) return expect(target.name).toBe('ej24')
    await juliet.presence.approve(romeo.account).acked
    romeo.presence.subscribe(juliet.account)
    await until(romeo.presence, juliet.account, ([best]) => best !== undefined)
    expect(requests).toEqual([])
  })
})

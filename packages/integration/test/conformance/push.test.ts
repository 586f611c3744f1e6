import { createComponent } from '@couplet/component'
import { disco } from '@couplet/disco'
import { publishPush, push, pushService, type ReceivedPush } from '@couplet/push'
import { message, StanzaError } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { startLab } from '../../src/lab.js'
import type { LabServer } from '../../src/lab-server.js'
import { sharedLab } from '../../src/shared-lab.js'
import { openClient } from './open-client.js'
import { liveTarget, type Target, targets } from './targets.js'

const secret = 'eruio234vzxc2kla-91'

// Servers of its own: each has one place for a component, and the tests of components use that of the shared ones.
const names = sharedLab().servers.map(({ name }) => name)
const lab = await startLab(names, { base: 87 })
afterAll(() => lab.stop())

/** An app server that takes notifications with the secret of this file; `until` resolves to so many of them. */
const openAppServer = async ({ hosts, componentSecret, ip, ports }: LabServer) => {
  const received: ReceivedPush[] = []
  let check = (): void => {}
  const receive = pushService((each) => {
    if (each.options.secret !== secret) throw new StanzaError({ condition: 'forbidden' })
    received.push(each)
    check()
  })
  const component = createComponent({
    jid: hosts.component,
    secret: componentSecret,
    service: `xmpp://${ip}:${ports.component}`,
    transports: [tcp()],
    reconnect: false,
    plugins: [receive, disco({ identity: { category: 'pubsub', type: 'push' }, answer: () => true })],
  })
  onTestFinished(() => component.close())
  await component.online()
  const until = (count: number): Promise<readonly ReceivedPush[]> =>
    new Promise((resolve) => {
      check = () => {
        if (received.length >= count) resolve(received)
      }
      check()
    })
  return { jid: hosts.component, until }
}

const open = (target: Target) => openClient(target, { plugins: [disco(), push()] })

const [loopback] = await targets()

test('push notifications at the loopback server: it has none, and that is what is said', async () => {
  const client = await open(loopback as Target)
  expect(await client.push.supported()).toBe(false)
  await expect(client.push.enable('push.example.net', 'n')).rejects.toMatchObject({ code: 'not-supported' })
})

describe.each(lab.servers.map((server) => ({ ...liveTarget(server), server })))(
  'push notifications at $title',
  (target) => {
    test('wake who is away: the app server is told node, secret and what has come', async () => {
      const appServer = await openAppServer(target.server)
      const [phone, friend] = await Promise.all([open(target), open(target)])
      const service = await phone.disco.info(appServer.jid)
      expect(service.identities).toMatchObject([{ category: 'pubsub', type: 'push' }])
      expect(await phone.push.supported()).toBe(true)
      await phone.push.enable(appServer.jid, 'node-1', { options: { secret } })
      await phone.close()
      await friend.send(message({ to: phone.account, type: 'chat', body: 'Wherefore art thou?' })).acked
      const [first] = await appServer.until(1)
      expect(first).toMatchObject({ node: 'node-1', options: { secret } })
      expect([target.domain, String(phone.account)]).toContain(String(first?.from))
      expect(first?.notification.summary).toMatchObject({ lastMessageBody: 'Wherefore art thou?' })
      // Prosody names the sender only where it is configured to.
      const sender = target.server.kind === 'ejabberd' ? String(friend.account) : 'undefined'
      expect(String(first?.notification.summary?.lastMessageSender?.bare)).toBe(sender)
    })

    test('end for one node, and for all of them', async () => {
      const appServer = await openAppServer(target.server)
      const account = await target.createUser()
      const openDevice = () => openClient(target, { account, plugins: [disco(), push()] })
      const [phone, tablet, friend] = await Promise.all([openDevice(), openDevice(), open(target)])
      const say = (body: string) => friend.send(message({ to: phone.account, type: 'chat', body })).acked
      // One node for each: of two in one session, ejabberd ends both.
      await phone.push.enable(appServer.jid, 'phone', { options: { secret } })
      await tablet.push.enable(appServer.jid, 'tablet', { options: { secret } })
      await phone.push.disable(appServer.jid, { node: 'phone' })
      await phone.close()
      await tablet.close()
      await say('1')
      await appServer.until(1)
      await say('2')
      expect((await appServer.until(2)).map(({ node }) => node)).toEqual(['tablet', 'tablet'])
      const again = await openDevice()
      await again.push.disable(appServer.jid)
      await again.push.enable(appServer.jid, 'new', { options: { secret } })
      await again.close()
      await say('3')
      expect((await appServer.until(3)).map(({ node }) => node)).toEqual(['tablet', 'tablet', 'new'])
    })

    test('a notification without the secret is refused, whoever sends it', async () => {
      const appServer = await openAppServer(target.server)
      const stranger = await open(target)
      const publish = { node: 'node-1', items: [{ notification: { additional: [] } }] }
      for (const options of [undefined, { secret: 'guessed' }]) {
        const refused = stranger.request(publishPush, { publish, options }, { to: appServer.jid })
        await expect(refused).rejects.toMatchObject({ condition: 'forbidden' })
      }
      await stranger.request(publishPush, { publish, options: { secret } }, { to: appServer.jid })
      expect(await appServer.until(1)).toHaveLength(1)
    })
  },
)

import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { message } from '@couplet/stanza'
import { startFaultProxy } from '@couplet/testing'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { messagesOf } from '../conformance/message-list.js'
import { openClient } from '../conformance/open-client.js'
import { type Target, targets } from '../conformance/targets.js'
import { executablePath, insecureHost, launchChromium, type Site, serveClient } from './chromium.js'
import { openProfile, Tab } from './session-tab.js'

const isMissing = !existsSync(executablePath)
const minute = 60_000

let browser: Browser
let site: Site
/** The same browser without what a test usually wants, such as pages that always count as seen. */
let plain: BrowserContext

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

beforeAll(async () => {
  if (isMissing) return
  const port = await freePort()
  const args = [`--remote-debugging-port=${port}`, '--ignore-certificate-errors']
  const ignoreDefaultArgs = ['--disable-back-forward-cache']
  ;[browser, site] = await Promise.all([launchChromium({ args, ignoreDefaultArgs }), serveClient()])
  const other = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })
  plain = other.contexts()[0] as BrowserContext
}, minute)

afterAll(async () => {
  site?.close()
  await browser?.close()
})

/** An account for the page, a proxy before its server, and somebody to talk to. */
const setUp = async (target: Target) => {
  const { hostname, port, pathname } = new URL(target.service('wss'))
  const proxy = await startFaultProxy({ target: { host: hostname, port: Number(port) } })
  onTestFinished(() => proxy.stop())
  const [account, peer] = await Promise.all([target.createUser(), openClient(target)])
  const inbox = messagesOf(peer)
  const say = (to: string, body: string) => peer.send(message({ to, type: 'chat', body })).acked
  /** After this everything has arrived that will; returns what the peer has got, and the tab. */
  const settled = async (tab: Tab) => {
    const count = inbox.received.length
    await Promise.all([tab.send(String(peer.jid), 'the end'), say(tab.jid, 'the end')])
    await tab.message('the end')
    await inbox.until(count + 1)
    while (inbox.received.at(-1)?.body !== 'the end') await inbox.until(inbox.received.length + 1)
    return { heard: inbox.received.map(({ body }) => body), received: tab.received }
  }
  return {
    proxy,
    service: String(proxy.service('wss', pathname)),
    account,
    peer: String(peer.jid),
    inbox,
    say,
    settled,
  }
}

const title = isMissing ? `there is no Chromium at ${executablePath} for $title` : 'a page with a store at $title'
describe.skipIf(isMissing).each(await targets())(title, (target) => {
  test('R-012 R-054 waits while it is offline, and is back without a wait; messages meanwhile arrive once', async () => {
    const { proxy, service, account, peer, say, settled } = await setUp(target)
    const context = await openProfile(browser)
    const tab = await Tab.open(context, site, { account, service }, { clock: true })
    await context.setOffline(true)
    await tab.until(({ type }) => type === 'offline')
    proxy.cutNow()
    await tab.until(({ delay }) => delay === Number.POSITIVE_INFINITY)
    await Promise.all([tab.send(peer, 'from offline'), say(tab.jid, 'to offline')])
    const before = [tab.events.length, proxy.connectionCount]
    await tab.page.clock.pauseAt(Date.now() + 60 * minute)
    expect([tab.events.length, proxy.connectionCount]).toEqual(before)
    await context.setOffline(false)
    expect(await tab.online(before[0] ?? 0)).toMatchObject({ resumed: true }) // and no timer went off meanwhile
    await tab.page.clock.resume()
    expect(await settled(tab)).toEqual({ heard: ['from offline', 'the end'], received: ['to offline', 'the end'] })
    expect(tab.states()).toEqual(['connecting', 'online', 'waiting', 'waiting', 'connecting', 'online'])
  })

  test('R-054 that was frozen while the server broke the connection is back, and misses nothing', async () => {
    const { proxy, service, account, peer, say, settled } = await setUp(target)
    const tab = await Tab.open(plain, site, { account, service })
    onTestFinished(() => tab.page.close())
    const other = await plain.newPage()
    onTestFinished(() => other.close())
    await other.bringToFront()
    const tools = await plain.newCDPSession(tab.page)
    await tools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await tab.until(({ type }) => type === 'freeze')
    const frozen = tab.events.length
    proxy.cutNow()
    await proxy.closed()
    await say(tab.jid, 'to the frozen')
    expect(tab.events.length).toBe(frozen)
    await tools.send('Page.setWebLifecycleState', { state: 'active' })
    await tab.until(({ type }) => type === 'resume')
    const { delay } = await tab.until(({ state }) => state === 'waiting', frozen)
    expect(delay).toBeLessThanOrEqual(1000)
    expect(await tab.online(frozen)).toMatchObject({ resumed: true })
    await tab.send(peer, 'awake')
    expect(await settled(tab)).toEqual({ heard: ['awake', 'the end'], received: ['to the frozen', 'the end'] })
    expect(tab.states(frozen)).toEqual(['waiting', 'connecting', 'online'])
  })

  test('R-011 R-054 that slept for ten minutes keeps a connection that lives, and replaces one that does not', async () => {
    const { proxy, service, account, say, settled } = await setUp(target)
    const context = await openProfile(browser)
    const tab = await Tab.open(context, site, { account, service }, { clock: true })
    const { clock } = tab.page
    const [connection] = proxy.connections
    const sent = connection?.bytes.up ?? 0
    await clock.fastForward(10 * minute)
    await say(tab.jid, 'good morning')
    await tab.message('good morning')
    expect(connection?.bytes.up).toBeGreaterThan(sent) // it was checked
    await clock.runFor(5000)
    expect([tab.states(), proxy.connectionCount]).toEqual([['connecting', 'online'], 1])

    const asleep = tab.events.length
    connection?.stall()
    await say(tab.jid, 'into the void')
    await clock.fastForward(10 * minute)
    await clock.runFor(5000)
    const { error, delay } = await tab.until(({ state }) => state === 'waiting', asleep)
    expect([error, (delay ?? 0) <= 1000]).toEqual([expect.stringContaining('does not answer'), true])
    await clock.runFor(1000)
    expect(await tab.online(asleep)).toMatchObject({ resumed: true })
    connection?.cutNow()
    expect((await settled(tab)).received).toEqual(['good morning', 'into the void', 'the end'])
  })

  test.each([
    ['', false],
    [' with Bind 2, where there is that', true],
  ])('R-029 goes on over a reload, and nothing is lost or doubled%s', async (_, catchUp) => {
    const { proxy, service, account, peer, inbox, say, settled } = await setUp(target)
    const tab = await Tab.open(await openProfile(browser), site, { account, service, catchUp })
    const { jid } = tab
    await say(jid, 'before')
    await tab.message('before')
    const [connection] = proxy.connections
    connection?.stall('down') // no acknowledgement arrives
    await tab.send(peer, 'arrived, not acknowledged')
    await inbox.until(1)
    connection?.stall('up')
    await tab.send(peer, 'not arrived')
    await tab.page.reload()
    await say(jid, 'while it was loaded')
    expect(await tab.start()).toMatchObject({ resumed: true, jid })
    connection?.cutNow()
    await tab.ping() // its answer is for the full JID
    expect(await settled(tab)).toEqual({
      heard: ['arrived, not acknowledged', 'not arrived', 'the end'],
      received: ['before', 'while it was loaded', 'the end'],
    })
    expect(await tab.reload()).toMatchObject({ resumed: true, jid })
  })

  test('R-054 in the back/forward cache lost its connection, and goes on when the user comes back', async () => {
    const { service, account, say, settled } = await setUp(target)
    const tab = await Tab.open(await openProfile(browser), site, { account, service })
    const { jid } = tab
    const away = tab.events.length
    await tab.page.goto(`http://localhost:${site.port}/elsewhere`)
    await say(jid, 'while it was away')
    await tab.page.evaluate(() => history.back()) // the browser's tools expect it to be loaded
    await tab.until(({ type, persisted }) => type === 'pageshow' && persisted === true, away)
    expect(await tab.online(away)).toMatchObject({ resumed: true, jid })
    expect((await settled(tab)).received).toEqual(['while it was away', 'the end'])
    expect(tab.states(away)).toEqual(['waiting', 'connecting', 'online'])
  })

  test('in the back/forward cache leaves its session to a new page', async () => {
    const { service, account, peer, say, settled } = await setUp(target)
    const tab = await Tab.open(await openProfile(browser), site, { account, service })
    const { jid } = tab
    await tab.send(peer, 'kept') // and so is the session, before this page is left for good
    await tab.page.goto(`http://localhost:${site.port}/elsewhere`)
    await say(jid, 'while it was away')
    await tab.page.goto(`http://localhost:${site.port}/session`)
    expect(await tab.start()).toMatchObject({ resumed: true, jid })
    expect((await settled(tab)).received).toEqual(['while it was away', 'the end'])
  })

  test.each([
    ['', false],
    [' with Bind 2, where there is that', true],
  ])('in two tabs has two sessions, and no fight%s', async (_, catchUp) => {
    const { proxy, service, account, say, settled } = await setUp(target)
    const context = await openProfile(browser)
    const first = await Tab.open(context, site, { account, service, catchUp })
    const second = await Tab.open(context, site, { account, service, catchUp })
    const [one, two] = [first.jid, second.jid]
    expect(one).not.toBe(two)
    const cut = [first.events.length, second.events.length] as const
    proxy.cutNow()
    expect(await first.online(cut[0])).toMatchObject({ resumed: true, jid: one })
    expect(await second.online(cut[1])).toMatchObject({ resumed: true, jid: two })
    await Promise.all([say(one, 'to the first'), say(two, 'to the second')])
    await Promise.all([first.message('to the first'), second.message('to the second')])
    expect(await second.reload()).toMatchObject({ resumed: false })
    await settled(first)
    expect(first.states()).toEqual(['connecting', 'online', 'waiting', 'connecting', 'online'])

    await first.page.close()
    // Or a page in its last moment would take what it cannot tell about.
    while (proxy.connections.length > 1) await Promise.race(proxy.connections.map((each) => each.closed()))
    await say(one, 'to the first, which is gone')
    expect(await second.reload()).toMatchObject({ resumed: true, jid: one })
    await second.message('to the first, which is gone')
    expect(await second.reload()).toMatchObject({ resumed: true, jid: one })
    await settled(second)
    const opened = ['connecting', 'online']
    expect(second.states()).toEqual([...opened, 'waiting', ...opened, ...opened, ...opened, ...opened])
  })
})

describe.skipIf(isMissing)('IndexedDB and Web Locks of Chromium', () => {
  interface ContractPage {
    contract(): Promise<readonly { readonly name: string; readonly problem?: string }[]>
    canClaim(): Promise<boolean>
  }

  test('keep the contract of stores', async () => {
    const page = await (await openProfile(browser)).newPage()
    await page.goto(`http://localhost:${site.port}/contract`)
    const results = await page.evaluate(() => (globalThis as unknown as ContractPage).contract())
    expect(results.filter(({ problem }) => problem !== undefined)).toEqual([])
    expect(results.map(({ name }) => name)).toContain('a claim ends with its holder')
  })

  test('without Web Locks, as on an insecure origin, nothing is claimed', async () => {
    const page = await (await openProfile(browser)).newPage()
    await page.goto(`http://${insecureHost}:${site.port}/contract`)
    expect(await page.evaluate(() => (globalThis as unknown as ContractPage).canClaim())).toBe(false)
    await page.goto(`http://localhost:${site.port}/contract`)
    expect(await page.evaluate(() => (globalThis as unknown as ContractPage).canClaim())).toBe(true)
  })
})

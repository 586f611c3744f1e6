import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { sharedLab } from '../../src/shared-lab.js'
import { liveTarget, targets } from '../conformance/targets.js'
import { executablePath, insecureHost, launchChromium, type Site, serveClient, talkIn } from './chromium.js'

const isMissing = !existsSync(executablePath)

let browser: Browser
let site: Site

beforeAll(async () => {
  if (isMissing) return
  ;[browser, site] = await Promise.all([launchChromium(), serveClient()])
}, 60_000)

afterAll(async () => {
  site?.close()
  await browser?.close()
})

/** A page of the site; the browser cannot be given the lab's authority. */
const openPage = async (host: string, path = '/'): Promise<Page> => {
  const context: BrowserContext = await browser.newContext({ ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`http://${host}:${site.port}${path}`)
  return page
}

const title = isMissing ? `there is no Chromium at ${executablePath} for $title` : 'Chromium talks through $title'
describe.skipIf(isMissing).each(await targets())(title, (target) => {
  test.each([
    ['localhost', 'WebCrypto', true],
    [insecureHost, 'JavaScript alone', false],
  ])('on %s, with the cryptography of %s', async (host, _, hasSubtle) => {
    const page = await openPage(host)
    expect(await page.evaluate(() => crypto.subtle !== undefined)).toBe(hasSubtle)
    const accounts = [await target.createUser('soft light'), await target.createUser('no need of names')]
    const seen = site.requests.length
    const { jids, heard, receiptFrom, states } = await talkIn(page, { service: target.service('wss'), accounts })
    expect(jids.map((jid) => jid.replace(/\/.*/, ''))).toEqual(accounts.map(({ jid }) => jid))
    expect(heard).toEqual({ body: 'Hello from a bundle 👋', from: jids[0] })
    expect(receiptFrom).toBe(jids[1])
    expect(states).toEqual(['offline', 'offline'])
    const loaded = site.requests.slice(seen).filter((path) => path.includes('noble'))
    expect(loaded.length).toBe(hasSubtle ? 0 : 1)
  })

  test('a wrong password', async () => {
    const page = await openPage('localhost')
    const [account, other] = [await target.createUser(), await target.createUser()]
    const accounts = [{ ...account, password: 'wrong' }, other]
    const outcome = talkIn(page, { service: target.service('wss'), accounts })
    await expect(outcome).rejects.toThrow('not-authorized')
  })

  test('a certificate that the browser does not trust', async () => {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://localhost:${site.port}/`)
    const accounts = [await target.createUser(), await target.createUser()]
    const outcome = talkIn(page, { service: target.service('wss'), accounts })
    await expect(outcome).rejects.toThrow('the WebSocket could not be opened')
  })
})

const boshTitle = isMissing
  ? `there is no Chromium at ${executablePath} for BOSH to %s`
  : 'Chromium talks over BOSH to %s'
describe.skipIf(isMissing).each(sharedLab().servers.map((server) => [liveTarget(server).title, server] as const))(
  boshTitle,
  (_, server) => {
    test('two users of a page', async () => {
      const page = await openPage('localhost', '/bosh')
      const accounts = [await server.createUser(), await server.createUser()]
      const service = `https://${server.ip}:${server.ports.https}${server.boshPath}`
      const { jids, heard, receiptFrom, states } = await talkIn(page, { service, accounts })
      expect(heard).toEqual({ body: 'Hello from a bundle 👋', from: jids[0] })
      expect(receiptFrom).toBe(jids[1])
      expect(states).toEqual(['offline', 'offline'])
    })
  },
)

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { httpsFetch } from '../conformance/https-fetch.js'
import { targets } from '../conformance/targets.js'
import { executablePath, launchChromium } from './chromium.js'

interface Login {
  readonly account: Account
  readonly service: string
}

/** What browser/upload-page.mjs offers. */
interface UploadPage {
  upload(login: Login, size: number): Promise<{ url: string; seen: readonly [number, number][] }>
  uploadTo(login: Login, address: string): Promise<unknown>
}

const isMissing = !existsSync(executablePath)
const packages = new URL('../../../', import.meta.url)

/** The sources, as browsers get them: nothing has to be built. */
const sources: Plugin = {
  name: 'sources',
  setup(bundler) {
    const at = (path: string) => ({ path: fileURLToPath(new URL(path, packages)) })
    bundler.onResolve({ filter: /^#open-socket$/ }, () => at('websocket/src/open-socket.ts'))
    bundler.onResolve({ filter: /^@couplet\/stanza\/stream-parser$/ }, () => at('stanza/src/xml/stream-parser.ts'))
    bundler.onResolve({ filter: /^@couplet\/[a-z-]+$/ }, ({ path }) => at(`${path.slice(9)}/src/index.ts`))
  },
}

/** A site with the page, and with a place that sends everybody somewhere else. */
async function serve() {
  const entry = fileURLToPath(new URL('../../browser/upload-page.mjs', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    plugins: [sources],
  })
  const requests: string[] = []
  const site = createServer(({ url = '/', method }, response) => {
    requests.push(`${method} ${url}`)
    if (url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(outputFiles[0]?.contents)
    else if (url === '/away') response.writeHead(307, { location: '/elsewhere' }).end()
    else response.writeHead(201, { 'content-type': 'text/html' }).end('<script type="module" src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  return { address: `http://localhost:${(site.address() as AddressInfo).port}`, requests, site }
}

let browser: Browser
let served: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  if (!isMissing) [browser, served] = await Promise.all([launchChromium(), serve()])
}, 60_000)

afterAll(async () => {
  served?.site.close()
  await browser?.close()
})

/** A page that may trust anybody: a browser cannot be given the lab's authority. */
const openPage = async (): Promise<Page> => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(served.address)
  await page.waitForFunction(() => 'uploadTo' in globalThis)
  return page
}

const services = (await targets()).filter(({ server }) => server !== undefined)
const title = isMissing ? `there is no Chromium at ${executablePath} for $title` : 'Chromium uploads to $title'
describe.skipIf(isMissing).each(services)(title, (target) => {
  test('a file from a page of another origin, with the progress that a browser tells', async () => {
    const page = await openPage()
    const login: Login = { account: await target.createUser(), service: target.service('wss') }
    const upload = (given: Login) => (globalThis as unknown as UploadPage).upload(given, 200_000)
    const { url, seen } = await page.evaluate(upload, login)
    expect(seen).toEqual([
      [0, 200_000],
      [200_000, 200_000],
    ])
    const answer = await httpsFetch(target.ca)(url)
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.alloc(200_000, 7))).toBe(true)
  })

  test('S-179 a redirect is not followed', async () => {
    const page = await openPage()
    const login: Login = { account: await target.createUser(), service: target.service('wss') }
    const seen = served.requests.length
    const uploadTo = ([given, address]: [Login, string]) =>
      (globalThis as unknown as UploadPage).uploadTo(given, address)
    expect(await page.evaluate(uploadTo, [login, `${served.address}/away`] as [Login, string])).toBe('redirect')
    expect(served.requests.slice(seen)).toEqual(['PUT /away'])
  })
})

import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { servers } from '../omemo/omemo-targets.js'
import { OurUser } from '../omemo/our-user.js'
import { executablePath, launchChromium } from './chromium.js'
import { openProfile } from './session-tab.js'

interface Login {
  readonly account: Account
  readonly service: string
  readonly versions: readonly ('omemo2' | 'legacy')[]
  readonly database: string
  readonly backup?: { readonly bytes: readonly number[]; readonly passphrase: string }
}

interface Look {
  readonly messages: readonly { readonly body: string; readonly version: string; readonly trust: string }[]
  readonly errors: readonly string[]
  readonly failures: readonly string[]
}

/** What browser/omemo-page.mjs offers. */
interface OmemoPage {
  open(name: string, login: Login): Promise<{ jid: string; deviceId: number; fingerprint: string }>
  send(name: string, to: string, bodies: readonly string[]): Promise<readonly unknown[]>
  heard(name: string, count: number): Promise<Look>
  keep(name: string, passphrase: string): Promise<readonly number[]>
  look(name: string): Look
  policy(): Promise<{ violations: readonly string[]; code: string; wasm: string }>
}

const isMissing = !existsSync(executablePath)
const minute = 60_000
/** As strict as it gets: own files only, no code out of strings, no WebAssembly, sockets to servers of XMPP. */
const policy =
  "default-src 'self'; connect-src wss:; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'"

/** The page of the built packages, as a bundler for browsers takes them, under the policy. */
async function serve() {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../browser/omemo-page.mjs', import.meta.url))],
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]))
  const site = createServer(({ url = '/' }, response) => {
    const file = files.get(url)
    response.setHeader('content-security-policy', policy)
    if (file !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(file)
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<script type="module" src="/omemo-page.js"></script>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as AddressInfo
  return { address: `http://localhost:${port}`, site, inputs: Object.keys(metafile.inputs) }
}

let browser: Browser
let served: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  if (!isMissing) [browser, served] = await Promise.all([launchChromium(), serve()])
}, minute)

afterAll(async () => {
  served?.site.close()
  await browser?.close()
})

const openPage = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(served.address, { waitUntil: 'load' })
  return page
}

/** The functions of the page, called from here. */
const on = (page: Page) => {
  const call =
    <K extends keyof OmemoPage>(name: K) =>
    (...given: Parameters<OmemoPage[K]>): Promise<Awaited<ReturnType<OmemoPage[K]>>> =>
      page.evaluate(
        ([key, values]) => {
          const { omemoPage } = globalThis as unknown as { omemoPage: Record<string, (...all: unknown[]) => never> }
          return omemoPage[key]?.(...values)
        },
        [name, given] as [string, unknown[]],
      ) as never
  return {
    open: call('open'),
    send: call('send'),
    heard: call('heard'),
    keep: call('keep'),
    look: call('look'),
    policy: call('policy'),
  }
}

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name}${n}`)

const title = isMissing ? `there is no Chromium at ${executablePath} for $title` : 'OMEMO in Chromium at $title'
describe.skipIf(isMissing).each(servers)(title, (target) => {
  const login = async (versions: Login['versions'], database: string, account?: Account): Promise<Login> => ({
    account: account ?? (await target.createUser()),
    service: target.service('wss'),
    versions,
    database,
  })

  test.each([['omemo2'], ['legacy']] as const)(
    'two clients of a page write to each other under a strict policy, in plain JavaScript: %s',
    async (version) => {
      expect(served.inputs.filter((path) => /omemo\/dist\/crypto\/backend-n/.test(path))).toEqual([
        expect.stringContaining('backend-noble.js'),
      ])
      const page = on(await openPage(await openProfile(browser)))
      const [romeo, juliet] = [await login([version], 'romeo'), await login([version], 'juliet')]
      await page.open('romeo', romeo)
      await page.open('juliet', juliet)
      const seen = (from: string, bodies: readonly string[]) => ({
        messages: bodies.map((body) => ({ body: `${from}${body}`, version, trust: 'blind' })),
        errors: [],
        failures: [],
      })
      for (let round = 0; round < 3; round++) {
        expect(await page.send('romeo', juliet.account.jid, [`r${round}`])).toEqual([])
        expect(await page.heard('juliet', round + 1)).toEqual(seen('r', numbered('', round + 1)))
        expect(await page.send('juliet', romeo.account.jid, [`j${round}`])).toEqual([])
        expect(await page.heard('romeo', round + 1)).toEqual(seen('j', numbered('', round + 1)))
      }
      expect(await page.policy()).toEqual({ violations: [], code: 'EvalError', wasm: 'CompileError' })
    },
    minute,
  )

  test.each([
    ['omemo2', 500],
    ['legacy', 100],
  ] as const)(
    'OMEMO F17 two tabs with one database are one device, use no key twice and lose nothing: %s',
    async (version, each) => {
      const peer = await OurUser.start(target, { versions: [version] })
      const context = await openProfile(browser)
      const [first, second] = [await openPage(context), await openPage(context)]
      const [one, two] = [on(first), on(second)]
      const alice = await login([version], 'alice')
      const [here, there] = [await one.open('alice', alice), await two.open('alice', alice)]
      expect([there.deviceId, there.fingerprint, there.jid === here.jid]).toEqual([
        here.deviceId,
        here.fingerprint,
        false,
      ])

      await Promise.all([
        one.send('alice', peer.jid, numbered('a', each)),
        two.send('alice', peer.jid, numbered('b', each)),
      ])
      await peer.heard.count(2 * each)
      expect([...peer.bodies].sort()).toEqual([...numbered('a', each), ...numbered('b', each)].sort())
      const keys = peer.client.usedKeys
      expect([keys.count >= 2 * each, keys.twice]).toEqual([true, []])
      expect(new Set(peer.heard.all.map(({ device }) => device))).toEqual(new Set([here.deviceId]))

      // What is for the device comes to both tabs, and is read in one of them.
      const answers = numbered('c', 100)
      for (const body of answers) await peer.send(alice.account.jid, body)
      await expect
        .poll(async () => {
          const looks = await Promise.all([one.look('alice'), two.look('alice')])
          return looks.flatMap(({ messages }) => messages.map(({ body }) => body)).sort()
        })
        .toEqual(answers.sort())

      // A tab that is closed in the middle of it leaves the other one a state that nobody has seen.
      const unfinished = two.send('alice', peer.jid, numbered('d', 200)).catch(() => {})
      await peer.heard.until(({ body }) => body === 'd20')
      await second.close()
      await unfinished
      expect(await one.send('alice', peer.jid, numbered('e', 100))).toEqual([])
      await peer.hears('e99')
      expect([keys.twice, peer.failures]).toEqual([[], []])
      const { failures, errors } = await one.look('alice')
      expect([failures, errors]).toEqual([[], []])
    },
    3 * minute,
  )

  test('OMEMO F4 a backup of one profile makes another device of another profile', async () => {
    const peer = await OurUser.start(target, { versions: ['omemo2'] })
    const [here, there] = [
      on(await openPage(await openProfile(browser))),
      on(await openPage(await openProfile(browser))),
    ]
    const alice = await login(['omemo2'], 'alice')
    const first = await here.open('alice', alice)
    await here.send('alice', peer.jid, ['from here'])
    await peer.hears('from here')
    const passphrase = 'correct horse battery staple'
    const bytes = await here.keep('alice', passphrase)
    const second = await there.open('alice', { ...alice, backup: { bytes, passphrase } })
    expect([second.fingerprint, second.deviceId === first.deviceId]).toEqual([first.fingerprint, false])
    await there.send('alice', peer.jid, ['from there'])
    expect(await peer.hears('from there')).toMatchObject({ device: second.deviceId, fingerprint: first.fingerprint })
    await peer.send(alice.account.jid, 'to both')
    const looks = [await here.heard('alice', 2), await there.heard('alice', 1)]
    expect(looks.map(({ messages }) => messages.map(({ body }) => body))).toEqual([
      ['from there', 'to both'],
      ['to both'],
    ])
    expect(looks.flatMap(({ failures, errors }) => [...failures, ...errors])).toEqual([])
    expect((await there.policy()).violations).toEqual([])
  }, 60_000)
})

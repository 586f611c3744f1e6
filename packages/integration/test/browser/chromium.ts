import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core'

/** A name that is not a secure context, unlike every form of localhost: no `crypto.subtle` there. */
export const insecureHost = 'insecure.test'

const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update']

/** The Chromium of the system. */
export const executablePath = process.env.COUPLET_CHROMIUM || '/usr/bin/chromium'

/** Starts it; it finds {@link insecureHost} on this machine. */
export const launchChromium = (options: LaunchOptions = {}): Promise<Browser> =>
  chromium.launch({
    executablePath,
    ...options,
    args: [
      ...(options.args ?? []),
      '--no-sandbox',
      '--disable-gpu',
      '--disable-sync',
      ...quiet,
      `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
    ],
  })

/** Bundles what is in the folder `browser`; file names to contents. */
const bundleClient = async (): Promise<ReadonlyMap<string, Uint8Array>> => {
  const { outputFiles } = await build({
    entryPoints: ['browser-client', 'bosh-page', 'session-page', 'store-contract'].map((name) =>
      fileURLToPath(new URL(`../../browser/${name}.mjs`, import.meta.url)),
    ),
    outdir: '/',
    write: false,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
  })
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]))
}

/** A site with the bundle and a page that loads it. */
export interface Site {
  readonly port: number
  /** Paths that were asked for. */
  readonly requests: readonly string[]
  close(): void
}

const page = (script: string): string => `<!doctype html><title>Couplet</title><script type="module">${script}</script>`

const pages: Readonly<Record<string, string>> = {
  '/': page(`import { talk } from '/browser-client.js'; globalThis.talk = talk`),
  '/bosh': page(`import '/bosh-page.js'`),
  '/session': page(`import '/session-page.js'`),
  '/contract': page(`import '/store-contract.js'`),
  '/elsewhere': '<!doctype html><title>Elsewhere</title>',
}

/** Serves the bundled client on loopback. */
export const serveClient = async (): Promise<Site> => {
  const files = await bundleClient()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    requests.push(path)
    const file = files.get(path)
    if (file) response.writeHead(200, { 'content-type': 'text/javascript' }).end(file)
    else response.writeHead(200, { 'content-type': 'text/html' }).end(pages[path] ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, requests, close: () => server.close() }
}

/** What the page reports; see browser/browser-client.mjs. */
export interface Talk {
  readonly jids: readonly string[]
  readonly heard: { readonly body: string; readonly from: string }
  readonly receiptFrom: string
  readonly states: readonly string[]
}

/** What the bundle's `talk` is given. */
export interface TalkOptions {
  readonly service: string
  readonly accounts: readonly { readonly jid: string; readonly password: string }[]
}

/** Lets the page log in two accounts that talk to each other. */
export const talkIn = (page: Page, options: TalkOptions): Promise<Talk> =>
  page.evaluate(
    (given) => (globalThis as unknown as { talk(options: TalkOptions): Promise<Talk> }).talk(given),
    options,
  )

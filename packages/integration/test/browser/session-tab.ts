import type { Browser, BrowserContext, Page } from 'playwright-core'
import { onTestFailed, onTestFinished } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import type { Site } from './chromium.js'

/** What the page tells; see browser/session-page.mjs. */
export interface TabEvent {
  /** `status` and `error` of the client, `message` for it, `accepted`, `acked` or `failed` of its own; DOM events. */
  readonly type: string
  readonly state?: string
  readonly resumed?: boolean
  readonly delay?: number
  readonly error?: string
  readonly jid?: string
  readonly body?: string
  readonly persisted?: boolean
}

/** What the page's client is made from. */
export interface TabOptions {
  readonly account: Account
  readonly service: string
  /** Catches up, with which Bind 2 is used. */
  readonly catchUp?: boolean
}

/** The global object of the page. */
interface ChatPage {
  readonly chat: {
    start(options: TabOptions): void
    send(to: string, body: string): void
    ping(): Promise<unknown>
    close(): Promise<void>
  }
}

/** A browser profile: tabs of one have the same database. It ends with the test. */
export const openProfile = async (browser: Browser): Promise<BrowserContext> => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  return context
}

/** A tab with a chat page, and what it told, also before it was loaded again. */
export class Tab {
  readonly page: Page
  readonly events: TabEvent[] = []
  readonly #options: TabOptions
  readonly #waiting = new Set<() => void>()

  private constructor(page: Page, options: TabOptions) {
    this.page = page
    this.#options = options
  }

  /** A new tab of a profile, whose client is online; with a clock that the test may move, if it wants. */
  static async open(
    context: BrowserContext,
    site: Site,
    options: TabOptions,
    { clock = false }: { readonly clock?: boolean } = {},
  ): Promise<Tab> {
    const page = await context.newPage()
    if (clock) await page.clock.install()
    const tab = new Tab(page, options)
    onTestFailed(() => console.error('what the tab told:', JSON.stringify(tab.events, undefined, 1)))
    await page.exposeFunction('report', (event: TabEvent) => tab.#take(event))
    await page.goto(`http://localhost:${site.port}/session`)
    await tab.start()
    return tab
  }

  #take(event: TabEvent): void {
    this.events.push(event)
    for (const wake of this.#waiting) wake()
  }

  /** Starts the client, and waits until it is online. */
  async start(): Promise<TabEvent> {
    const before = this.events.length
    await this.page.evaluate((options) => (globalThis as unknown as ChatPage).chat.start(options), this.#options)
    return this.online(before)
  }

  /** Loads the page again, and starts its client. */
  async reload(): Promise<TabEvent> {
    await this.page.reload()
    return this.start()
  }

  /** Sends a message, and waits until it is kept. */
  async send(to: string, body: string): Promise<void> {
    const parameters = [to, body] as const
    await this.page.evaluate((given) => (globalThis as unknown as ChatPage).chat.send(...given), parameters)
    await this.until((event) => event.type === 'accepted' && event.body === body)
  }

  /** Asks the server for an answer. */
  async ping(): Promise<void> {
    await this.page.evaluate(() => (globalThis as unknown as ChatPage).chat.ping())
  }

  /** Waits for an event, among those from a place on. */
  async until(predicate: (event: TabEvent) => boolean, from = 0): Promise<TabEvent> {
    for (;;) {
      const found = this.events.slice(from).find(predicate)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  /** Waits until the client is online, which it was not before this place. */
  online(from: number): Promise<TabEvent> {
    return this.until(({ state }) => state === 'online', from)
  }

  /** Waits for a message. */
  message(body: string): Promise<TabEvent> {
    return this.until((event) => event.type === 'message' && event.body === body)
  }

  /** The full JID it was online with last. */
  get jid(): string {
    return this.events.findLast(({ state }) => state === 'online')?.jid ?? ''
  }

  /** The bodies of all messages it has received. */
  get received(): readonly (string | undefined)[] {
    return this.events.filter(({ type }) => type === 'message').map(({ body }) => body)
  }

  /** The states the client went through, from a place on. */
  states(from = 0): readonly (string | undefined)[] {
    return this.events.slice(from).flatMap(({ type, state }) => (type === 'status' ? [state] : []))
  }
}

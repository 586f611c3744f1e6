import type { ConnectionListener } from '@couplet/client'
import { vi } from 'vitest'
import { BoshConnection, gap } from '../src/bosh-connection.js'
import type { HttpFetch, HttpRequest } from '../src/open-fetch.js'

/** The namespaces a server declares. */
const names = "xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'"
/** What a server offers first. */
export const features =
  "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><x xmlns='x'/></stream:features>"
/** The same, as a frame. */
export const featuresFrame = "<features xmlns='http://etherx.jabber.org/streams'><x xmlns='x'/></features>"
/** The frame that ends a stream. */
export const closeFrame = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
/** The frame that opens one, as the client writes it. */
export const openFrame =
  "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' from='me@example.org' version='1.0' xml:lang='de'/>"

/** A response. */
export const body = (attributes = '', payload = ''): string => `<body ${names} ${attributes}>${payload}</body>`
/** The response that creates a session. */
export const created = (attributes = '', payload = features): string =>
  body(`sid='secret-sid' wait='60' hold='1' requests='2' inactivity='30' polling='5' ${attributes}`, payload)

/** One HTTP request, to be answered by the test. */
export class Call {
  readonly url: string
  readonly request: HttpRequest
  readonly text: string
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: unknown) => void

  constructor(
    url: string,
    request: HttpRequest,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.url = url
    this.request = request
    this.text = request.body ?? ''
    this.#resolve = resolve
    this.#reject = reject
    request.signal.addEventListener('abort', () => reject(request.signal.reason))
  }

  /** An attribute of the wrapper. */
  attr(name: string): string | undefined {
    const [tag = ''] = /^<body [^>]*>/.exec(this.text) ?? []
    return new RegExp(` ${name}='([^']*)'`).exec(tag)?.[1]
  }

  /** The number of the request. */
  get rid(): number {
    return Number(this.attr('rid'))
  }

  /** What is in the wrapper. */
  get payload(): string {
    return /^<body [^>]*[^/]>(.*)<\/body>$/s.exec(this.text)?.[1] ?? ''
  }

  get aborted(): boolean {
    return this.request.signal.aborted
  }

  answer(response: string | Response = body()): void {
    this.#resolve(typeof response === 'string' ? new Response(response) : response)
  }

  fail(error: unknown = new TypeError('fetch failed')): void {
    this.#reject(error)
  }
}

/** Turns of the event loop in which everything that is ready happens. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A connection manager whose answers the test writes. */
export class ScriptedManager {
  /** All requests so far. */
  readonly calls: Call[] = []
  readonly close = vi.fn()
  #taken = 0
  #wake = (): void => {}

  readonly fetch: HttpFetch = (url, request) =>
    new Promise((resolve, reject) => {
      this.calls.push(new Call(url, request, resolve, reject))
      this.#wake()
    })

  /** Requests that the test has not taken. */
  get untaken(): number {
    return this.calls.length - this.#taken
  }

  /** The next request; a moment later, if it is one that is not made at once. */
  async next(): Promise<Call> {
    await settle()
    if (this.untaken === 0 && vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(gap)
    while (this.untaken === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.calls[this.#taken++] as Call
  }
}

/** A connection to a scripted manager, with a listener that records. */
export function setUp(asked: { readonly wait?: number } = {}) {
  const manager = new ScriptedManager()
  const { fetch, close } = manager
  const connection = new BoshConnection(new URL('https://example.org/bosh'), { fetch, close }, asked.wait ?? 60)
  const data = vi.fn<ConnectionListener['data']>()
  const closed = vi.fn<ConnectionListener['closed']>()
  connection.listen({ data, closed })
  /** The frames so far, which are forgotten. */
  const frames = (): unknown[] => data.mock.calls.splice(0).flat()
  return { manager, connection, data, closed, frames }
}

/** The same with a session, one request of which is held. */
export async function setUpSession(asked: { readonly wait?: number } = {}, attributes = '') {
  const session = setUp(asked)
  session.connection.write(openFrame)
  const creation = await session.manager.next()
  creation.answer(created(attributes))
  const held = await session.manager.next()
  session.frames()
  return { ...session, creation, held }
}

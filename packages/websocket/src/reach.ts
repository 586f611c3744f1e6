import { type Connection, ConnectionError, type ConnectOptions } from '@couplet/client'
import { within } from '@couplet/client/core'
import { openSocket } from '#open-socket'
import { FramedConnection } from './framed-connection.js'
import type { Fetch } from './host-meta.js'
import type { Socket, SocketOptions } from './open-socket.js'
import type { WebSocketOptions } from './websocket.js'

/** RFC 7395 §3.1: the subprotocol that the server has to confirm. */
const subprotocol = 'xmpp'
/** Milliseconds to open a WebSocket. */
const openLimit = 15_000

/** Opens a WebSocket to the endpoint that was named, or to the first of the domain's that can be reached. */
export async function reach(target: ConnectOptions, options: WebSocketOptions): Promise<Connection> {
  const { service, tried, failed, signal } = target
  const endpoints = service ? [service] : await discover(target, options)
  let first: unknown
  for (const url of endpoints) {
    if (tried?.has(url.href)) continue
    try {
      return await open(url, options, signal)
    } catch (error) {
      signal.throwIfAborted()
      failed?.(url.href, error)
      first ??= error
    }
  }
  throw first ?? new ConnectionError('websocket', 'no-endpoint', 'there is no further endpoint to try')
}

/** What the domain announces, or where the last login was if it cannot be asked. */
async function discover(target: ConnectOptions, options: WebSocketOptions): Promise<readonly URL[]> {
  try {
    return await askDomain(target, options)
  } catch (error) {
    target.signal.throwIfAborted()
    // Only the domain can say which host speaks for it: once it has said so, what it said before is void.
    const lastGood = (error as ConnectionError).code === 'unreachable' ? secureUrl(target.hints?.lastGood) : undefined
    if (lastGood === undefined || target.tried?.has(lastGood.href)) throw error
    return [lastGood]
  }
}

function secureUrl(text: string | undefined): URL | undefined {
  return text?.startsWith('wss:') && URL.canParse(text) ? new URL(text) : undefined
}

/** Loaded on demand: an application that names its service never needs it. */
async function askDomain({ domain, signal }: ConnectOptions, options: WebSocketOptions): Promise<readonly URL[]> {
  const { discoverWebSockets } = await import('./host-meta.js')
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  return discoverWebSockets(domain, fetch, signal)
}

async function open(url: URL, options: SocketOptions, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted()
  const socket = start(url, options)
  const connection = new FramedConnection(socket, url)
  const opened = new Promise<void>((resolve, reject) => {
    let cause: unknown
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', (event) => {
      cause = (event as { readonly error?: unknown } | null)?.error
    })
    socket.addEventListener('close', () => reject(openError(cause)))
  })
  try {
    await within('websocket', openLimit, signal, opened)
    if (socket.protocol === subprotocol) return connection
    throw new ConnectionError('websocket', 'unexpected-element', 'the server did not agree to speak XMPP')
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** A URL with a fragment, or `ws:` in a page that came over https, makes the constructor throw. */
function start(url: URL, options: SocketOptions): Socket {
  try {
    return openSocket(url, subprotocol, options)
  } catch (cause) {
    throw new ConnectionError('websocket', 'no-transport', 'no WebSocket can be opened to this URL', cause)
  }
}

/** Node knows why; a browser does not tell. */
function openError(cause: unknown): ConnectionError {
  const { code = '' } = (cause ?? {}) as { readonly code?: string }
  const is = (pattern: RegExp): boolean => pattern.test(code)
  if (is(/EXPIRED|NOT_YET_VALID/)) {
    return new ConnectionError('tls', 'certificate-expired', 'the certificate is not valid at this time', cause)
  }
  if (is(/ALTNAME/)) return new ConnectionError('tls', 'certificate-name', 'the certificate is for another name', cause)
  if (is(/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_/)) {
    return new ConnectionError('tls', 'certificate-untrusted', 'the certificate is not from a trusted issuer', cause)
  }
  if (is(/ECONNREFUSED/)) return new ConnectionError('tcp', 'refused', 'nothing listens there', cause)
  return new ConnectionError('websocket', 'unreachable', 'the WebSocket could not be opened', cause)
}

import { type Connection, ConnectionError, type ConnectOptions } from '@couplet/client'
import { openFetch } from '#open-fetch'
import type { BoshOptions } from './bosh.js'
import { BoshConnection } from './bosh-connection.js'
import { REL_XBOSH } from './elements.js'
import type { HttpClient } from './open-fetch.js'

/** Seconds that the server may hold a request, unless the options say otherwise. */
const defaultWait = 60

/**
 * A connection to the endpoint that was named, or to the first of the domain's that was not tried. The session begins with
 * the stream header, so whether anybody is there shows when that is written.
 */
export async function reach(target: ConnectOptions, options: BoshOptions): Promise<Connection> {
  const { service, signal, tried } = target
  signal.throwIfAborted()
  if (service !== undefined && service.protocol !== 'https:') {
    throw new ConnectionError('tls', 'tls-required', 'BOSH is spoken over https only')
  }
  const client = options.fetch ? { fetch: options.fetch, close: () => {} } : openFetch(options)
  try {
    const endpoints = service ? [service] : await find(target, client)
    const url = endpoints.find(({ href }) => !tried?.has(href))
    if (url === undefined) throw new ConnectionError('dns', 'no-endpoint', 'there is no further BOSH endpoint')
    const { wait = defaultWait, hold } = options
    // XEP-0124 §12: either asks for a polling session, but not every server that gets a `hold` of 0 does as it says.
    return new BoshConnection(url, client, hold === 0 ? 0 : wait)
  } catch (error) {
    client.close()
    throw error
  }
}

/** What the domain announces, or where the last login was if it cannot be asked. */
async function find({ domain, signal, hints }: ConnectOptions, client: HttpClient): Promise<readonly URL[]> {
  try {
    // Loaded on demand: an application that names its service never needs it.
    const { discoverEndpoints } = await import('@couplet/websocket/host-meta')
    return await discoverEndpoints(domain, { rel: REL_XBOSH, protocol: 'https:' }, client.fetch, signal)
  } catch (error) {
    signal.throwIfAborted()
    // Only the domain can say which host speaks for it: once it has said so, what it said before is void.
    const last = (error as ConnectionError).code === 'unreachable' ? secureUrl(hints?.lastGood) : undefined
    if (last === undefined) throw error
    return [last]
  }
}

/** What is remembered comes from a store: it may be anything. */
function secureUrl(endpoint: string | undefined): URL | undefined {
  return endpoint?.startsWith('https:') && URL.canParse(endpoint) ? new URL(endpoint) : undefined
}

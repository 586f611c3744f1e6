/**
 * Reads host-meta; other transports that are found in it take this from here.
 *
 * @module
 */

import { ConnectionError } from '@couplet/client'
import { readElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import { HostMeta, REL_WEBSOCKET } from './elements.js'

/** Milliseconds for one document, and its greatest size in bytes. */
const timeLimit = 5000
const sizeLimit = 262_144

/** How a document is fetched: the platform's `fetch`, or one that trusts other certificates. */
export type Fetch = (
  url: string,
  init: { redirect: 'error'; signal: AbortSignal; credentials: 'omit' },
) => Promise<Response>

/** Which endpoints are looked for. */
export interface EndpointKind {
  /** The relation of their links (XEP-0156 §3). */
  readonly rel: string
  /** The one protocol that counts, with its colon: one that is secure. */
  readonly protocol: 'wss:' | 'https:'
}

/** Finds the WebSocket endpoints of a domain; see {@link discoverEndpoints}. */
export function discoverWebSockets(domain: string, fetch: Fetch, signal: AbortSignal): Promise<readonly URL[]> {
  return discoverEndpoints(domain, { rel: REL_WEBSOCKET, protocol: 'wss:' }, fetch, signal)
}

/**
 * Finds the endpoints of a domain (XEP-0156): `host-meta.json`, then `host-meta`. Only https is asked, without following
 * redirects, and only secure endpoints count, because these documents are all that ties them to the domain.
 *
 * @throws ConnectionError `not-found` if there is no endpoint; `unreachable` if no document can be had
 */
export async function discoverEndpoints(
  domain: string,
  kind: EndpointKind,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<readonly URL[]> {
  const base = `https://${domain}/.well-known/host-meta`
  let failure: unknown
  let found = false
  for (const [url, read] of [
    [`${base}.json`, readJson],
    [base, readXml],
  ] as const) {
    try {
      const links = read(await load(url, fetch, signal), kind.rel)
      const endpoints = links.flatMap((href) => secureUrl(href, kind))
      if (endpoints.length > 0) return endpoints
      found = true
    } catch (error) {
      signal.throwIfAborted()
      failure ??= error
    }
  }
  if (found) throw new ConnectionError('dns', 'not-found', 'the domain announces no secure endpoint of this kind')
  throw new ConnectionError('dns', 'unreachable', 'the domain has no readable host-meta', failure)
}

async function load(url: string, fetch: Fetch, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)])
  const response = await fetch(url, { redirect: 'error', signal: limit, credentials: 'omit' })
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body.getReader()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.length
    if (size > sizeLimit) {
      await reader.cancel()
      throw new Error(`more than ${sizeLimit} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function readJson(text: string, wanted: string): readonly string[] {
  const { links } = JSON.parse(text) as { readonly links?: unknown }
  if (!Array.isArray(links)) return []
  return links.flatMap((link: { readonly rel?: unknown; readonly href?: unknown } | null) =>
    link?.rel === wanted && typeof link.href === 'string' ? [link.href] : [],
  )
}

/** The strict parser of streams reads this too; it is a document, so the declaration has to go. */
function readXml(text: string, wanted: string): readonly string[] {
  const [event, ...more] = new StreamParser({ framed: true }).write(text.trim().replace(/^<\?xml[^>]*\?>\s*/, ''))
  if (event?.type !== 'element' || more.length > 0 || !HostMeta.matches(event.element)) {
    throw new Error('not host-meta')
  }
  const result = readElement(HostMeta, event.element)
  return result.ok ? result.value.links.flatMap(({ rel, href }) => (rel === wanted && href ? [href] : [])) : []
}

function secureUrl(href: string, { protocol }: EndpointKind): readonly URL[] {
  try {
    const url = new URL(href)
    return url.protocol === protocol ? [url] : []
  } catch {
    return []
  }
}

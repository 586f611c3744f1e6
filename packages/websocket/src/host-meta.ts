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

/**
 * Finds the WebSocket endpoints of a domain (XEP-0156): `host-meta.json`, then `host-meta`. Only https is asked, without
 * following redirects, and only `wss:` endpoints count, because these documents are all that ties them to the domain.
 *
 * @throws ConnectionError `not-found` if there is no endpoint; `unreachable` if no document can be had
 */
export async function discoverWebSockets(domain: string, fetch: Fetch, signal: AbortSignal): Promise<readonly URL[]> {
  const base = `https://${domain}/.well-known/host-meta`
  let failure: unknown
  let found = false
  for (const [url, read] of [
    [`${base}.json`, readJson],
    [base, readXml],
  ] as const) {
    try {
      const endpoints = read(await load(url, fetch, signal)).flatMap(secureUrl)
      if (endpoints.length > 0) return endpoints
      found = true
    } catch (error) {
      signal.throwIfAborted()
      failure ??= error
    }
  }
  if (found) throw new ConnectionError('dns', 'not-found', 'the domain announces no secure WebSocket endpoint')
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

function readJson(text: string): readonly string[] {
  const { links } = JSON.parse(text) as { readonly links?: unknown }
  if (!Array.isArray(links)) return []
  return links.flatMap((link: { readonly rel?: unknown; readonly href?: unknown } | null) =>
    link?.rel === REL_WEBSOCKET && typeof link.href === 'string' ? [link.href] : [],
  )
}

/** The strict parser of streams reads this too; it is a document, so the declaration has to go. */
function readXml(text: string): readonly string[] {
  const [event, ...more] = new StreamParser({ framed: true }).write(text.trim().replace(/^<\?xml[^>]*\?>\s*/, ''))
  if (event?.type !== 'element' || more.length > 0 || !HostMeta.matches(event.element)) {
    throw new Error('not host-meta')
  }
  const result = readElement(HostMeta, event.element)
  return result.ok ? result.value.links.flatMap(({ rel, href }) => (rel === REL_WEBSOCKET && href ? [href] : [])) : []
}

function secureUrl(href: string): readonly URL[] {
  try {
    const url = new URL(href)
    return url.protocol === 'wss:' ? [url] : []
  } catch {
    return []
  }
}

import type { SrvRecord } from 'node:dns'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { ConnectionError } from '@couplet/client'

/** A place to connect to. */
export interface Endpoint {
  /** A name or an address. */
  readonly host: string
  readonly port: number
  /** TLS from the first byte (XEP-0368) instead of STARTTLS. */
  readonly directTls: boolean
}

/** What is asked of DNS; `new Resolver()` of `node:dns/promises` is one. */
export interface SrvResolver {
  /** Rejects with `code` `ENOTFOUND` or `ENODATA` if there is no such record. */
  resolveSrv(name: string): Promise<SrvRecord[]>
}

/** The endpoint a user named: `xmpps://host:port` or `xmpp://host:port`. */
export function endpointOf(service: URL): Endpoint {
  const directTls = service.protocol === 'xmpps:'
  const host = service.hostname.replace(/^\[|\]$/g, '')
  return { host, port: service.port === '' ? (directTls ? 5223 : 5222) : Number(service.port), directTls }
}

/** How an endpoint is called in {@link Connection.endpoint}: by the name it was found under, not by an address. */
export const nameOf = ({ host, port, directTls }: Endpoint): string =>
  `${directTls ? 'xmpps' : 'xmpp'}://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Both ways to reach `host:port`: who names it does not say whether TLS comes first there. */
export function bothWays(place: string): readonly Endpoint[] {
  const url = asUrl(`xmpp://${place}`)
  if (!url?.hostname) return []
  const { host, port } = endpointOf(url)
  return [true, false].map((directTls) => ({ host, port, directTls }))
}

/** The endpoint that {@link nameOf} called so, if it was one of ours. */
export function endpointNamed(name: string | undefined): Endpoint | undefined {
  const url = /^xmpps?:/.test(name ?? '') ? asUrl(name as string) : undefined
  return url?.hostname ? endpointOf(url) : undefined
}

function asUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/**
 * The endpoints of a domain in groups, of which each is for when the one before has failed: one merged set of `_xmpps-client`
 * and `_xmpp-client` records (XEP-0368 §3) by priority, and in each group by weighted chance (RFC 2782), direct TLS first.
 * Without any record, the domain itself on port 5222 (RFC 6120 §3.2.2).
 *
 * @throws ConnectionError `not-found` if the domain says that it has no such service; `unreachable` if DNS fails
 */
export async function discover(domain: string, resolver: SrvResolver): Promise<readonly (readonly Endpoint[])[]> {
  const address = domain.replace(/^\[|\]$/g, '')
  if (isIP(address) !== 0) return [[{ host: address, port: 5222, directTls: false }]] // DNS has nothing to say about it
  const name = domainToASCII(domain) || domain
  const [direct, startTls] = await Promise.all([
    lookUp(resolver, `_xmpps-client._tcp.${name}`),
    lookUp(resolver, `_xmpp-client._tcp.${name}`),
  ])
  if (direct.length + startTls.length === 0) return [[{ host: name, port: 5222, directTls: false }]]
  const candidates = [
    ...direct.map((record) => ({ ...record, directTls: true })),
    ...startTls.map((record) => ({ ...record, directTls: false })),
  ].filter((record) => record.name !== '' && record.name !== '.') // RFC 2782: "." is "decidedly not available"
  if (candidates.length === 0) throw new ConnectionError('dns', 'not-found', 'the domain offers no XMPP service')
  return inGroups(candidates).map((group) =>
    group.map(({ name: host, port, directTls }) => ({ host, port, directTls })),
  )
}

type Candidate = SrvRecord & { readonly directTls: boolean }

function inGroups(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const priorities = [...new Set(candidates.map(({ priority }) => priority))].sort((a, b) => a - b)
  return priorities.map((priority) => {
    const group = candidates.filter((candidate) => candidate.priority === priority)
    return [...draw(group.filter(({ directTls }) => directTls)), ...draw(group.filter(({ directTls }) => !directTls))]
  })
}

/** RFC 2782: each next one is drawn with a chance in proportion to its weight, and hardly ever with weight 0. */
function draw(group: readonly Candidate[]): readonly Candidate[] {
  const left = [...group]
  const drawn: Candidate[] = []
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight + 0.01, 0)
    let mark = Math.random() * total
    const index = left.findIndex(({ weight }) => {
      mark -= weight + 0.01
      return mark < 0
    })
    drawn.push(...left.splice(Math.max(index, 0), 1))
  }
  return drawn
}

async function lookUp(resolver: SrvResolver, name: string): Promise<readonly SrvRecord[]> {
  try {
    return await resolver.resolveSrv(name)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    // A failing name server is no proof that there is no record: falling back would go to the wrong place.
    throw new ConnectionError('dns', 'unreachable', `no answer for ${name}`, error)
  }
}

import type { ExternalService } from './elements.js'
import { type Asking, getExternalServices, getServiceCredentials, type ServiceCallOptions } from './get-services.js'

/** As `RTCPeerConnection` takes it. */
export interface IceServer {
  /** Such as `turn:relay.example.org:3478?transport=udp` (RFC 7064, RFC 7065). */
  readonly urls: string
  /** Of a TURN relay. */
  readonly username?: string
  /** Its password. */
  readonly credential?: string
}

/**
 * The STUN and TURN servers of the own server, as `new RTCPeerConnection({ iceServers })` takes them. Relays that came
 * without credentials are asked for them; those for which there are none, or for which they have expired, are left out.
 *
 * @throws StanzaError if the server knows of no services
 */
export async function getIceServers(session: Asking, options: ServiceCallOptions = {}): Promise<readonly IceServer[]> {
  const services = await getExternalServices(session, options)
  const complete = await Promise.all(services.map((service) => withCredentials(session, service, options)))
  const now = Date.now()
  const usable = complete.flat().filter(({ expires }) => expires === undefined || expires.getTime() > now)
  const servers = usable.flatMap((service) => iceServer(service) ?? [])
  return [...new Map(servers.map((server) => [server.urls, server])).values()]
}

const relays: ReadonlySet<string> = new Set(['turn', 'turns'])
const others: ReadonlySet<string> = new Set(['stun', 'stuns'])

async function withCredentials(
  session: Asking,
  service: ExternalService,
  options: ServiceCallOptions,
): Promise<readonly ExternalService[]> {
  if (!relays.has(service.type) || service.password !== undefined) return [service]
  try {
    const found = await getServiceCredentials(session, service, options)
    const { port, transport } = service
    const own = found.filter((each) => port === undefined || each.port === undefined || each.port === port)
    // Neither need say what the other one says.
    return own.map((each) => ({
      ...service,
      ...each,
      port: port ?? each.port,
      transport: transport ?? each.transport,
    }))
  } catch (error) {
    // One relay that is not to be had is no reason to do without the others.
    if (error instanceof Error && error.name === 'StanzaError') return []
    throw error
  }
}

/** Letters, digits, dots and hyphens, or an IPv6 address: nothing that would make another URI of it. */
const domainOrIp4 = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/
const ip6 = /^(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}$/
const transports: ReadonlySet<string | undefined> = new Set(['tcp', 'udp'])

/** `undefined` for other services, for what is no host, and for relays without credentials, which browsers refuse. */
function iceServer({ type, host, port, transport, username, password }: ExternalService): IceServer | undefined {
  const address = domainOrIp4.test(host) ? host : ip6.test(host) ? `[${host}]` : undefined
  if (address === undefined) return undefined
  const uri = `${type}:${address}${port === undefined ? '' : `:${port}`}`
  if (others.has(type)) return { urls: uri }
  if (!relays.has(type) || username === undefined || password === undefined) return undefined
  const means = transport?.toLowerCase()
  return { urls: transports.has(means) ? `${uri}?transport=${means}` : uri, username, credential: password }
}

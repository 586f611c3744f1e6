import { randomBytes } from 'node:crypto'
import type { Transport } from '@couplet/client'
import { tcp } from '@couplet/tcp'
import { startLoopback } from '@couplet/testing'
import { webSocket } from '@couplet/websocket'
import { afterAll } from 'vitest'
import type { Account, LabServer } from '../../src/lab-server.js'
import { sharedLab } from '../../src/shared-lab.js'

/** The ways to a server: direct TLS, STARTTLS, WebSocket. */
export type Scheme = 'xmpps' | 'xmpp' | 'wss'

/** What a server can do, as far as this suite asks for it. */
export type TargetFeature =
  /** SCRAM-*-PLUS with tls-exporter. */
  | 'channel-binding'
  /** XEP-0313. */
  | 'mam'
  | 'mam-extended'
  /** XEP-0156 documents over https. */
  | 'host-meta'
  /** SRV records in the lab's DNS. */
  | 'srv'
  /** A virtual host for anonymous logins, and one for logins by certificate. */
  | 'special-hosts'
  /** Virtual hosts with an expired certificate and with one for another name. */
  | 'bad-certificates'

/** A server under test. The suite is the same for all of them. */
export interface Target {
  /** For titles: name and version. */
  readonly title: string
  readonly name: string
  readonly domain: string
  /** Certificate of the authority, PEM. */
  readonly ca: string
  readonly features: ReadonlySet<TargetFeature>
  /** The password mechanisms it offers over TLS on TCP. */
  readonly mechanisms: readonly string[]
  /** The server behind it, for what only the live ones have. */
  readonly server?: LabServer
  /** Creates an account with a random name; with a random password, if none is given. */
  createUser(password?: string): Promise<Account>
  /** Whether it says that somebody else has taken the place when it ends a stream. */
  readonly kickIsConflict: boolean
  /** Ends the stream of a full JID. */
  kick(jid: string): Promise<void>
  /** Breaks the connection of a full JID. */
  readonly drop?: (jid: string) => Promise<void>
  /** The endpoint of a scheme. */
  service(scheme: Scheme): string
}

/** All schemes, in the order in which tests list them. */
export const schemes: readonly Scheme[] = ['xmpps', 'xmpp', 'wss']

/** Transports that trust the target's authority. */
export const transportsOf = ({ ca }: Pick<Target, 'ca'>): readonly Transport[] => [tcp({ ca }), webSocket({ ca })]

const mechanismsOf = ({ features }: LabServer): readonly string[] => {
  const scram = ['SCRAM-SHA-1', 'SCRAM-SHA-256', ...(features.includes('scram-sha-512') ? ['SCRAM-SHA-512'] : [])]
  const plus = features.includes('channel-binding') ? scram.map((name) => `${name}-PLUS`) : []
  return [...plus, ...scram, 'PLAIN'].sort()
}

/** A server of a lab as a target. */
export const liveTarget = (server: LabServer): Target => {
  const { name, kind, version, domain, ca, ip, ports, wsPath } = server
  const shared = ['channel-binding', 'host-meta', 'bad-certificates', 'mam-extended'] as const
  const services: Readonly<Record<Scheme, string>> = {
    xmpps: `xmpps://${ip}:${ports.directTls}`,
    xmpp: `xmpp://${ip}:${ports.c2s}`,
    wss: `wss://${ip}:${ports.https}${wsPath}`,
  }
  return {
    title: `${name}, ${kind} ${version}`,
    name,
    domain,
    ca,
    features: new Set([
      ...shared.filter((feature) => server.features.includes(feature)),
      ...(['mam', 'srv', 'special-hosts'] as const),
    ]),
    mechanisms: mechanismsOf(server),
    server,
    createUser: (password) => server.createUser(undefined, password),
    kickIsConflict: kind === 'ejabberd',
    kick: server.kick,
    ...(server.dropConnection && { drop: server.dropConnection }),
    service: (scheme) => services[scheme],
  }
}

/** The server of @couplet/testing, in this process, but on real sockets. */
const loopbackTarget = async (): Promise<Target> => {
  const domain = 'loopback.test'
  const server = await startLoopback({ domain, allowPlain: true })
  afterAll(() => server.stop())
  const { tls, tcp: startTls, websocket } = await server.listen({ tls: true, tcp: true, websocket: true })
  const services = { xmpps: tls, xmpp: startTls, wss: websocket }
  const scram = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
  return {
    title: 'loopback, @couplet/testing',
    name: 'loopback',
    domain,
    ca: server.ca,
    features: new Set(['channel-binding', 'mam', 'mam-extended'] as const),
    mechanisms: [...scram.map((name) => `${name}-PLUS`), ...scram, 'PLAIN'].sort(),
    createUser: async (password = randomBytes(12).toString('hex')) => {
      const name = `u${randomBytes(6).toString('hex')}`
      server.addUser(name, password)
      return { jid: `${name}@${domain}`, password }
    },
    kickIsConflict: false,
    kick: async (jid) => server.endStreams('reset', jid),
    drop: async (jid) => server.drop(jid),
    service: (scheme) => String(services[scheme]),
  }
}

/** The targets of this run. Called at the top of a test file; what it starts ends with that file. */
export const targets = async (): Promise<readonly Target[]> => [
  await loopbackTarget(),
  ...sharedLab().servers.map(liveTarget),
]

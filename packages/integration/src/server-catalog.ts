/** The servers a lab can start, and what is known about each. */

/** Short name of a server: Prosody 13, ejabberd 24.12, Prosody 0.12. */
export type ServerName = 'p13' | 'ej24' | 'p12'

/** What some of the servers can do and others cannot; what all can do is not listed. */
export type ServerFeature =
  /** XEP-0388 with XEP-0386 (bind2), XEP-0484 (FAST) and inline stream management, over TCP. */
  | 'sasl2'
  /** The same over WebSocket and BOSH. */
  | 'sasl2-websocket'
  /** FAST hands out a new token at every login. */
  | 'fast-rotation'
  | 'scram-sha-512'
  /** SCRAM-*-PLUS with tls-exporter on TLS 1.3, announced by XEP-0440. */
  | 'channel-binding'
  /** ALPN is negotiated on `ports.alpn` (XEP-0368 §3). */
  | 'alpn'
  | 'host-meta'
  /** XEP-0313 `#extended`: archive metadata, flipped pages, queries by id. */
  | 'mam-extended'
  /** The hosts `expired` and `wrongName` exist. */
  | 'bad-certificates'
  /** `dropConnection` exists. */
  | 'drop-connection'

/** What is the same in every lab. */
export interface ServerProfile {
  readonly name: ServerName
  readonly kind: 'prosody' | 'ejabberd'
  /** Last number of the server's address inside the lab's network. */
  readonly octet: number
  readonly features: readonly ServerFeature[]
  /** HTTP paths of WebSocket (RFC 7395) and BOSH (XEP-0124). */
  readonly wsPath: string
  readonly boshPath: string
  readonly ports: ServerPorts
}

/** TCP ports; the same in every lab, because each server has an address of its own. */
export interface ServerPorts {
  /** STARTTLS required. */
  readonly c2s: number
  readonly directTls: number
  /** STARTTLS with a request for a client certificate: SASL EXTERNAL works here. */
  readonly c2sExternal: number
  /** WebSocket, BOSH, upload, host-meta, without TLS. */
  readonly http: number
  readonly https: number
  /** XEP-0114. */
  readonly component: number
  /** Direct TLS that negotiates ALPN. */
  readonly alpn?: number
}

const standardPorts = { c2s: 5222, directTls: 5223, c2sExternal: 5222, http: 5280, https: 5281, component: 5347 }

/** All servers by name. */
export const catalog: Readonly<Record<ServerName, ServerProfile>> = {
  p13: {
    name: 'p13',
    kind: 'prosody',
    octet: 1,
    features: [
      'sasl2',
      'sasl2-websocket',
      'fast-rotation',
      'channel-binding',
      'alpn',
      'host-meta',
      'mam-extended',
      'bad-certificates',
      'drop-connection',
    ],
    wsPath: '/xmpp-websocket',
    boshPath: '/http-bind',
    ports: { ...standardPorts, alpn: 5443 },
  },
  ej24: {
    name: 'ej24',
    kind: 'ejabberd',
    octet: 2,
    features: ['sasl2', 'scram-sha-512', 'channel-binding', 'host-meta'],
    wsPath: '/ws',
    boshPath: '/bosh',
    ports: { ...standardPorts, c2sExternal: 5224 },
  },
  p12: {
    name: 'p12',
    kind: 'prosody',
    octet: 3,
    features: ['alpn', 'mam-extended', 'bad-certificates', 'drop-connection'],
    wsPath: '/xmpp-websocket',
    boshPath: '/http-bind',
    ports: { ...standardPorts, alpn: 5443 },
  },
}

/** The names in the order in which tests list them. */
export const serverNames = Object.keys(catalog) as readonly ServerName[]

/** The DNS names a server answers for. */
export interface ServerHosts {
  /** Accounts with plain storage: every SCRAM hash works. */
  readonly main: string
  /** Accounts stored as SCRAM-SHA-256: no other hash works. */
  readonly sha256: string
  /** ANONYMOUS only. */
  readonly anonymous: string
  /** EXTERNAL with a client certificate that names the JID. */
  readonly external: string
  /** RFC 6120 and little more: no stream management, archive, carbons. */
  readonly old: string
  /** STARTTLS and direct TLS serve a certificate that has ended (Prosody). */
  readonly expired?: string
  /** STARTTLS and direct TLS serve a certificate for another name (Prosody). */
  readonly wrongName?: string
  readonly rooms: string
  readonly pubsub: string
  readonly upload: string
  /** For the one external component (XEP-0114). */
  readonly component: string
}

/** A running server as plain data, which can travel to test workers. */
export interface ServerInfo extends ServerProfile {
  /** As the server states it, for example `13.0.1`. */
  readonly version: string
  /** The main host; same as `hosts.main`. */
  readonly domain: string
  readonly hosts: ServerHosts
  readonly ip: string
  /** Certificate of the lab's authority, PEM. */
  readonly ca: string
  readonly componentSecret: string
  /** Configuration, data and logs (`server.log`) of this server. */
  readonly folder: string
  /** Folder of the lab's certificates and keys. */
  readonly certificates: string
  /** Time from spawning to readiness in milliseconds. */
  readonly startMs: number
}

/** The host names of a server under `domain`. */
export const hostsOf = (profile: ServerProfile, domain: string): ServerHosts => ({
  main: domain,
  sha256: `sha256.${domain}`,
  anonymous: `anon.${domain}`,
  external: `cert.${domain}`,
  old: `old.${domain}`,
  ...(profile.features.includes('bad-certificates') && { expired: `expired.${domain}`, wrongName: `wrong.${domain}` }),
  rooms: `rooms.${domain}`,
  pubsub: `pubsub.${domain}`,
  upload: `upload.${domain}`,
  component: `component.${domain}`,
})

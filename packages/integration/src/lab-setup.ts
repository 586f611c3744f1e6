import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, issueExpiredCertificate, issueServerCertificate } from './certificates.js'
import { dnsEndpoint } from './dns-server.js'
import type { LogLevel, ServerSetup } from './driver.js'
import { catalog, hostsOf, type ServerName } from './server-catalog.js'

/** What {@link setUpServers} needs to know of a lab. */
export interface SetupOptions {
  readonly folder: string
  /** `127.0.N` */
  readonly prefix: string
  readonly logLevel: LogLevel
  /** Whether the servers talk to each other. */
  readonly federated: boolean
}

const s2sPort = 5269

/** Every server is told where the others are. */
const federate = (setups: readonly ServerSetup[], prefix: string): readonly ServerSetup[] => {
  const dns = { ip: `${prefix}.${dnsEndpoint.octet}`, port: dnsEndpoint.port }
  return setups.map((setup) => {
    const peers = setups.flatMap(({ domain, ip }) => (domain === setup.domain ? [] : [{ domain, ip }]))
    return { ...setup, federation: { port: s2sPort, dns, peers } }
  })
}

const certify = (folder: string, setups: readonly ServerSetup[]): Promise<unknown> => {
  const bad = setups.flatMap(({ hosts }) => (hosts.expired ? [`DNS:${hosts.expired}`] : []))
  return Promise.all([
    // The address is in it for those who go by it: upload URLs, browsers.
    ...setups.map(({ domain, ip }) => issueServerCertificate(folder, domain, `DNS:${domain},DNS:*.${domain},IP:${ip}`)),
    ...(bad.length > 0
      ? [
          issueExpiredCertificate(folder, 'expired', bad.join(',')),
          issueServerCertificate(folder, 'wrong', 'DNS:somebody-else.test'),
        ]
      : []),
  ])
}

/** Creates the authority and all certificates, and decides names and addresses. Writes below `folder` only. */
export const setUpServers = async (names: readonly ServerName[], options: SetupOptions) => {
  const certificates = join(options.folder, 'certificates')
  await mkdir(certificates)
  const ca = await createAuthority(certificates)
  const setups = names.map((name): ServerSetup => {
    const profile = catalog[name]
    const domain = `${name}.test`
    return {
      ...profile,
      domain,
      hosts: hostsOf(profile, domain),
      ip: `${options.prefix}.${profile.octet}`,
      ca,
      componentSecret: 'component-secret',
      folder: join(options.folder, name),
      certificates,
      logLevel: options.logLevel,
    }
  })
  await certify(certificates, setups)
  return { ca, setups: options.federated ? federate(setups, options.prefix) : setups }
}

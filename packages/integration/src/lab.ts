import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dnsEndpoint, prepareDns } from './dns-server.js'
import type { LogLevel, ServerSetup } from './driver.js'
import { type Guard, startGuard } from './guard.js'
import { driverOf } from './lab-server.js'
import { type SetupOptions, setUpServers } from './lab-setup.js'
import { claimNetwork } from './network.js'
import { type OwnServer, startServer } from './own-server.js'
import { catalog, type ServerInfo, type ServerName } from './server-catalog.js'
import { Supervisor } from './supervisor.js'
import { acceptsConnections } from './wait-until.js'

/** How {@link startLab} starts. */
export interface LabOptions {
  /** First N of 127.0.N.0/24 to try; 77 unless given. */
  readonly base?: number
  /** What servers write to their `server.log`; `info` unless given. */
  readonly logLevel?: LogLevel
  /** Whether the servers talk to each other, proving their names by certificates; `false` unless given. Not Prosody 0.12. */
  readonly federated?: boolean
}

/** A lab as plain data, which can travel to test workers. */
export interface LabInfo {
  /** Everything the lab writes; deleted at the end. */
  readonly folder: string
  /** Certificate of the lab's authority, PEM. */
  readonly ca: string
  /** DNS server with the SRV, A and TXT records of the lab, over UDP and TCP. */
  readonly dns: { readonly ip: string; readonly port: number }
  readonly servers: readonly ServerInfo[]
}

/** Running servers that belong to this process and end with it. */
export interface Lab extends AsyncDisposable, LabInfo {
  readonly servers: readonly OwnServer[]
  /** Throws a RangeError if that server was not started. */
  server(name: ServerName): OwnServer
  /** The lab without its methods. */
  info(): LabInfo
  /** Ends all processes of the lab and deletes its folder. */
  stop(): Promise<void>
}

/** What is not installed, as a sentence; `undefined` if everything is. */
export const missingPrograms = (names: readonly ServerName[]): string | undefined => {
  const programs = names.flatMap((name) => driverOf(catalog[name]).programs({ name }))
  const missing = [...programs, '/usr/sbin/dnsmasq', '/usr/bin/openssl'].filter((file) => !existsSync(file))
  if (missing.length === 0) return undefined
  return `live servers are not installed (${missing.join(', ')}). Run as root: packages/integration/servers/install.sh`
}

const startDns = async (folder: string, ip: string, setups: readonly ServerSetup[], supervisor: Supervisor) => {
  const command = await prepareDns(folder, ip, setups)
  const ready = () => acceptsConnections(ip, dnsEndpoint.port)
  await supervisor.start({ command, logFile: join(folder, 'dns.log'), ready })
  return { ip, port: dnsEndpoint.port }
}

const createLab = (base: Omit<LabInfo, 'servers'>, servers: readonly OwnServer[], stop: () => Promise<void>): Lab => ({
  ...base,
  servers,
  server(name) {
    const found = servers.find((server) => server.name === name)
    if (!found) throw new RangeError(`server ${name} was not started`)
    return found
  },
  info: () => JSON.parse(JSON.stringify({ ...base, servers })), // functions fall out
  stop,
  [Symbol.asyncDispose]: stop,
})

const startAll = async (names: readonly ServerName[], setup: SetupOptions, supervisor: Supervisor) => {
  const { ca, setups } = await setUpServers(names, setup)
  const [dns, ...servers] = await Promise.all([
    startDns(setup.folder, `${setup.prefix}.${dnsEndpoint.octet}`, setups, supervisor),
    ...setups.map((server) => startServer(server, supervisor)),
  ])
  return { ca, dns, servers }
}

/** Starts the named servers and their DNS server on a network of their own; resolves when all are ready. */
export const startLab = async (names: readonly ServerName[], options: LabOptions = {}): Promise<Lab> => {
  const missing = missingPrograms(names)
  if (missing) throw new Error(missing)
  const addresses = names.map((name) => ({ octet: catalog[name].octet, port: catalog[name].ports.c2s }))
  const network = await claimNetwork(options.base ?? 77, [...addresses, dnsEndpoint])
  const folder = await mkdtemp(join(tmpdir(), 'couplet-lab-'))
  let guard: Guard | undefined
  let supervisor: Supervisor | undefined
  const stop = async () => {
    await supervisor?.close(1000) // nobody reads the data again: little patience
    await guard?.quit()
    await rm(folder, { recursive: true, force: true })
    network.release()
  }
  try {
    guard = await startGuard(folder)
    supervisor = new Supervisor(guard)
    const { logLevel = 'info', federated = false } = options
    const setup = { folder, prefix: network.prefix, logLevel, federated }
    const { ca, dns, servers } = await startAll(names, setup, supervisor)
    return createLab({ folder, ca, dns }, servers, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

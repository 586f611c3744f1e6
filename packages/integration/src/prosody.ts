import { X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installPrefix, type ServerDriver, serverFile } from './driver.js'
import { luaString, prosodyShell } from './prosody-shell.js'
import type { ServerInfo } from './server-catalog.js'
import { acceptsConnections } from './wait-until.js'

const executable = (name: string) =>
  name === 'p12' ? '/usr/bin/prosody' : `${installPrefix}/prosody13/usr/bin/prosody`
const adminSocket = (server: Pick<ServerInfo, 'folder'>) => join(server.folder, 'admin.sock')
const shell = (server: ServerInfo, command: string) => prosodyShell(adminSocket(server), command)

const fingerprint = async (file: string) =>
  new X509Certificate(await readFile(file)).fingerprint256.replaceAll(':', '').toLowerCase()

/** Prosody 0.12 and 13: one configuration file, everything variable in the environment. */
export const prosody: ServerDriver = {
  programs: ({ name }) => [executable(name)],

  async prepare(setup) {
    const { federation } = setup
    await mkdir(join(setup.folder, 'data'), { recursive: true })
    const values: Record<string, string | number> = {
      DOMAIN: setup.domain,
      DIR: setup.folder,
      IP: setup.ip,
      CERTS: setup.certificates,
      GENERATION: setup.name === 'p12' ? '12' : '13',
      LOG: setup.logLevel,
      C2S: setup.ports.c2s,
      DIRECT_TLS: setup.ports.directTls,
      HTTP: setup.ports.http,
      HTTPS: setup.ports.https,
      COMPONENT: setup.ports.component,
      COMPONENT_SECRET: setup.componentSecret,
      ALPN: setup.ports.alpn ?? 0,
      ...(federation && {
        PEERS: federation.peers.map(({ domain, ip }) => `${domain}=${ip}`).join(' '),
        PLUGINS: serverFile('prosody-plugins'),
        S2S: federation.port,
      }),
      CERT_SHA256: await fingerprint(join(setup.certificates, `${setup.domain}.crt`)),
    }
    return {
      file: executable(setup.name),
      args: ['--config', serverFile('prosody.cfg.lua'), '-F'],
      env: Object.fromEntries(Object.entries(values).map(([name, value]) => [`COUPLET_${name}`, String(value)])),
    }
  },

  async ready(setup) {
    // The socket first: as long as it is missing, asking costs the starting server nothing.
    const version = await prosodyShell(adminSocket(setup), '> prosody.version').catch(() => '')
    if (!version) return undefined
    const ports = [...Object.values(setup.ports), ...(setup.federation ? [setup.federation.port] : [])]
    const open = await Promise.all(ports.map((port) => acceptsConnections(setup.ip, port)))
    return open.every(Boolean) ? /\d+\.\d+\.\d+/.exec(version)?.[0] : undefined
  },

  async createAccount(server, local, host, password) {
    await shell(server, `user:create(${luaString(`${local}@${host}`)}, ${luaString(password)})`)
  },

  async kick(server, jid) {
    await shell(server, `c2s:close(${luaString(jid)})`)
  },

  async dropConnection(server, jid) {
    await shell(server, `> prosody.full_sessions[${luaString(jid)}].conn:close()`)
  },
}

import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Federation, installPrefix, type ServerDriver, serverFile } from './driver.js'
import type { ServerInfo } from './server-catalog.js'

const tree = `${installPrefix}/ejabberd24/usr/lib`
// Newer applications first, then what Debian 12 has.
const libraries = [`${tree}/x86_64-linux-gnu`, `${tree}/erlang/lib`, '/usr/lib/x86_64-linux-gnu'].join(':')

/** Calls ejabberd's HTTP API (mod_http_api), in about 5 ms; resolves to the JSON answer, rejects unless it is 200. */
const call = async (
  server: Pick<ServerInfo, 'ip' | 'ports' | 'domain'>,
  command: string,
  values: object,
): Promise<unknown> => {
  // A connection per call: one kept alive would be a dead one after restart().
  const outgoing = request({
    host: server.ip,
    port: server.ports.http,
    path: `/api/${command}`,
    method: 'POST',
    agent: false,
    headers: { host: server.domain, 'content-type': 'application/json' },
  })
  outgoing.end(JSON.stringify(values))
  const [answer] = await once(outgoing, 'response')
  const body = await text(answer)
  if (answer.statusCode !== 200) throw new Error(`ejabberd refused ${command}: ${answer.statusCode} ${body}`)
  return JSON.parse(body)
}

const splitJid = (jid: string) => /^([^@/]+)@([^/]+)(?:\/(.*))?$/s.exec(jid)?.slice(1) ?? []

/** Erlang looks up SRV records itself; hosts it leaves to the C library, which does not know the lab's DNS server. */
const resolver = ({ dns }: Federation): string =>
  ['{lookup, [file, dns]}', '{resolv_conf, ""}', '{hosts_file, ""}']
    .concat(`{nameserver, {${dns.ip.replaceAll('.', ',')}}, ${dns.port}}`, '{host, {127,0,0,1}, ["localhost"]}')
    .map((line) => `${line}.\n`)
    .join('')

const configuration = async (setup: Parameters<ServerDriver['prepare']>[0]) => {
  const values: Record<string, string | number> = {
    DOMAIN: setup.domain,
    IP: setup.ip,
    DIR: setup.folder,
    CERTS: setup.certificates,
    LOG: setup.logLevel === 'warn' ? 'warning' : setup.logLevel,
    C2S: setup.ports.c2s,
    DIRECT_TLS: setup.ports.directTls,
    C2S_EXTERNAL: setup.ports.c2sExternal,
    HTTP: setup.ports.http,
    HTTPS: setup.ports.https,
    COMPONENT: setup.ports.component,
    COMPONENT_SECRET: setup.componentSecret,
    S2S_ACCESS: setup.federation ? 'all' : 'none',
    S2S_LISTENER: setup.federation
      ? `  - {port: ${setup.federation.port}, ip: "${setup.ip}", module: ejabberd_s2s_in}`
      : '',
  }
  const template = await readFile(serverFile('ejabberd.yml.in'), 'utf8')
  // @HOST@ is ejabberd's own marker.
  return template.replace(/@([A-Z_0-9]+)@/g, (marker, name: string) => String(values[name] ?? marker))
}

/**
 * ejabberd 24.12. Started by `erl` itself: ejabberdctl wants to become the user of the system's service, and a node
 * without a name needs no epmd, no cookie and no port for other nodes.
 */
export const ejabberd: ServerDriver = {
  programs: () => ['/usr/bin/erl', `${tree}/x86_64-linux-gnu/ejabberd-24.12`],

  async prepare(setup) {
    const certificate = join(setup.certificates, setup.domain)
    const [, , cert, key] = await Promise.all([
      mkdir(join(setup.folder, 'spool'), { recursive: true }),
      mkdir(join(setup.folder, 'upload'), { recursive: true }),
      readFile(`${certificate}.crt`, 'utf8'),
      readFile(`${certificate}.key`, 'utf8'),
    ])
    const config = join(setup.folder, 'ejabberd.yml')
    await writeFile(`${certificate}.pem`, cert + key)
    await writeFile(config, await configuration(setup))
    const inetrc = join(setup.folder, 'inetrc')
    if (setup.federation) await writeFile(inetrc, resolver(setup.federation))
    return {
      file: '/usr/bin/erl',
      args: ['-noinput', '+K', 'true', '-mnesia', 'dir', JSON.stringify(join(setup.folder, 'spool'))].concat([
        '-ejabberd',
        'log_rotate_count',
        '0',
        '-s',
        'ejabberd',
      ]),
      env: {
        HOME: setup.folder,
        ERL_LIBS: libraries,
        ERL_CRASH_DUMP_BYTES: '0',
        ...(setup.federation && { ERL_INETRC: inetrc }),
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(setup.folder, 'ejabberd.log'),
      },
    }
  },

  /** The ports open before all modules run, therefore this asks for the status. */
  async ready(setup) {
    try {
      return /ejabberd ([\d.]+)\S* is running/.exec(JSON.stringify(await call(setup, 'status', {})))?.[1]
    } catch {
      return undefined
    }
  },

  async createAccount(server, local, host, password) {
    await call(server, 'register', { user: local, host, password })
  },

  async kick(server, jid) {
    const [user, host, resource] = splitJid(jid)
    if (resource === undefined) await call(server, 'kick_user', { user, host })
    else await call(server, 'kick_session', { user, host, resource, reason: 'kicked by a test' })
  },
}

import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { ServerSetup } from './driver.js'
import type { Command } from './process-group.js'

/** Where the lab's DNS server listens: one address of the lab's network, TCP and UDP. */
export const dnsEndpoint = { octet: 10, port: 5353 } as const

const recordsOf = ({ hosts, ip, ports, domain, wsPath, boshPath, federation }: ServerSetup): string[] => {
  const loginHosts = [hosts.main, hosts.sha256, hosts.anonymous, hosts.old, hosts.expired, hosts.wrongName]
  const srv = (host: string) => [
    `srv-host=_xmpp-client._tcp.${host},${domain},${ports.c2s},0,5`,
    `srv-host=_xmpps-client._tcp.${host},${domain},${ports.directTls},0,5`,
  ]
  // The target is an address: ejabberd hands it to the C library, which does not ask this DNS server.
  const peer = (host: string) => (federation ? [`srv-host=_xmpp-server._tcp.${host},${ip},${federation.port},0,5`] : [])
  const web = `${domain}:${ports.https}`
  return [
    `address=/${domain}/${ip}`, // and every name below it
    ...loginHosts.flatMap((host) => (host ? srv(host) : [])),
    ...[hosts.main, hosts.rooms, hosts.pubsub].flatMap(peer),
    `srv-host=_xmpp-client._tcp.${hosts.external},${domain},${ports.c2sExternal},0,5`,
    `txt-record=_xmppconnect.${domain},_xmpp-client-websocket=wss://${web}${wsPath}`,
    `txt-record=_xmppconnect.${domain},_xmpp-client-xbosh=https://${web}${boshPath}`,
  ]
}

/**
 * Writes dnsmasq's configuration: SRV (RFC 6120 §3.2, XEP-0368), A, and TXT `_xmppconnect` (XEP-0156) for the given
 * servers. All other names get NXDOMAIN; no question leaves the machine.
 */
export const prepareDns = async (folder: string, ip: string, servers: readonly ServerSetup[]): Promise<Command> => {
  const file = join(folder, 'dnsmasq.conf')
  const settings = [
    'no-resolv',
    'no-hosts',
    'bind-interfaces',
    `listen-address=${ip}`,
    `port=${dnsEndpoint.port}`,
    `pid-file=${join(folder, 'dnsmasq.pid')}`,
    'log-facility=-',
    'local=/#/',
    'local-ttl=1',
  ]
  await writeFile(file, [...settings, ...servers.flatMap(recordsOf), ''].join('\n'))
  return { file: '/usr/sbin/dnsmasq', args: ['-k', '-C', file, '-u', userInfo().username] }
}

import type { LookupFunction } from 'node:net'
import { memoryStore, type Transport } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { type TcpOptions, tcp } from '@couplet/tcp'
import {
  PeerClosedError,
  type Script,
  type ScriptedServer,
  scriptedServer,
  type TestCertificate,
  testAuthority,
} from '@couplet/testing'
import { type AttemptOptions, logIn } from '../src/connector.js'
import { LoginMemory } from '../src/login-memory.js'
import { account, letGo, password, user } from './victim.js'

/** Whom every client of these tests trusts. */
export const authority = testAuthority()

/** A record of one of the two SRV services, and the server it leads to. */
export interface Place {
  readonly server: ScriptedServer
  readonly host?: string
  readonly priority?: number
}

/** Starts a server that plays a script for every connection. */
export function serve(script: Script, transport: 'tcp' | 'tls' = 'tcp', certificate?: TestCertificate) {
  // A client may go at any time: because it wants TLS here, or because of the certificate.
  const played: Script = async (peer) => {
    try {
      // TLS where a stream header should be is no XMPP, and a server says so.
      const [began] = transport === 'tcp' ? await peer.expect(/\x16\x03|(?=<stream:stream)/) : ['']
      if (began !== '') return peer.destroy()
      await script(peer)
    } catch (error) {
      await peer.closed
      if (!(error instanceof PeerClosedError) && peer.secure) throw error
    }
  }
  return scriptedServer(played, { transport, authority, ...(certificate && { certificate }), ...account })
}

/** The port a server listens on. */
export const portOf = ({ service }: ScriptedServer): number => Number(service?.port)

/** Every name leads to this computer. */
export const loopback: LookupFunction = (_host, options, callback) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)

/** DNS for the domain: servers that speak TLS at once have records of the one service, the others of the other. */
export function dns(...places: readonly Place[]): TcpOptions {
  const resolveSrv = async (name: string) => {
    const scheme = name.startsWith('_xmpps-') ? 'xmpps:' : 'xmpp:'
    return places.flatMap(({ server, host = 'node.example.org', priority = 0 }) =>
      server.service?.protocol === scheme ? [{ name: host, port: portOf(server), priority, weight: 0 }] : [],
    )
  }
  return { ca: authority.ca, resolver: { resolveSrv }, lookup: loopback }
}

/** One attempt to log in, as the client makes it. */
export function attempt(
  network: TcpOptions | readonly Transport[],
  options: Partial<AttemptOptions> = {},
  signal = new AbortController().signal,
) {
  const jid = Jid.parse(`${user}@example.org`).bare
  const settings: AttemptOptions = {
    account: jid,
    resource: undefined,
    credentials: { password, token: undefined, external: undefined, anonymous: undefined },
    service: undefined,
    transports: Array.isArray(network) ? network : [tcp(network as TcpOptions)],
    policy: {},
    lang: 'en',
    limits: {},
    memory: new LoginMemory(memoryStore(), jid),
    ...options,
  }
  return logIn(settings, { resumption: undefined, inline: [], bind2: true }, signal)
}

/** Logs in, and hands back the name of the endpoint. */
export async function endpointOf(...how: Parameters<typeof attempt>): Promise<string> {
  const { stream } = await attempt(...how)
  stream.close()
  await stream.ended
  return stream.connection.endpoint
}

/** Takes whoever comes through TLS, login and binding. */
export const good: Script = async (peer) => {
  await peer.secured()
  await peer.login()
  await peer.bind()
  await letGo(peer)
}

/** Ends the stream with this condition, over TLS. */
export const sorry =
  (condition: string, content = ''): Script =>
  async (peer) => {
    await peer.secured()
    await peer.streamHeader()
    const name = `${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'`
    await peer.send(`<stream:error><${name}>${content}</${condition}></stream:error>`)
    await peer.close()
    await peer.closed
  }

/** Offers no TLS; whoever asks for it all the same is refused. */
export const stripped: Script = async (peer) => {
  await peer.streamHeader()
  await peer.offer(`<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>`)
  await peer.expect(/<starttls/)
  await peer.send(`<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>`)
  await letGo(peer)
}

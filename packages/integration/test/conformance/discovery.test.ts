import { Resolver } from 'node:dns/promises'
import { request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { tcp } from '@couplet/tcp'
import { type Fetch, webSocket } from '@couplet/websocket'
import { describe, expect, test } from 'vitest'
import type { LabServer } from '../../src/lab-server.js'
import { sharedLab } from '../../src/shared-lab.js'
import { newClient, openClient } from './open-client.js'
import { recordingTransport } from './recording-transport.js'
import { type Target, targets } from './targets.js'

const { dns } = sharedLab()

const labResolver = (): Resolver => {
  const resolver = new Resolver()
  resolver.setServers([`${dns.ip}:${dns.port}`])
  return resolver
}

/** Addresses from the lab's DNS server, in the shape of `dns.lookup`. */
const lookup: LookupFunction = (name, options, callback) => {
  if (isIP(name)) return callback(null, options.all ? [{ address: name, family: 4 }] : name, 4)
  labResolver()
    .resolve4(name)
    .then(
      ([address = '']) => callback(null, options.all ? [{ address, family: 4 }] : address, 4),
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    )
}

/** `fetch` that trusts the lab and finds the server, which does not listen on the port that XEP-0156 wants. */
const labFetch =
  ({ ca, ip, ports, domain }: LabServer, asked: string[] = []): Fetch =>
  (url, { signal }) =>
    new Promise((resolve, reject) => {
      asked.push(url)
      const { pathname } = new URL(url)
      const options = { host: ip, port: ports.https, path: pathname, servername: domain, ca, signal, agent: false }
      const outgoing = request({ ...options, headers: { host: domain } }, (answer) =>
        resolve(new Response(Readable.toWeb(answer) as ReadableStream, { status: answer.statusCode ?? 500 })),
      )
      outgoing.on('error', reject)
      outgoing.end()
    })

/** `wss:` by the lab's names: the addresses of the lab are not in the system's DNS. */
const onAddress = ({ ca }: Target, { ip, domain }: LabServer, fetch: Fetch) =>
  webSocket({
    ca,
    fetch: async (url, init) => {
      const answer = await fetch(url, init)
      return new Response((await answer.text()).replaceAll(`wss://${domain}`, `wss://${ip}`), answer)
    },
  })

describe.each((await targets()).filter(({ features }) => features.has('srv')))('discovery of $title', (target) => {
  const server = target.server as LabServer
  const { ca } = target

  test('SRV records: direct TLS before STARTTLS', async () => {
    const { transport, recording } = recordingTransport(tcp({ ca, resolver: labResolver(), lookup }))
    await openClient(target, { scheme: 'discover', transports: [transport] })
    expect(recording.endpoints).toEqual([`xmpps://${server.domain}:${server.ports.directTls}`])
  })

  test('a host that has only STARTTLS records is reached by STARTTLS', async () => {
    const jid = `me@${server.hosts.external}`
    const { cert, key } = await server.clientCertificate(jid)
    const { transport, recording } = recordingTransport(tcp({ ca, cert, key, resolver: labResolver(), lookup }))
    await openClient(target, { scheme: 'discover', jid, external: true, transports: [transport] })
    expect(recording.endpoints).toEqual([`xmpp://${server.domain}:${server.ports.c2sExternal}`])
  })

  test('a domain that DNS does not know', async () => {
    const transports = [tcp({ ca, resolver: labResolver(), lookup })]
    const account = { jid: 'me@nowhere.test', password: 'secret' }
    const client = await newClient(target, { scheme: 'discover', account, transports })
    await expect(client.online()).rejects.toMatchObject({ name: 'ConnectionError', phase: 'dns', code: 'not-found' })
  })

  if (target.features.has('host-meta')) {
    test('host-meta leads to the WebSocket', async () => {
      const asked: string[] = []
      const { transport, recording } = recordingTransport(onAddress(target, server, labFetch(server, asked)))
      await openClient(target, { scheme: 'discover', transports: [transport] })
      expect(asked).toEqual([`https://${server.domain}/.well-known/host-meta.json`])
      expect(recording.endpoints).toEqual([target.service('wss')])
    })

    test('so does its XML form', async () => {
      const asked: string[] = []
      const lab = labFetch(server, asked)
      const fetch: Fetch = (url, init) =>
        url.endsWith('.json') ? Promise.resolve(new Response('', { status: 404 })) : lab(url, init)
      const { transport, recording } = recordingTransport(onAddress(target, server, fetch))
      await openClient(target, { scheme: 'discover', transports: [transport] })
      expect(asked).toEqual([`https://${server.domain}/.well-known/host-meta`])
      expect(recording.endpoints).toEqual([target.service('wss')])
    })
  } else {
    test('without host-meta there is no WebSocket to be found', async () => {
      const transports = [webSocket({ ca, fetch: labFetch(server) })]
      const client = await newClient(target, { scheme: 'discover', transports })
      await expect(client.online()).rejects.toMatchObject({ name: 'ConnectionError', phase: 'dns' })
    })
  }
})

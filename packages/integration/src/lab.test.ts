import { createHash, randomBytes } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { LabServer } from './lab-server.js'
import { RawStream } from './raw-stream.js'
import { sharedLab } from './shared-lab.js'

const lab = sharedLab()
const { ca } = lab

const loginHosts = ({ hosts }: LabServer) => [hosts.main, hosts.sha256, hosts.anonymous, hosts.old]
const startTls = (server: LabServer, host = server.domain) =>
  RawStream.startTls(server.ip, server.ports.c2s, host, { ca })
const directTls = (server: LabServer, servername = server.domain) =>
  RawStream.tls(server.ip, server.ports.directTls, { ca, servername })

/** Logs in with PLAIN over STARTTLS and binds a resource; resolves to the stream and the full JID. */
const logIn = async (server: LabServer, jid: string, password: string) => {
  const [local, host] = jid.split('@') as [string, string]
  const stream = await startTls(server, host)
  await stream.open(host)
  expect(await stream.authenticate('PLAIN', `\0${local}\0${password}`)).toContain('<success')
  await stream.open(host)
  stream.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  const bound = await stream.until(/<iq.*?<\/iq>/s)
  return { stream, fullJid: /<jid>(.*?)<\/jid>/.exec(bound)![1]! }
}

/** Defines a test only where the server has what it is about: absence is asserted by the test of the catalog. */
const when = (present: unknown) => (name: string, body: () => Promise<void>) => {
  if (present) test(name, body)
}

describe.each(lab.servers.map((server) => [`${server.name}, ${server.kind} ${server.version}`, server] as const))(
  '%s',
  (_, server) => {
    test('requires STARTTLS before anything else', async () => {
      const stream = await RawStream.tcp(server.ip, server.ports.c2s)
      const features = await stream.open(server.domain)
      expect(features).toMatch(/<starttls xmlns=['"]urn:ietf:params:xml:ns:xmpp-tls['"]>\s*<required\/>/)
      expect(features).not.toContain('<mechanism>')
      stream.close()
    })

    test.each(loginHosts(server))('presents a certificate for %s by STARTTLS and by direct TLS', async (host) => {
      for (const connect of [startTls, directTls]) {
        const stream = await connect(server, host)
        expect(stream.tls.authorized).toBe(true)
        expect(await stream.open(host)).toContain('<mechanism>')
        stream.close()
      }
    })

    test('is not trusted without the authority of the lab', async () => {
      const connecting = RawStream.tls(server.ip, server.ports.directTls, { servername: server.domain })
      await expect(connecting).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    })

    when(server.hosts.expired)('serves an expired and a wrong certificate where asked to', async () => {
      for (const connect of [startTls, directTls]) {
        await expect(connect(server, server.hosts.expired)).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' })
        const code = 'ERR_TLS_CERT_ALTNAME_INVALID'
        await expect(connect(server, server.hosts.wrongName)).rejects.toMatchObject({ code })
      }
    })

    test('offers after TLS what the catalog says', async () => {
      const stream = await startTls(server)
      const features = await stream.open(server.domain, `somebody@${server.domain}`)
      const has = (text: string) => features.includes(text)
      expect(has('urn:xmpp:sasl:2')).toBe(server.features.includes('sasl2'))
      expect(has('urn:xmpp:fast:0')).toBe(server.features.includes('sasl2'))
      expect(has('urn:xmpp:sasl-cb:0')).toBe(server.features.includes('channel-binding'))
      expect(has('SCRAM-SHA-256-PLUS')).toBe(server.features.includes('channel-binding'))
      expect(has('<mechanism>SCRAM-SHA-512<')).toBe(server.features.includes('scram-sha-512'))
      expect(stream.tls.getProtocol()).toBe('TLSv1.3')
      stream.close()
    })

    when(server.ports.alpn)('negotiates ALPN', async () => {
      const options = { ca, servername: server.domain, ALPNProtocols: ['xmpp-client'] }
      const stream = await RawStream.tls(server.ip, server.ports.alpn!, options)
      expect(stream.tls.alpnProtocol).toBe('xmpp-client')
      expect(await stream.open(server.domain)).toContain('<mechanism>')
      stream.close()
    })

    test('creates users who can log in, and whom nobody else is', async () => {
      const [one, two] = await Promise.all([server.createUser(), server.createUser()])
      expect(one.jid).not.toBe(two.jid)
      for (const { jid, password } of [one, two]) {
        const { stream, fullJid } = await logIn(server, jid, password)
        expect(fullJid.startsWith(`${jid}/`)).toBe(true)
        stream.close()
      }
      const stream = await directTls(server)
      await stream.open(server.domain)
      const wrong = await stream.authenticate('PLAIN', `\0${one.jid.split('@')[0]}\0${two.password}`)
      expect(wrong).toContain('<not-authorized')
      stream.close()
      await expect(server.createUser(one.jid)).rejects.toThrow(/exists|registered/)
    })

    test('creates users by name on the other hosts, with any password', async () => {
      const jid = `n${randomBytes(6).toString('hex')}@${server.hosts.sha256}`
      const password = `pässwörd "\\' & <${randomBytes(3).toString('hex')}>`
      expect(await server.createUser(jid, password)).toEqual({ jid, password })
      const { stream } = await logIn(server, jid, password)
      stream.close()
    })

    test('kicks a full JID and no other', async () => {
      const { jid, password } = await server.createUser()
      const sessions = await Promise.all([logIn(server, jid, password), logIn(server, jid, password)])
      await server.kick(sessions[0].fullJid)
      expect(await sessions[0].stream.until(/<\/stream:stream>/)).toBeTruthy()
      sessions[1].stream.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
      expect(await sessions[1].stream.until(/<iq[^>]*>/)).toMatch(/id=['"]p['"]/)
      sessions[1].stream.close()
    })

    when(server.dropConnection)('drops a connection without a word', async () => {
      const { jid, password } = await server.createUser()
      const { stream, fullJid } = await logIn(server, jid, password)
      const rest = expect(stream.until(/<\/stream:stream>|<stream:error/)).rejects.toThrow(/closed while waiting/)
      await server.dropConnection!(fullJid)
      await rest
    })

    test('lets a client certificate log in by EXTERNAL', async () => {
      const jid = `c${randomBytes(6).toString('hex')}@${server.hosts.external}`
      const connect = async (certificate: object) => {
        const options = { ca, ...certificate }
        const stream = await RawStream.startTls(server.ip, server.ports.c2sExternal, server.hosts.external, options)
        return { stream, features: await stream.open(server.hosts.external) }
      }
      const { stream, features } = await connect(await server.clientCertificate(jid))
      expect(features).toContain('<mechanism>EXTERNAL<')
      expect(await stream.authenticate('EXTERNAL', '')).toContain('<success')
      stream.close()
      const without = await connect({})
      expect(await without.stream.authenticate('EXTERNAL', '')).toContain('<failure')
      without.stream.close()
    })

    test('lets anybody in at the anonymous host', async () => {
      const stream = await startTls(server, server.hosts.anonymous)
      expect(await stream.open(server.hosts.anonymous)).toContain('<mechanism>ANONYMOUS<')
      expect(await stream.authenticate('ANONYMOUS', '')).toContain('<success')
      stream.close()
    })

    test.each(['http', 'https'] as const)('upgrades to WebSocket over %s', async (scheme) => {
      const key = randomBytes(16).toString('base64')
      const outgoing = (scheme === 'http' ? request : secureRequest)({
        host: server.ip,
        port: server.ports[scheme],
        path: server.wsPath,
        ...(scheme === 'https' && { ca, servername: server.domain }),
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': key,
          'sec-websocket-protocol': 'xmpp',
        },
      })
      outgoing.end()
      const [answer, socket] = await once(outgoing, 'upgrade')
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      expect(answer.statusCode).toBe(101)
      expect(answer.headers['sec-websocket-accept']).toBe(accept)
      expect(answer.headers['sec-websocket-protocol']).toBe('xmpp')
      socket.destroy()
    })

    test('opens a BOSH session', async () => {
      const outgoing = request({ host: server.ip, port: server.ports.http, path: server.boshPath, method: 'POST' })
      const names = "xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'"
      outgoing.end(`<body ${names} to='${server.domain}' rid='1000' wait='10' hold='1' ver='1.11' xml:lang='en'/>`)
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      const body = await text(answer)
      expect(body).toMatch(/<body[^>]* sid=['"]\w+/)
      expect(body).toContain('<mechanism>')
    })

    test('accepts its component by the secret', async () => {
      const stream = await RawStream.tcp(server.ip, server.ports.component)
      const spaces = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
      stream.send(`<stream:stream ${spaces} to='${server.hosts.component}'>`)
      const id = /\bid=['"]([^'"]+)/.exec(await stream.until(/<stream:stream[^>]*>/))![1]
      stream.send(
        `<handshake>${createHash('sha1')
          .update(id + server.componentSecret)
          .digest('hex')}</handshake>`,
      )
      expect(await stream.until(/<handshake\s*\/>|<stream:error.*<\/stream:error>/s)).toContain('<handshake')
      stream.close()
    })

    test('has its records in the DNS', async () => {
      const resolver = new Resolver({ timeout: 2000, tries: 2 })
      resolver.setServers([`${lab.dns.ip}:${lab.dns.port}`])
      const record = { name: server.domain, priority: 0, weight: 5 }
      for (const host of loginHosts(server)) {
        const [plain, direct] = await Promise.all(
          ['_xmpp-client', '_xmpps-client'].map((service) => resolver.resolveSrv(`${service}._tcp.${host}`)),
        )
        expect(plain).toEqual([{ ...record, port: server.ports.c2s }])
        expect(direct).toEqual([{ ...record, port: server.ports.directTls }])
      }
      expect(await resolver.resolve4(server.domain)).toEqual([server.ip])
      const links = (await resolver.resolveTxt(`_xmppconnect.${server.domain}`)).flat()
      expect(links).toContain(`_xmpp-client-websocket=wss://${server.domain}:${server.ports.https}${server.wsPath}`)
      await expect(resolver.resolveSrv('_xmpp-client._tcp.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' })
    })
  },
)

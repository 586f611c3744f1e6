import { expect, test } from 'vitest'
import { startLab } from './lab.js'
import { RawStream } from './raw-stream.js'
import { sharedLab } from './shared-lab.js'

const names = ['p13', 'ej24'] as const
const isChosen = names.every((name) => sharedLab().servers.some((server) => server.name === name))

test.runIf(isChosen)('servers of a federated lab reach each other, their rooms, and nobody else', async () => {
  await using lab = await startLab(names, { federated: true })
  for (const server of lab.servers) {
    const { jid, password } = await server.createUser()
    const stream = await RawStream.tls(server.ip, server.ports.directTls, { ca: lab.ca, servername: server.domain })
    await stream.open(server.domain)
    await stream.authenticate('PLAIN', `\0${jid.split('@')[0]}\0${password}`)
    await stream.open(server.domain)
    stream.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await stream.until(/<\/jid>/)
    const ask = async (to: string) => {
      stream.send(`<iq type='get' id='${to}' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`)
      return stream.until(new RegExp(`<iq[^>]* id=['"]${to}['"][^>]*>`))
    }
    for (const other of lab.servers) {
      expect(await ask(other.domain)).toMatch(/type=['"]result['"]/)
      expect(await ask(other.hosts.rooms)).toMatch(/type=['"]result['"]/)
    }
    expect(await ask('elsewhere.test')).toMatch(/type=['"]error['"]/)
    stream.close()
  }
})

import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startLab } from './lab.js'
import { RawStream } from './raw-stream.js'
import { serverNames } from './server-catalog.js'
import { sharedLab } from './shared-lab.js'
import { acceptsConnections } from './wait-until.js'

const shared = sharedLab()

test.each(serverNames.filter((name) => shared.servers.some((server) => server.name === name)))(
  "a %s of one's own lives beside the shared one, can be frozen and restarted, and leaves nothing",
  async (name) => {
    const lab = await startLab([name])
    const server = lab.server(name)
    expect(shared.servers.map(({ ip }) => ip)).not.toContain(server.ip)
    const { jid, password } = await server.createUser()

    const logIn = async () => {
      const stream = await RawStream.tls(server.ip, server.ports.directTls, { ca: lab.ca, servername: server.domain })
      await stream.open(server.domain)
      const answer = await stream.authenticate('PLAIN', `\0${jid.split('@')[0]}\0${password}`)
      stream.close()
      return answer
    }
    expect(await logIn()).toContain('<success')
    await server.restart()
    expect(await logIn()).toContain('<success') // the account has survived

    await server.pause()
    let answered = false
    const answer = logIn().finally(() => {
      answered = true
    })
    await acceptsConnections(server.ip, server.ports.directTls) // a round trip through the kernel, which goes on
    expect(answered).toBe(false)
    server.resume()
    expect(await answer).toContain('<success')

    await server.pause() // stop() must end a frozen server too
    await lab.stop()
    expect(await acceptsConnections(server.ip, server.ports.c2s)).toBe(false)
    expect(existsSync(lab.folder)).toBe(false)
  },
)

test('an unknown server is an error', async () => {
  await using lab = await startLab([])
  expect(() => lab.server('p13')).toThrow(RangeError)
})

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { componentOf, domain, header, secret, serve, welcome } from './scripted.js'

const proofOf = (id: string, known = secret): string =>
  createHash('sha1')
    .update(id + known)
    .digest('hex')

describe('login as a component (XEP-0114 §3)', () => {
  test('sends header and handshake, and nothing else, in the beginning and in the end', async () => {
    const server = await serve((peer) => welcome(peer, '3BF96D32'))
    const component = componentOf(server)
    await component.online()
    expect([String(component.jid), String(component.account)]).toEqual([domain, domain])
    await component.close()
    expect(server.peers[0]?.received).toBe(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}'><handshake>${proofOf('3BF96D32')}</handshake></stream:stream>`,
    )
  })

  test('the id counts as it is meant, not as it is written; so does the secret', async () => {
    const server = await serve(async (peer) => {
      await peer.expect(/<stream:stream [^>]*>/)
      await peer.send(header(`id='a&amp;&apos;é'`))
      await peer.expect(new RegExp(`<handshake>${proofOf("a&'é", 'pässwörd')}</handshake>`))
      peer.polite()
      await peer.send('<handshake></handshake>')
    })
    await componentOf(server, { secret: 'pässwörd' }).online()
  })

  test('byte by byte is the same', async () => {
    const server = await serve(async (peer) => {
      await peer.expect(/<stream:stream [^>]*>/)
      await peer.send(header(), { everyByte: true })
      await peer.expect(/<\/handshake>/)
      peer.polite()
      await peer.send('<handshake/>', { everyByte: true })
    })
    await componentOf(server).online()
  })

  test('the secret may be fetched, when it is needed and not before', async () => {
    let fetched = 0
    const fetchSecret = async (): Promise<string> => {
      fetched++
      return secret
    }
    const server = await serve((peer) => welcome(peer))
    const component = componentOf(server, { secret: fetchSecret })
    expect(fetched).toBe(0)
    await component.online()
    expect(fetched).toBe(1)
  })

  test.each([
    ['none', (): string => ''],
    ['no text', (): string => 7 as unknown as string],
    [
      'an error',
      (): never => {
        throw new Error('no vault')
      },
    ],
  ])('a secret that cannot be fetched (%s) is no secret: nothing is sent', async (_, fetchSecret) => {
    const server = await serve((peer) => peer.closed)
    await expect(componentOf(server, { secret: fetchSecret }).online()).rejects.toThrow(
      /^(secret: not a text|no vault)$/,
    )
    expect(server.peers[0]?.received).toBe('')
  })

  test('a header without a sender is as good; one in capitals, too', async () => {
    for (const from of ['', `from='${domain.toUpperCase()}'`]) {
      const server = await serve(async (peer) => {
        await peer.expect(/<stream:stream [^>]*>/)
        await peer.send(header(`id='s1' ${from}`))
        await peer.expect(/<\/handshake>/)
        peer.polite()
        await peer.send('<handshake/>')
      })
      await componentOf(server).online()
    }
  })

  test('over direct TLS the certificate is checked for the host that was named', async () => {
    const server = await serve((peer) => welcome(peer), { tls: true })
    await componentOf(server).online()
    expect(server.peers[0]?.secure).toBe(true)
  })
})

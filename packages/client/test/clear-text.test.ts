import { type Script, scriptedServer } from '@couplet/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { letGo, streamError } from './outage.js'
import { account, victim, warmUp } from './victim.js'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'

/** Somebody in the server's place who opens the stream, and says this before TLS. */
const saying =
  (text: string, isAsked = false): Script =>
  async (peer) => {
    await peer.streamHeader()
    if (isAsked) {
      await peer.offer('')
      await peer.expectElement(NS_TLS, 'starttls')
    }
    await peer.send(`${text}</stream:stream>`)
    await letGo(peer)
  }

const withoutVersion: Script = async (peer) => {
  await peer.expect(/<stream:stream/)
  await peer.send(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x'>`)
  await letGo(peer)
}

beforeAll(warmUp)

describe('S-001 R-018 a client that was online, and meets somebody who speaks in the clear', () => {
  test.each<[string, Script]>([
    ['refuses STARTTLS', saying(`<failure xmlns='${NS_TLS}'/>`, true)],
    ...['host-unknown', 'host-gone', 'not-authorized', 'unsupported-version'].map((condition): [string, Script] => [
      `says ${condition}`,
      saying(streamError(condition)),
    ]),
    ['has another version of XMPP', withoutVersion],
  ])('and %s: tries again', async (_, script) => {
    const scripts: Script[] = [
      async (peer) => {
        await peer.online()
        await peer.expect(/<presence/)
        peer.destroy()
      },
      script,
    ]
    await using server = await scriptedServer(scripts, { ...account, transport: 'tcp' })
    const { client, online, failure } = victim(server)
    const states: string[] = []
    const judged = new Promise<void>((resolve) => {
      client.on('status', ({ state }) => {
        states.push(state)
        if (states.filter((each) => each === 'connecting').length === 2 && state !== 'connecting') resolve()
      })
    })
    await online
    await failure
    await judged
    expect(states.at(-1)).toBe('waiting')
    await client.close()
  })
})

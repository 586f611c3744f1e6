import { type Script, scriptedServer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { account, attackLogin, letGo, password, user, victim } from './victim.js'

const W0 = (script: Script) =>
  scriptedServer(
    async (peer) => {
      await script(peer)
      await letGo(peer)
    },
    { transport: 'websocket', ...account },
  )

const open = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='1' version='1.0'/>`
const features = `<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>`

describe('Setup W0: S-023 a frame is one element', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['two elements', open + features, 'not-well-formed'],
    ['half an element', open.slice(0, 40), 'not-well-formed'],
    ['a start tag', open.replace('/>', '>'), 'not-well-formed'],
    ['an XML declaration', `<?xml version='1.0'?>${open}`, 'restricted-xml'],
    ['a binary frame', Buffer.from(open), 'not-well-formed'],
    [
      'the header of TCP',
      `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`,
      'not-well-formed',
    ],
    ['text', 'hello', 'not-well-formed'],
    ['S-069 a document type', `<!DOCTYPE x [<!ENTITY a 'a'>]>${open}`, 'restricted-xml'],
  ])('%s', async (_, frame, code) => {
    await using server = await W0(async (peer) => {
      await peer.expect(/<open /)
      await peer.send(frame)
    })
    const received = await attackLogin(server, { name: 'StreamError', code, terminal: false })
    expect(received).toContain(`<${code} `)
    expect(received).toMatch(/<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'\/>$/)
    expect(received).not.toContain('<auth')
    expect(received).not.toContain(password)
  })

  test('in a session, too: neither element counts', async () => {
    const stanza = `<message xmlns='jabber:client' from='bob@example.org'><body>x</body></message>`
    await using server = await W0(async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      await peer.send(stanza + stanza)
    })
    const target = victim(server)
    expect((await target.failure).error).toMatchObject({ name: 'StreamError', code: 'not-well-formed' })
    await target.client.close()
    expect(target.messages).toEqual([])
  })

  test('R-013 a frame of white space is a sign of life', async () => {
    await using server = await W0(async (peer) => {
      await peer.online()
      await peer.expect(/<presence/)
      await peer.send(' ')
      await peer.send('')
      await peer.stanza(`<message from='bob@example.org'><body>x</body></message>`)
    })
    const target = victim(server)
    await target.until(() => target.messages.length === 1)
    expect(target.client.status.state).toBe('online')
    expect(server.peers[0]?.received).toContain(`from='${user}@example.org'`) // over TLS the server may know who comes
    await target.client.close()
  })
})

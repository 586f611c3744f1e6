import { attr, element, iqGet, marker } from '@couplet/stanza'
import { type Script, scriptedServer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { account, letGo, user, victim } from './victim.js'

const Question = marker('urn:example', 'question')
const Answer = element('urn:example', 'answer', { text: attr('text') })
const ask = iqGet(Question, Answer)
const answer = `<answer xmlns='urn:example' text='yes'/>`
const me = `${user}@example.org`

async function T3(script: Script) {
  const server = await scriptedServer(async (peer) => {
    await peer.online()
    await peer.expect(/<presence/)
    await script(peer)
    await letGo(peer)
  }, account)
  const target = victim(server)
  await target.online
  return {
    ...target,
    server,
    async [Symbol.asyncDispose]() {
      await target.client.close()
      await server.stop()
    },
  }
}

describe('Setup T3: requests', () => {
  test.each([
    ['S-103', 'result', answer],
    ['S-106', 'error', `<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`],
  ])('%s a %s of a stranger with the right id is reported, and the request waits on', async (_, type, payload) => {
    await using session = await T3(async (peer) => {
      const request = await peer.expectRequest('urn:example', 'question')
      for (const from of ['mallory@evil.net/x', 'bob@example.org', 'example.org', me]) {
        await peer.stanza(`<iq type='${type}' id='${request.id}' from='${from}'>${payload}</iq>`)
      }
      await peer.stanza(`<iq type='${type}' id='${request.id}'>${payload}</iq>`)
      await peer.reply(request, answer)
    })
    await expect(session.client.request(ask, true, { to: 'bob@example.org/x' })).resolves.toEqual({ text: 'yes' })
    expect(session.events.map(([name, event]) => [name, (event as { reason: string }).reason])).toEqual(
      Array(5).fill(['rejected', 'reply-sender']),
    )
  })

  test('the end of the connection rejects a request and a send, and both are told why', async () => {
    await using session = await T3(async (peer) => {
      await peer.expectRequest('urn:example', 'question')
      peer.destroy()
    })
    await expect(session.client.request(ask, true)).rejects.toMatchObject({ name: 'ConnectionError', code: 'closed' })
  })

  test.each([
    [
      'S-109 a result and an error nobody waits for',
      `<iq type='result' id='1' from='mallory@evil.net'/><iq type='error' id='2' from='mallory@evil.net'/>`,
      [],
    ],
    ['S-110 no payload', `<iq type='get' id='1' from='bob@example.org/x'/>`, ['bad-request']],
    [
      'S-110 two payloads',
      `<iq type='set' id='1' from='bob@example.org/x'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>`,
      ['bad-request'],
    ],
    ['S-110 no id', `<iq type='get' from='bob@example.org/x'><a xmlns='urn:a'/></iq>`, []],
    ['S-110 a type that there is not', `<iq type='foo' id='1' from='bob@example.org/x'><a xmlns='urn:a'/></iq>`, []],
    ['S-110 no sender', `<iq type='get' id='1'><a xmlns='urn:a'/></iq>`, ['service-unavailable']],
    [
      'S-110 an unknown namespace',
      `<iq type='get' id='1' from='bob@example.org/x'><a xmlns='urn:a'/></iq>`,
      ['service-unavailable'],
    ],
  ])('%s', async (_, stanzas, expected) => {
    const replies: string[] = []
    await using session = await T3(async (peer) => {
      await peer.send(stanzas)
      // The answer to a last request comes behind all others.
      await peer.stanza(`<iq type='get' id='last' from='last@example.org'><last xmlns='urn:example'/></iq>`)
      const [text] = await peer.expect(/.*id='last'/s)
      replies.push(...(text.match(/(?<=<)(bad-request|service-unavailable|internal-server-error)/g) ?? []))
      await peer.stanza(`<message from='bob@example.org/x'><body>end</body></message>`)
    })
    await session.until(() => session.messages.length === 1)
    expect(replies).toEqual(expected)
    expect(session.client.status.state).toBe('online')
  })
})

describe('Setup T3: senders', () => {
  test('S-113 no sender is the own account, and never a contact; a domain is a domain', async () => {
    await using session = await T3(async (peer) => {
      await peer.stanza(`<message to='${me}/r'><body>nobody</body></message>`)
      await peer.stanza(`<message from='example.org'><body>server</body></message>`)
      await peer.stanza(`<message from='@'><body>no JID</body></message>`)
      await peer.stanza(`<message from='bob@example.org/x'><body>end</body></message>`)
    })
    await session.until(() => session.messages.length === 3)
    expect(session.messages.map(({ from, body }) => [from && String(from), body])).toEqual([
      [undefined, 'nobody'],
      ['example.org', 'server'],
      ['bob@example.org/x', 'end'],
    ])
    expect(session.events.map(([name]) => name)).toEqual(['malformed'])
  })
})

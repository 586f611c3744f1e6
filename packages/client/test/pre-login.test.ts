import { attr, element, iqGet, iqSet, marker } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { type Script, scriptedServer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { openPreLogin, type PreLogin, type PreLoginOptions } from '../src/pre-login.js'

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const feature = `<register xmlns='http://jabber.org/features/iq-register'/>`
const Question = element('urn:example:q', 'q', { word: attr('word') })
const ask = iqGet(Question, Question)
const tell = iqSet(marker('urn:example:q', 'q'))

type Server = Awaited<ReturnType<typeof scriptedServer>>
const open = (server: Server, options: Partial<PreLoginOptions> = {}): Promise<PreLogin> =>
  openPreLogin({ domain: 'example.org', service: server.service, transports: [tcp({ ca: server.ca })], ...options })
const secured =
  (then: Script): Script =>
  async (peer) => {
    await peer.streamHeader()
    await peer.offer(feature)
    peer.polite()
    await then(peer)
  }
const over = (transport: 'tcp' | 'tls', script: Script) =>
  scriptedServer(script, { transport, user: 'u', password: 'p' })

describe('a stream before the login', () => {
  test('says what the server offers, and asks it', async () => {
    const script = secured(async (peer) => {
      const { id } = await peer.expectRequest('urn:example:q', 'q')
      await peer.send(`<iq type='result' id='${id}' from='example.org'><q xmlns='urn:example:q' word='yes'/></iq>`)
      await peer.closed
    })
    await using server = await over('tls', script)
    const stream = await open(server)
    expect(stream.account.toString()).toBe('example.org')
    expect(stream.features.child('register', 'http://jabber.org/features/iq-register')).toBeDefined()
    expect(await stream.request(ask, { word: 'well?' })).toEqual({ word: 'yes' })
    await stream.close()
    await stream.close()
    await expect(stream.request(ask, { word: 'again' })).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'closed',
    })
    const received = server.peers[0]?.received ?? ''
    expect(received).toContain('</stream:stream>')
    expect(received).toMatch(/<iq type='get' id='[^']+' to='example.org'/)
    expect(received).not.toMatch(/<auth|<stream:stream[^>]* from=/)
  })

  test('S-067 only the server can answer', async () => {
    const script = secured(async (peer) => {
      const { id } = await peer.expectRequest('urn:example:q', 'q')
      for (const from of ['mallory@evil.net', 'evil.net', 'example.org/x', 'u@example.org']) {
        await peer.send(`<iq type='result' id='${id}' from='${from}'><q xmlns='urn:example:q' word='${from}'/></iq>`)
        await peer.send(`<iq type='error' id='${id}' from='${from}'><error type='cancel'/></iq>`)
      }
      await peer.send(`<message from='evil.net'/><iq/><iq type='get' id='x'><q xmlns='urn:example:q'/></iq>`)
      await peer.send(`<iq type='result' id='${id}'><q xmlns='urn:example:q' word='mine'/></iq>`)
      await peer.closed
    })
    await using server = await over('tls', script)
    const stream = await open(server)
    expect(await stream.request(ask, { word: 'x' })).toEqual({ word: 'mine' })
    await stream.close()
  })

  test('S-067 S-001 nothing is asked without TLS, whatever is offered', async () => {
    await using server = await over('tcp', async (peer) => {
      await peer.streamHeader()
      await peer.offer(feature)
      await peer.expectElement(NS_TLS, 'starttls')
      await peer.send(`<failure xmlns='${NS_TLS}'/></stream:stream>`)
      await peer.closed
    })
    await expect(open(server)).rejects.toMatchObject({ name: 'ConnectionError', code: 'tls-required' })
    expect(server.peers[0]?.received).not.toContain('<iq')
  })

  test('with STARTTLS, and not with a certificate that nobody vouches for', async () => {
    const script: Script = async (peer) => {
      await peer.secured()
      await secured(async () => peer.closed)(peer)
    }
    await using server = await over('tcp', script)
    const stream = await open(server)
    expect(stream.features.child('starttls', NS_TLS)).toBeUndefined()
    await stream.close()
    await expect(open(server, { transports: [tcp()] })).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls' })
  })

  test('an error of the server, and what is no XML, end it', async () => {
    const endings = [
      [`<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`, 'StreamError'],
      ['</stream:stream>', 'ConnectionError'],
      ['<a></b>', 'StreamError'],
    ] as const
    for (const [ending, name] of endings) {
      await using server = await over(
        'tls',
        secured(async (peer) => {
          await peer.expectRequest('urn:example:q', 'q')
          await peer.send(ending)
          await peer.closed
        }),
      )
      const stream = await open(server)
      const [one, other] = [stream.request(ask, { word: 'x' }), stream.request(ask, { word: 'y' })]
      await expect(one).rejects.toMatchObject({ name })
      await expect(other).rejects.toMatchObject({ name })
      await stream.close()
    }
  })

  test('a signal ends a question, or the opening', async () => {
    await using server = await over(
      'tls',
      secured(async (peer) => peer.closed),
    )
    const stream = await open(server)
    const asking = new AbortController()
    const asked = stream.request(tell, true, asking)
    asking.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    const open2 = stream.request(ask, { word: 'x' })
    await Promise.all([expect(open2).rejects.toMatchObject({ name: 'ConnectionError' }), stream.close()])
    await using silent = await over('tls', async (peer) => {
      await peer.streamHeader()
      opening.abort(new Error('no more'))
      await peer.closed
    })
    const opening = new AbortController()
    await expect(open(silent, { signal: opening.signal })).rejects.toThrow('no more')
    await expect(open(silent, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
  })

  test('what cannot be asked is not', async () => {
    await using server = await over(
      'tls',
      secured(async (peer) => peer.closed),
    )
    const stream = await open(server)
    await expect(stream.request(ask, { word: 'x' }, { to: 'bob@example.org' })).rejects.toThrow(TypeError)
    await expect(stream.request(ask, { word: '\0' })).rejects.toMatchObject({ name: 'IllegalCharacterError' })
    await stream.close()
    await expect(openPreLogin({ domain: 'u@example.org', transports: [tcp()] })).rejects.toThrow('domain')
    await expect(openPreLogin({ domain: 'example.org', transports: [] })).rejects.toThrow('transports')
    await expect(openPreLogin({ domain: '@', transports: [tcp()] })).rejects.toMatchObject({ name: 'InvalidJidError' })
  })
})

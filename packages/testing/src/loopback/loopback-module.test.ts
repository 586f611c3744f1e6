import { attr, element, iqGet, iqSet, marker, StanzaError, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { connectRaw } from '../../test/raw-client.js'
import { greeted, sasl2 } from '../../test/raw-sasl2.js'
import type { LoopbackSession } from './account.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'
import { startLoopback } from './loopback-server.js'

const users = { alice: 'pw', bob: 'pw' }
const Question = element('urn:x', 'question', { about: attr('about') })
const Answer = element('urn:x', 'answer', { text: attr('text') })

/** A server with one module of its own, and a client that is online. */
async function withModule(setup: (host: LoopbackHost) => void) {
  const module: LoopbackModule = { name: 'test', setup }
  const server = await startLoopback({ users, modules: [module] })
  const client = await connectRaw(server.transport())
  await client.online('alice', 'r')
  return { server, client, [Symbol.asyncDispose]: () => server.stop() }
}

const ask = (id: string, about: string, to = 'example.org'): string =>
  `<iq type='get' id='${id}' to='${to}'><question xmlns='urn:x' about='${about}'/></iq>`

describe('a module', () => {
  test('answers requests, at once or later', async () => {
    await using opened = await withModule((host) => {
      host.handle('server', iqGet(Question, Answer), ({ about }) => {
        if (about === 'secrets') throw new StanzaError({ condition: 'forbidden' })
        if (about === 'bugs') throw new TypeError('a bug')
        return about === 'later' ? Promise.resolve({ text: 'patience' }) : { text: about }
      })
      host.handle('contact', iqGet(Question, Answer), (_value, { account, session }) => ({
        text: `${account.jid} for ${session.jid}`,
      }))
    })
    const { client } = opened
    client.write(ask('1', 'later') + ask('2', 'rain') + ask('3', 'secrets') + ask('4', 'bugs'))
    client.write(ask('5', 'x', 'bob@example.org'))
    client.write(`<iq type='get' id='6' to='example.org'><question xmlns='urn:x'/></iq>`)
    await client.settled()
    expect(client.received).toMatch(/id='1'[^>]*><answer xmlns='urn:x' text='patience'/)
    expect(client.received).toMatch(/id='2'[^>]*><answer xmlns='urn:x' text='rain'/)
    expect(client.received).toMatch(/type='error' id='3'[^>]*><error type='auth'><forbidden/)
    expect(client.received).toMatch(/type='error' id='4'[^>]*><error type='cancel'><internal-server-error/)
    expect(client.received).toMatch(/id='5'[^>]*><answer xmlns='urn:x' text='bob@example.org for alice@example.org\/r'/)
    expect(client.received).toMatch(/type='error' id='6'[^>]*><error type='modify'><bad-request/)
  })

  test('offers stream features and takes elements of the stream', async () => {
    await using opened = await withModule((host) => {
      host.streamFeature((stream) => (stream.account ? xml('urn:x', 'extra') : undefined))
      host.onElement(Question, ({ about }, stream) => stream.send(Answer({ text: `${about} ${stream.session?.jid}` })))
    })
    const { client } = opened
    expect(client.received).toMatch(/<bind [^>]*\/>.*<extra xmlns='urn:x'\/><\/stream:features>/)
    client.write(`<question xmlns='urn:x' about='rain'/>`)
    await client.until(/<answer xmlns='urn:x' text='rain alice@example.org\/r'\/>/)
  })

  test('may stop messages, watch deliveries, and keep sessions whose connection was lost', async () => {
    const log: string[] = []
    const kept: LoopbackSession[] = []
    let host!: LoopbackHost
    await using opened = await withModule((given) => {
      host = given
      host.onMessage({
        sent: (stanza) => (stanza.attr('id') === 'stop' ? undefined : stanza),
        delivered: (stanza, account, sessions) => log.push(`${stanza.attr('id')} ${account.jid} ${sessions.length}`),
      })
      host.onLost((session) => kept.push(session) > 0)
    })
    const { client, server } = opened
    client.write(`<presence/><message to='alice@example.org' id='stop'><body>x</body></message>`)
    client.write(`<message to='alice@example.org' id='go'><body>x</body></message>`)
    client.write(`<message to='bob@example.org' id='absent'><body>x</body></message>`)
    await client.settled()
    expect(log).toEqual(['go alice@example.org 1', 'absent bob@example.org 0'])
    server.drop()
    expect(kept.map(({ jid }) => String(jid))).toEqual(['alice@example.org/r'])
    expect(server.sessions.map(String)).toEqual(['alice@example.org/r'])
    const later: string[] = []
    const [session] = kept as [LoopbackSession]
    session.sink = { send: (stanza) => later.push(stanza.name) }
    server.send(`<message from='x@y.example' to='alice@example.org/r'/>`)
    expect(later).toEqual(['message'])
    host.endSession(session)
    expect(server.sessions).toEqual([])
  })

  test('is there when Bind 2 binds, and hears when a session is over', async () => {
    const log: string[] = []
    await using opened = await withModule((host) => {
      host.bindFeature('urn:x', Question, ({ about }, session) => {
        log.push(`${session.account.jid} asks`)
        return Answer({ text: about })
      })
      host.onBind((session) => xml('urn:x', 'hello', { to: session.account.jid.toString() }))
      host.onEnd(({ account }) => log.push(`${account.jid} ends`))
    })
    const [client, offer] = await greeted(opened.server.transport())
    expect(offer).toContain(`<feature var='urn:x'/>`)
    const inline = `<bind xmlns='urn:xmpp:bind:0'><question xmlns='urn:x' about='rain'/></bind>`
    expect(await sasl2(client, { user: 'bob', inline })).toMatch(
      /<hello [^>]*to='bob@example.org'\/>.*<answer [^>]*text='rain'/,
    )
    opened.server.drop('bob@example.org')
    expect(log).toEqual(['bob@example.org asks', 'bob@example.org ends'])
  })

  test('watches presence and takes subscriptions', async () => {
    const log: string[] = []
    await using opened = await withModule((host) =>
      host.onPresence({
        broadcast: (stanza, _session, first) => log.push(`${stanza.attr('type') ?? 'available'} ${first}`),
        subscription: (stanza) => log.push(`${stanza.attr('type')} ${stanza.attr('to')}`) > 0,
      }),
    )
    const { client } = opened
    client.write(`<presence/><presence/><presence type='subscribe' to='bob@example.org/r'/>`)
    await client.settled()
    client.write('</stream:stream>')
    await client.untilClosed()
    expect(log).toEqual(['available true', 'available false', 'subscribe bob@example.org', 'unavailable false'])
  })

  test('does not answer what another module answers', async () => {
    const pair = iqSet(marker('urn:x', 'go'))
    const setup = (host: LoopbackHost): void => {
      host.handle('server', pair, () => {})
      host.handle('account', pair, () => {})
      host.handle('server', pair, () => {})
    }
    await expect(startLoopback({ modules: [{ name: 'twice', setup }] })).rejects.toThrow(
      'two handlers for server set go',
    )
  })
})

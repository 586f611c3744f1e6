import { type FullJid, iqGet, Jid, marker, message, NS_CLIENT, presence, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { type Addressing, answerTo, clientAddressing } from './addressing.js'
import type { InboundMessage } from './inbound-message.js'
import type { InboundRequest } from './plugin.js'
import { WholeSession as SessionCore } from './whole-session.js'

const jid = Jid.parse('u@example.org/r') as FullJid
const friend = 'a@example.net/x'
const ask = iqGet(marker('urn:example:q', 'q'))

/** A session that is online, and what it writes. */
function online(addressing?: Addressing) {
  const core = new SessionCore({ account: jid.bare, ...(addressing && { addressing }) })
  const written: string[] = []
  let wake = (): void => {}
  const write = (text: string): void => {
    written.push(text)
    wake()
  }
  core.attach({ write, sendElement: () => {} }, jid)
  core.begin()
  const until = async (count: number): Promise<void> => {
    while (written.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { core, written, until }
}

/** Everybody at the domain is one of us. */
const many: Addressing = {
  announces: false,
  server: () => Jid.parse('server.example.com'),
  isOurs: (element) => Jid.tryParse(element.attr('to') ?? '')?.domain === 'example.org',
  inbox: (element) => element.attr('to') ?? '',
  answerer: (asked) => asked.attr('to'),
  outgoing: (stanza) => (stanza.attr('from') === undefined ? stanza.with({ from: 'example.org' }) : stanza),
}

describe('a client', () => {
  test('leaves its own name to the server', async () => {
    const { core, written, until } = online()
    core.onMessage((inbound: InboundMessage) => void inbound.reply('hello'))
    core.handle(ask, () => {})
    core.deliver(xml(NS_CLIENT, 'message', { from: friend, to: `${jid}` }, xml(NS_CLIENT, 'body', {}, 'hi')))
    core.deliver(xml(NS_CLIENT, 'iq', { type: 'get', id: '1', from: friend, to: `${jid}` }, ask.request.build(true)))
    core.request(ask, true, { to: friend }).catch(() => {})
    core.sendPresence(presence())
    await until(4)
    expect(written.join()).not.toContain('from=')
    core.detach(undefined as never)
  })

  test('asks its own server for a sign of life', () => {
    expect(String(clientAddressing.server(jid.bare))).toBe('example.org')
  })

  test('knows which of its addresses a request was for', async () => {
    const { core } = online()
    const asked: InboundRequest[] = []
    core.handle(ask, (_value, request) => void asked.push(request))
    for (const to of [undefined, 'u@example.org', 'u@example.org/r']) {
      core.deliver(xml(NS_CLIENT, 'iq', { type: 'get', id: '1', from: friend, to }, ask.request.build(true)))
    }
    await core.settled()
    expect(asked.map(({ to }) => String(to))).toEqual(['u@example.org', 'u@example.org', 'u@example.org/r'])
  })
})

describe('a session with many addresses', () => {
  test('names itself, and answers from the address that was asked', async () => {
    const { core, written, until } = online(many)
    core.onMessage((inbound: InboundMessage) => void inbound.reply('hello'))
    core.deliver(xml(NS_CLIENT, 'message', { from: friend, to: 'v@example.org' }, xml(NS_CLIENT, 'body', {}, 'hi')))
    core.deliver(
      xml(NS_CLIENT, 'iq', { type: 'get', id: '1', from: friend, to: 'w@example.org' }, ask.request.build(true)),
    )
    core.send(message({ to: friend, body: 'x' }))
    core.request(ask, true, { to: friend }).catch(() => {})
    core.request(ask, true, { to: friend, from: Jid.parse('x@example.org') }).catch(() => {})
    await until(5)
    const senders = written.map((text) => /^<\w+ [^>]*from='([^']+)'/.exec(text)?.[1])
    expect(senders.sort()).toEqual(['example.org', 'example.org', 'v@example.org', 'w@example.org', 'x@example.org'])
    core.detach(undefined as never)
  })

  test('has no presence but the one that is sent to somebody', () => {
    const { core, written } = online(many)
    core.sendPresence(presence())
    core.sendPresence(presence({ to: friend }))
    expect(written).toHaveLength(1)
  })

  test('S-112 reports what is for somebody else', () => {
    const { core } = online(many)
    const reasons: string[] = []
    core.events.on('rejected', ({ reason }) => reasons.push(reason))
    core.deliver(xml(NS_CLIENT, 'message', { from: friend, to: 'v@example.com' }))
    expect(reasons).toEqual(['addressee'])
  })

  test('an answer may name another address', () => {
    const asked = xml(NS_CLIENT, 'message', { to: 'v@example.org' })
    const from = (answer: ReturnType<typeof message>): string | undefined => answer.element.attr('from')
    expect(from(answerTo(asked, message({ to: friend }), many))).toBe('v@example.org')
    expect(from(answerTo(asked, message({ to: friend, from: 'w@example.org' }), many))).toBe('w@example.org')
    expect(from(answerTo(asked, message({ to: friend }), clientAddressing))).toBeUndefined()
  })
})

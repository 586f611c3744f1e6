import { type FullJid, Jid, marker, message, presence, xml } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { ConnectionError } from './connection-error.js'
import type { PluginContext } from './plugin.js'
import { PluginHost } from './plugin-host.js'
import { memoryStore } from './state-store.js'
import { WholeSession as SessionCore } from './whole-session.js'

const own = Jid.parse('u@example.org/r') as FullJid
const lost = new ConnectionError('session', 'closed', 'lost')
const State = marker('urn:example', 'state')

function core() {
  const written: string[] = []
  const session = new SessionCore({ account: own.bare })
  const features = xml('http://etherx.jabber.org/streams', 'features', {}, State())
  const attach = (): void =>
    session.attach(
      { write: (text) => void written.push(text), sendElement: (element) => void written.push(String(element)) },
      own,
      { features },
    )
  return { session, written, attach }
}

const withoutIds = (written: readonly string[]) => written.map((text) => text.replace(/ id='[^']*'/, ''))

describe('the beginning of a session', () => {
  test('first what is announced, then what waited; and only then it is online', () => {
    const { session, written, attach } = core()
    session.send(message({ to: 'bob@example.org' }))
    attach()
    expect([session.isOnline, written.length]).toEqual([false, 0])
    session.begin([presence({ show: 'away' })])
    expect(session.isOnline).toBe(true)
    expect(withoutIds(written).slice(0, 2)).toEqual([
      '<presence><show>away</show></presence>',
      `<message to='bob@example.org'/>`,
    ])
    session.detach(lost)
    expect([session.isOnline, session.serverFeatures]).toEqual([false, undefined])
  })

  test('who decides on the announcement replaces the default, also with nothing, until he ends', () => {
    const { session, written, attach } = core()
    let decided: ReturnType<typeof presence>[] | undefined = [presence({ priority: 1 }), presence({ priority: 2 })]
    const subscription = session.announcement.decide((initial) => decided ?? initial)
    expect(() => session.announcement.decide(() => [])).toThrow(TypeError)
    const begin = (): string[] => {
      attach()
      session.begin([presence()])
      session.detach(lost)
      return written.splice(0)
    }
    expect(begin()).toEqual([1, 2].map((priority) => `<presence><priority>${priority}</priority></presence>`))
    decided = []
    expect(begin()).toEqual([])
    decided = undefined
    expect(begin()).toEqual(['<presence/>'])
    subscription.dispose()
    session.announcement.decide(() => {
      throw new Error('no')
    })
    expect(begin()).toEqual(['<presence/>'])
  })

  test('the stream features are those of this session', () => {
    const { session, attach } = core()
    expect(session.serverFeatures).toBeUndefined()
    attach()
    expect(session.serverFeatures?.get(State)).toBe(true)
  })
})

describe('sendNonza', () => {
  test('goes out at once, or not at all', () => {
    const { session, written, attach } = core()
    expect(session.sendNonza(State())).toBe(false)
    attach()
    expect(session.sendNonza(State())).toBe(true)
    expect(written).toEqual([`<state xmlns='urn:example'/>`])
  })

  test.each([
    ['jabber:client', 'message'],
    ['http://etherx.jabber.org/streams', 'error'],
    ['urn:ietf:params:xml:ns:xmpp-sasl', 'auth'],
    ['urn:ietf:params:xml:ns:xmpp-tls', 'starttls'],
    ['urn:ietf:params:xml:ns:xmpp-bind', 'bind'],
  ])('not for %s %s', (ns, name) => {
    const { session, written, attach } = core()
    attach()
    expect(() => session.sendNonza(xml(ns, name))).toThrow(TypeError)
    expect(written).toEqual([])
  })
})

describe('inbound', () => {
  test('a message from inside another one can be answered, and says how it came', () => {
    const session = fakeSession()
    const inner = message({ from: 'bob@example.org/x', type: 'chat', body: 'hi' }).element
    const inbound = session.inbound(inner, 'carbon')
    expect([inbound.provenance, inbound.body]).toEqual(['carbon', 'hi'])
    inbound.reply('yes')
    expect(String(session.sent[0]?.to)).toBe('bob@example.org/x')
  })

  test('a sender that is no JID is refused', () => {
    const inner = message({}).element.with({ from: '@' })
    expect(() => fakeSession().inbound(inner, 'archive')).toThrow(
      expect.objectContaining({ name: 'MalformedElementError', path: 'message@from' }),
    )
  })
})

describe('what a plugin sends while a session begins', () => {
  const room = presence({ to: 'room@example.org/me' })
  const chat = (to: string) => message({ to: `${to}@example.org` })

  /** A session with a message that waits, and a plugin that does this in it. */
  function setUp(onSession: (context: PluginContext) => void | Promise<void>) {
    const parts = core()
    const setup = (context: PluginContext) => {
      context.onSession(() => onSession(context))
      return context
    }
    const host = new PluginHost([{ name: 'first', needs: {}, setup }], parts.session, memoryStore())
    parts.session.send(chat('bob'))
    parts.attach()
    return { ...parts, host, context: host.apis.first as PluginContext }
  }

  test('presences do not wait behind what is queued for it, messages do', async () => {
    const { session, written, host } = setUp((context) => {
      context.send(chat('carol'))
      context.send(room)
    })
    await host.startSession()
    session.begin()
    expect(withoutIds(written)).toEqual([
      `<presence to='room@example.org/me'/>`,
      `<message to='bob@example.org'/>`,
      `<message to='carol@example.org'/>`,
    ])
  })

  test('R-027 R-039 what is said meanwhile keeps its place, whoever else is still beginning', async () => {
    let go: () => void = () => {}
    const { session, written, host, context } = setUp(() => new Promise<void>((resolve) => (go = resolve)))
    const started = host.startSession()
    const resumed = host.resumeSession()
    context.send(chat('carol'))
    context.send(room)
    await resumed
    context.send(chat('dave'))
    expect(written).toEqual([])
    go()
    await started
    session.begin()
    expect(withoutIds(written).map((text) => /(?<=to=')\w+/.exec(text)?.[0])).toEqual(['bob', 'carol', 'room', 'dave'])
  })

  test('R-024 and has to find room there', async () => {
    const { session, written, host } = setUp((context) => {
      for (let i = 0; i < 1000; i++) context.send(chat('carol'))
    })
    await host.startSession()
    expect(written).toEqual([])
    let isAccepted = false
    void session.send(chat('dave')).accepted.then(() => {
      isAccepted = true
    })
    await Promise.resolve()
    expect(isAccepted).toBe(false)
  })
})

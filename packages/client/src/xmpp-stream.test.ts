import { StreamError, type StreamEvent, xml } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { identityOf } from './client-options.js'
import { NS_TLS } from './elements.js'
import { LoginMemory } from './login-memory.js'
import { Negotiation } from './negotiation.js'
import { memoryStore } from './state-store.js'
import type { Connection, ConnectionListener, Transport } from './transport.js'
import { XmppStream } from './xmpp-stream.js'

/** A connection whose other end is the test. */
function fakeConnection(options: Partial<Connection> = {}) {
  let listener: ConnectionListener | undefined
  const written: string[] = []
  const fake = {
    endpoint: 'fake:',
    secure: true,
    framed: false,
    channelBindings: [],
    buffered: 0,
    listen: (own: ConnectionListener) => {
      listener = own
    },
    write: (text: string) => void written.push(text),
    drained: async () => {},
    pause: () => {},
  }
  const connection = { ...fake, ...options, end: vi.fn(), destroy: vi.fn(() => listener?.closed(undefined)) }
  const receive = (...chunks: string[]): void => {
    for (const chunk of chunks) listener?.data(connection.framed ? chunk : Buffer.from(chunk))
  }
  return {
    connection,
    written,
    receive,
    lose: (error?: Error) => listener?.closed(error),
    stream: new XmppStream(connection),
  }
}

const header = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='example.org' version='1.0'>`
const to = { to: 'example.org', from: undefined, lang: 'en' }
const proceed = `<proceed xmlns='${NS_TLS}'/>`

describe('XmppStream', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  test('headers of both framings, with everything escaped', () => {
    const plain = fakeConnection()
    plain.stream.open({ to: `a'b`, from: 'u@example.org', lang: 'de' })
    expect(plain.written).toEqual([
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a&apos;b' from='u@example.org' version='1.0' xml:lang='de'>`,
    ])
    const framed = fakeConnection({ framed: true })
    framed.stream.open(to)
    expect(framed.written).toEqual([
      `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0' xml:lang='en'/>`,
    ])
  })

  test('a stanza is a document of its own only in a frame', () => {
    const stanza = `<message to='a@b'><body>x</body></message>`
    const plain = fakeConnection()
    plain.stream.write(stanza)
    plain.stream.sendElement(xml('jabber:client', 'presence'))
    const framed = fakeConnection({ framed: true })
    framed.stream.write(stanza)
    framed.stream.sendElement(xml('jabber:client', 'presence'))
    expect(plain.written).toEqual([stanza, '<presence/>'])
    expect(framed.written).toEqual([
      stanza.replace('<message', `<message xmlns='jabber:client'`),
      `<presence xmlns='jabber:client'/>`,
    ])
  })

  test('events are taken one by one, then delivered as they come', async () => {
    const { stream, receive } = fakeConnection()
    stream.open(to)
    receive(header, '<a/><b/>', '<c/>')
    expect((await stream.next('stream')).type).toBe('start')
    expect(await stream.next('stream')).toMatchObject({ element: { name: 'a' } })
    const seen: string[] = []
    stream.listen((event) => seen.push(event.type === 'element' ? event.element.name : event.type))
    receive('<d/>', '</stream:stream>')
    expect(seen).toEqual(['b', 'c', 'd', 'end'])
  })

  test('a listener that closes the stream gets no more of what waited', () => {
    const { stream, receive } = fakeConnection()
    stream.open(to)
    receive(header, '<a/><b/>')
    const seen: StreamEvent[] = []
    stream.listen((event) => {
      seen.push(event)
      stream.close()
    })
    receive('<c/>')
    expect(seen).toHaveLength(1)
  })

  test('after the loss of the connection what came is still there, then the reason', async () => {
    const { stream, receive, lose } = fakeConnection()
    stream.open(to)
    receive(header)
    const reset = new Error('ECONNRESET')
    lose(reset)
    expect((await stream.next('sasl')).type).toBe('start')
    await expect(stream.next('sasl')).rejects.toMatchObject({ phase: 'sasl', code: 'closed', cause: reset })
    expect((await stream.ended).cause).toBe(reset)
  })

  test.each([
    ['nothing behind it', [proceed], true],
    ['two segments', [proceed.slice(0, 9), proceed.slice(9)], true],
    ['S-004 white space', [`${proceed}\n`], false],
    ['S-004 an element', [`${proceed}<a/>`], false],
    ['S-005 a start tag', [`${proceed}<a>`], false],
    ['S-005 a start tag in a segment of its own', [proceed, '<a>'], false],
    ['S-005 half an attribute', [`${proceed}<a b='>`], false],
    ['S-005 a CDATA section', [`${proceed}<![CDATA[>`], false],
    ['the end', [`${proceed}</stream:stream>`], false],
  ])('after <proceed/> %s: %s', async (_, chunks, clean) => {
    const { stream, receive } = fakeConnection()
    stream.open(to)
    receive(header, ...chunks)
    await stream.next('tls')
    await stream.next('tls')
    expect(stream.endsClean()).toBe(clean)
  })

  test('S-005 nothing of the parser survives a new header', async () => {
    const { stream, receive } = fakeConnection()
    stream.open(to)
    receive(header, `<a b='`)
    await stream.next('tls')
    stream.open(to)
    receive(header, '<good/>')
    expect((await stream.next('stream')).type).toBe('start')
    expect(await stream.next('stream')).toMatchObject({ element: { name: 'good' } })
  })

  test('close waits a second for the peer, and ends at once when it has closed', () => {
    const silent = fakeConnection()
    silent.stream.open(to)
    silent.stream.close()
    silent.stream.close()
    expect(silent.written.slice(1)).toEqual(['</stream:stream>'])
    vi.advanceTimersByTime(999)
    expect([silent.connection.end.mock.calls.length, silent.connection.destroy.mock.calls.length]).toEqual([0, 0])
    vi.advanceTimersByTime(1)
    expect(silent.connection.destroy).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)

    const polite = fakeConnection()
    polite.stream.open(to)
    polite.receive(header)
    polite.stream.close()
    polite.receive('</stream:stream>')
    expect(polite.connection.end).toHaveBeenCalledOnce()
  })

  test('an error goes with the prefix `stream`, and ends the connection', () => {
    const error = new StreamError({ condition: 'policy-violation', text: 'a < b' })
    const children = `<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a &lt; b</text>`
    const plain = fakeConnection()
    plain.stream.open(to)
    plain.stream.close(error)
    expect(plain.written.slice(1)).toEqual([`<stream:error>${children}</stream:error>`, '</stream:stream>'])
    expect(plain.connection.end).toHaveBeenCalledOnce()
    const framed = fakeConnection({ framed: true })
    framed.stream.open(to)
    framed.stream.close(error)
    expect(framed.written.slice(1)).toEqual([
      `<stream:error xmlns:stream='http://etherx.jabber.org/streams'>${children}</stream:error>`,
      `<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`,
    ])
  })
})

describe('Negotiation', () => {
  const fake: Transport = { name: 'fake', schemes: [], connect: () => expect.fail('not here') }
  const options = {
    ...identityOf({ jid: 'u@example.org', password: 'p', transports: [fake] }),
    policy: {},
    lang: 'en',
    request: { resumption: undefined, inline: [], bind2: true },
    signal: new AbortController().signal,
  }
  /** Has remembered nothing, and looked that up when this resolves. */
  const begin = async (stream: XmppStream) => {
    const memory = new LoginMemory(memoryStore(), options.account)
    const login = new Negotiation(stream, { ...options, memory }).run()
    await new Promise((resolve) => setImmediate(resolve))
    return { login }
  }

  test('S-001 a connection that is not secure and cannot become so is told nothing', async () => {
    const { stream, receive, written } = fakeConnection({ secure: false, framed: true })
    const { login } = await begin(stream)
    receive(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' version='1.0'/>`)
    receive(
      `<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    await expect(login).rejects.toMatchObject({ name: 'ConnectionError', phase: 'tls', code: 'tls-required' })
    expect(written.join('')).not.toMatch(/<auth|from=|u@/)
  })

  test('a TLS upgrade that fails is the reason', async () => {
    const broken = new Error('handshake')
    const { stream, receive, written } = fakeConnection({ secure: false, startTls: () => Promise.reject(broken) })
    const { login } = await begin(stream)
    receive(header, '<stream:features/>')
    await new Promise((resolve) => setImmediate(resolve))
    expect(written.join('')).toContain('<starttls')
    receive(proceed)
    await expect(login).rejects.toBe(broken)
  })
})

import { escapeText, NS_CLIENT, NS_STREAM, type StreamEvent, serialize, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { Connection, ConnectionListener } from './transport.js'
import { XmppStream } from './xmpp-stream.js'

const own = 'urn:example:accept'

/** A stream of another namespace, the text it writes, and the other end's way to write. */
function streamPair() {
  const written: string[] = []
  let listener: ConnectionListener | undefined
  const connection = {
    endpoint: 'xmpp://localhost:1',
    framed: false,
    listen: (given: ConnectionListener) => {
      listener = given
    },
    write: (text: string) => written.push(text),
    end: () => {},
    destroy: () => {},
  } as unknown as Connection
  const stream = new XmppStream(connection, {}, own)
  stream.open({ to: 'example.org', from: undefined })
  const header = `<stream:stream xmlns='${own}' xmlns:stream='${NS_STREAM}' id='1'>`
  return { stream, written, feed: (text: string) => listener?.data(header + text) }
}

const second = async (stream: XmppStream): Promise<StreamEvent> => {
  await stream.next('stream')
  return stream.next('stream')
}

describe('a stream whose stanzas have another namespace than jabber:client', () => {
  test('says so in its header, which promises nothing about version and language', () => {
    expect(streamPair().written[0]).toBe(
      `<?xml version='1.0'?><stream:stream xmlns='${own}' xmlns:stream='${NS_STREAM}' to='example.org'>`,
    )
  })

  test('has its stanzas in jabber:client in the tree, with all that is in its own namespace', async () => {
    const { stream, feed } = streamPair()
    feed(`<message id='a'><body>hi</body><x xmlns='urn:example:x'><body xmlns='${own}'>in</body><y/></x></message>`)
    const event = await second(stream)
    const expected = xml(
      NS_CLIENT,
      'message',
      { id: 'a' },
      xml(NS_CLIENT, 'body', {}, 'hi'),
      xml('urn:example:x', 'x', {}, xml(NS_CLIENT, 'body', {}, 'in'), xml('urn:example:x', 'y')),
    )
    expect(event.type === 'element' && event.element.equals(expected)).toBe(true)
  })

  test('a message inside a message stays in jabber:client, both ways', async () => {
    const { stream, feed, written } = streamPair()
    const forwarded = xml('urn:example:f', 'forwarded', {}, xml(NS_CLIENT, 'message', {}, xml(NS_CLIENT, 'body')))
    const outer = xml(NS_CLIENT, 'message', { id: 'a' }, forwarded)
    stream.write(serialize(outer, NS_CLIENT))
    const text = `<message id='a'><forwarded xmlns='urn:example:f'><message xmlns='${NS_CLIENT}'><body/></message></forwarded></message>`
    expect(written[1]).toBe(text)
    feed(text)
    const event = await second(stream)
    expect(event.type === 'element' && event.element.equals(outer)).toBe(true)
  })

  test('what is no stanza keeps its namespace, both ways', async () => {
    const { stream, feed, written } = streamPair()
    stream.sendElement(xml(own, 'handshake', {}, escapeText('x')))
    expect(written[1]).toBe('<handshake>x</handshake>')
    feed('<handshake/>')
    expect(await second(stream)).toMatchObject({ type: 'element', element: { ns: own, name: 'handshake' } })
  })

  test('a stanza in jabber:client itself is not one of this stream', async () => {
    const { stream, feed } = streamPair()
    feed(`<message xmlns='${NS_CLIENT}'/>`)
    expect(await second(stream)).toMatchObject({ type: 'error', error: { condition: 'invalid-namespace' } })
  })
})

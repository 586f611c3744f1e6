import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  body,
  closeFrame,
  created,
  features,
  featuresFrame,
  openFrame,
  settle,
  setUp,
  setUpSession,
} from './scripted-manager.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const message = (text: string): string => `<message xmlns='jabber:client'><body>${text}</body></message>`

describe('a BOSH session begins', () => {
  test('with the stream header; the features are its answer', async () => {
    const { manager, connection, frames } = setUp({ wait: 40 })
    expect(connection).toMatchObject({
      endpoint: 'https://example.org/bosh',
      secure: true,
      framed: true,
      channelBindings: [],
    })
    await settle()
    expect(manager.calls).toEqual([])
    connection.write(openFrame)
    const call = await manager.next()
    expect(call.url).toBe('https://example.org/bosh')
    expect(call.request).toMatchObject({ method: 'POST', redirect: 'manual', credentials: 'omit' })
    expect(call.request.headers).toEqual({ 'Content-Type': 'text/xml; charset=utf-8' })
    expect(call.text).toBe(
      `<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' rid='${call.rid}' to='example.org' from='me@example.org' xml:lang='de' ver='1.11' wait='40' hold='1' ack='1' content='text/xml; charset=utf-8' xmpp:version='1.0'/>`,
    )
    call.answer(created("from='example.org' authid='stream-1' xmpp:version='1.0' xml:lang='fr'"))
    const poll = await manager.next()
    expect(poll.text).toBe(`<body xmlns='http://jabber.org/protocol/httpbind' rid='${call.rid + 1}' sid='secret-sid'/>`)
    const open =
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='stream-1' version='1.0' xml:lang='fr'/>"
    expect(frames()).toEqual([open, featuresFrame.replace("streams'>", "streams' xml:lang='fr'>")])
    connection.destroy()
  })

  test('with features that come later, and who sends them', async () => {
    const { manager, connection, frames } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(created("from='other.example'", ''))
    const poll = await manager.next()
    expect(frames()).toEqual([])
    poll.answer(body("from='example.org'", features))
    await manager.next()
    expect(frames()).toEqual([
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' version='1.0'/>",
      featuresFrame,
    ])
    connection.destroy()
  })

  test('what comes before the features is not taken for them', async () => {
    const { manager, connection, frames } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(
      created('', "<features xmlns='x'/><error xmlns='http://etherx.jabber.org/streams'/>"),
    )
    await manager.next()
    expect(frames()).toEqual(["<features xmlns='x'/>", "<error xmlns='http://etherx.jabber.org/streams'/>"])
    connection.destroy()
  })

  test('with a number that nobody guesses, and that can be counted on from', async () => {
    const rids = []
    for (let i = 0; i < 20; i++) {
      const { manager, connection } = setUp()
      connection.write(openFrame)
      rids.push((await manager.next()).rid)
      connection.destroy()
    }
    expect(new Set(rids).size).toBe(20)
    for (const rid of rids) expect(Number.isSafeInteger(rid) && rid > 0 && rid <= 2 ** 52).toBe(true)
    expect(Math.max(...rids)).toBeGreaterThan(2 ** 40)
  })

  test('again after SASL, by an empty request of its own', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.write("<auth xmlns='a'/>")
    const auth = await manager.next()
    held.answer()
    auth.answer(body('', "<success xmlns='a'/>"))
    const poll = await manager.next()
    expect(frames()).toEqual(["<success xmlns='a'/>"])
    connection.write("<before xmlns='a'/>")
    connection.write(openFrame)
    connection.write("<after xmlns='a'/>")
    const before = await manager.next()
    expect(before.payload).toBe("<before xmlns='a'/>")
    poll.answer()
    const restart = await manager.next()
    expect(restart.text).toBe(
      `<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' rid='${before.rid + 1}' sid='secret-sid' ack='${poll.rid}' to='example.org' from='me@example.org' xml:lang='de' xmpp:restart='true'/>`,
    )
    before.answer()
    expect((await manager.next()).payload).toBe("<after xmlns='a'/>")
    restart.answer(body('', features))
    await settle()
    expect(frames()).toEqual(["<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>", featuresFrame])
    connection.destroy()
  })
})

describe('a BOSH session', () => {
  test('sends what one turn writes in one request, and keeps two unanswered at most', async () => {
    const { manager, connection, held } = await setUpSession()
    connection.write(message('1'))
    connection.write(message('2'))
    const first = await manager.next()
    expect(first.payload).toBe(message('1') + message('2'))
    expect([first.rid, first.attr('ack'), first.attr('sid')]).toEqual([
      held.rid + 1,
      String(held.rid - 1),
      'secret-sid',
    ])
    connection.write(message('3'))
    await settle()
    connection.write(message('4'))
    await settle()
    expect([manager.untaken, connection.buffered]).toEqual([0, message('3').length * 2])
    held.answer()
    const second = await manager.next()
    expect([second.payload, second.rid]).toEqual([message('3') + message('4'), first.rid + 1])
    expect(connection.buffered).toBe(0)
    first.answer()
    await settle()
    expect(manager.untaken).toBe(0)
    second.answer()
    const poll = await manager.next()
    expect([poll.payload, poll.attr('ack'), poll.rid]).toEqual(['', undefined, second.rid + 1])
    connection.destroy()
  })

  test('hands on payloads as frames of their own, in the order of the requests', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.write(message('mine'))
    const second = await manager.next()
    second.answer(body('', message('3')))
    await settle()
    expect(frames()).toEqual([])
    held.answer(body('', `\n  ${message('1')}\n<q:iq xmlns:q='jabber:client' type='get'><q:x/></q:iq>`))
    await manager.next()
    expect(frames()).toEqual([message('1'), "<iq xmlns='jabber:client' type='get'><x/></iq>", message('3')])
    connection.destroy()
  })

  test('gives stanzas the namespace that some servers leave out, and the language of the wrapper', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    const stanzas = "<message id='1'><body>hi</body><x xmlns='x'/></message><presence xml:lang='en'/><other/>"
    held.answer(body("xml:lang='de'", stanzas))
    await manager.next()
    expect(frames()).toEqual([
      "<message xmlns='jabber:client' id='1' xml:lang='de'><body>hi</body><x xmlns='x'/></message>",
      "<presence xmlns='jabber:client' xml:lang='en'/>",
      "<other xmlns='http://jabber.org/protocol/httpbind' xml:lang='de'/>",
    ])
    connection.destroy()
  })

  test('does not put more than 64 frames or 64 KiB into a request', async () => {
    const { manager, connection, held } = await setUpSession()
    for (let i = 0; i < 70; i++) connection.write(message(String(i)))
    const first = await manager.next()
    expect(first.payload.match(/<message/g)).toHaveLength(64)
    held.answer()
    const second = await manager.next()
    expect(second.payload.match(/<message/g)).toHaveLength(6)
    const long = message('x'.repeat(40_000))
    for (let i = 0; i < 2; i++) connection.write(long)
    const drained = vi.fn()
    const done = connection.drained().then(drained)
    await settle()
    expect(drained).not.toHaveBeenCalled()
    first.answer()
    expect((await manager.next()).payload).toBe(long)
    await done
    connection.destroy()
  })

  test('drained resolves when the connection is gone', async () => {
    const { connection } = await setUpSession()
    for (let i = 0; i < 4; i++) connection.write(message('x'.repeat(60_000)))
    const done = connection.drained()
    connection.destroy()
    await done
  })

  test('asks for nothing more while 64 frames wait for a paused reader', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.pause(true)
    held.answer(body('', message('x').repeat(63)))
    const poll = await manager.next()
    poll.answer(body('', message('y')))
    await settle()
    expect([frames().length, manager.untaken]).toEqual([0, 0])
    connection.pause(false)
    await manager.next()
    expect(frames()).toHaveLength(64)
    connection.destroy()
  })

  test('asks not more often than it may when it is answered at once', async () => {
    const { manager, connection, held } = await setUpSession()
    held.answer()
    await settle()
    await vi.advanceTimersByTimeAsync(4999)
    await settle()
    expect(manager.untaken).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    const poll = await manager.next()
    poll.answer(body('', message('1')))
    const next = await manager.next()
    await vi.advanceTimersByTimeAsync(60_000)
    next.answer()
    await manager.next()
    connection.destroy()
  })

  test('polls where nothing may be held, and not more often than it may', async () => {
    const { manager, connection } = setUp({ wait: 0 })
    connection.write(openFrame)
    const creation = await manager.next()
    expect([creation.attr('wait'), creation.attr('hold')]).toEqual(['0', '1'])
    creation.answer(body("sid='s' wait='0' polling='2' requests='1'", features))
    const first = await manager.next()
    connection.write(message('1'))
    await settle()
    expect(manager.untaken).toBe(0)
    first.answer()
    const second = await manager.next()
    expect(second.payload).toBe(message('1'))
    second.answer()
    ;(await manager.next()).answer()
    await settle()
    await vi.advanceTimersByTimeAsync(1999)
    await settle()
    expect(manager.untaken).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect((await manager.next()).payload).toBe('')
    connection.destroy()
  })

  test('destroy ends the requests; nothing comes or goes afterwards, and the end is told once', async () => {
    const { manager, connection, held, closed, frames } = await setUpSession()
    connection.destroy()
    connection.destroy()
    connection.end()
    connection.write(message('1'))
    held.answer(body('', message('2')))
    await settle()
    expect(closed.mock.calls).toEqual([[undefined]])
    expect([held.aborted, manager.untaken, frames(), manager.close.mock.calls.length]).toEqual([true, 0, [], 1])
  })

  test('destroy during a pause forgets what waits', async () => {
    const { manager, connection, held, closed, frames } = await setUpSession()
    connection.pause(true)
    held.answer(body('', message('1')))
    await manager.next()
    connection.destroy()
    connection.pause(false)
    expect([frames(), closed.mock.calls]).toEqual([[], [[undefined]]])
  })

  test('who listens late gets everything, and the end last', async () => {
    const { manager, connection, held, closed, data } = await setUpSession()
    connection.pause(true)
    held.answer(body("type='terminate'", message('1')))
    await settle()
    expect([data.mock.calls, closed.mock.calls]).toEqual([[], []])
    const order: unknown[] = []
    connection.listen({ data: (frame) => order.push(frame), closed: () => order.push('closed') })
    connection.pause(false)
    connection.pause(false)
    expect(order).toEqual([message('1'), closeFrame, 'closed'])
    expect(manager.untaken).toBe(0)
  })
})

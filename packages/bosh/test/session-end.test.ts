import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { body, closeFrame, created, openFrame, settle, setUp, setUpSession } from './scripted-manager.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const unavailable = "<presence xmlns='jabber:client' type='unavailable'/>"
const streamError = (condition: string): string =>
  `<error xmlns='http://etherx.jabber.org/streams'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`

describe('the client ends the session', () => {
  test('with what was written before, although two requests are unanswered', async () => {
    const { manager, connection, held, closed, frames } = await setUpSession()
    connection.write("<message xmlns='jabber:client'/>")
    const second = await manager.next()
    connection.write(unavailable)
    await settle()
    connection.write(closeFrame)
    const last = await manager.next()
    expect([last.attr('type'), last.payload, last.rid]).toEqual(['terminate', unavailable, held.rid + 2])
    held.answer(body("type='terminate'"))
    await settle()
    expect([frames(), closed.mock.calls]).toEqual([[closeFrame], [[undefined]]])
    expect([second.aborted, last.aborted]).toEqual([true, true])
  })

  test('and the answer to that is the end, whatever it says', async () => {
    for (const answer of [body(), body("type='terminate' condition='item-not-found'")]) {
      const { manager, connection, held, closed, frames } = await setUpSession()
      connection.write(closeFrame)
      connection.write('<never/>')
      const last = await manager.next()
      held.answer(body('', unavailable))
      await settle()
      expect([frames(), closed.mock.calls]).toEqual([[unavailable], []])
      last.answer(answer)
      await settle()
      expect([frames(), closed.mock.calls, manager.untaken]).toEqual([[closeFrame], [[undefined]], 0])
    }
  })

  test('by end() too, before and after there is a session', async () => {
    const { manager, connection, closed } = await setUpSession()
    connection.end()
    connection.end()
    const last = await manager.next()
    expect([last.attr('type'), last.payload]).toEqual(['terminate', ''])
    last.answer()
    connection.destroy()
    await settle()
    expect(closed).toHaveBeenCalledOnce()

    const early = setUp()
    early.connection.end()
    expect([early.closed.mock.calls, early.manager.calls]).toEqual([[[undefined]], []])

    const middle = setUp()
    middle.connection.write(openFrame)
    const creation = await middle.manager.next()
    middle.connection.end()
    await settle()
    expect(middle.manager.untaken).toBe(0)
    creation.answer(created())
    expect((await middle.manager.next()).attr('type')).toBe('terminate')
    middle.connection.destroy()
  })

  test('before it began: no request at all', async () => {
    const { manager, connection, closed } = setUp()
    connection.write(closeFrame)
    await settle()
    expect([manager.calls, closed.mock.calls]).toEqual([[], [[undefined]]])
  })
})

describe('the server ends the session', () => {
  test('without a reason', async () => {
    const { manager, held, closed, frames } = await setUpSession()
    held.answer(body("type='terminate'", unavailable))
    await settle()
    expect([frames(), closed.mock.calls, manager.untaken]).toEqual([[unavailable, closeFrame], [[undefined]], 0])
  })

  test.each([
    ['host-gone', 'host-gone'],
    ['host-unknown', 'host-unknown'],
    ['improper-addressing', 'improper-addressing'],
    ['internal-server-error', 'internal-server-error'],
    ['policy-violation', 'policy-violation'],
    ['remote-connection-failed', 'remote-connection-failed'],
    ['system-shutdown', 'system-shutdown'],
    ['undefined-condition', 'undefined-condition'],
    ['bad-request', 'bad-format'],
    ['remote-stream-error', 'undefined-condition'],
    ['no such thing', 'undefined-condition'],
  ])('because of %s, which is a stream error', async (condition, expected) => {
    const { held, closed, frames } = await setUpSession()
    held.answer(body(`type='terminate' condition='${condition}'`))
    await settle()
    expect([frames(), closed.mock.calls]).toEqual([[streamError(expected), closeFrame], [[undefined]]])
  })

  test.each(['item-not-found', 'other-request', 'see-other-uri'])('because of %s, which is not', async (condition) => {
    const { held, closed, frames } = await setUpSession()
    held.answer(body(`type='terminate' condition='${condition}'`))
    await settle()
    expect(frames()).toEqual([])
    expect(closed.mock.calls).toMatchObject([[{ name: 'ConnectionError', code: 'closed', retry: 'backoff' }]])
  })

  test('another address is not gone to', async () => {
    const { manager, held, closed } = await setUpSession()
    held.answer(body("type='terminate' condition='see-other-uri'", '<uri>https://evil.example/</uri>'))
    await settle()
    expect([closed.mock.calls.length, manager.untaken]).toEqual([1, 0])
  })

  test('with the stream error of XMPP, after what came before it', async () => {
    const { held, closed, frames } = await setUpSession()
    const inner = `<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`
    held.answer(body("type='terminate' condition='remote-stream-error'", unavailable + inner))
    await settle()
    expect([frames(), closed.mock.calls]).toEqual([[unavailable, streamError('conflict'), closeFrame], [[undefined]]])
  })

  test('when there is none yet', async () => {
    const { manager, connection, closed, frames } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(body("type='terminate' condition='host-unknown'"))
    await settle()
    expect([frames(), closed.mock.calls]).toEqual([[streamError('host-unknown'), closeFrame], [[undefined]]])
  })

  test('on a later request, while an earlier one is never answered', async () => {
    const { manager, connection, held, closed, frames } = await setUpSession()
    connection.write(unavailable)
    ;(await manager.next()).answer(body("type='terminate' condition='policy-violation'"))
    await settle()
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1000)
    expect([frames(), closed.mock.calls]).toEqual([[streamError('policy-violation'), closeFrame], [[undefined]]])
    expect(held.aborted).toBe(true)
  })

  test('on a later request, and the earlier ones are answered in time', async () => {
    const { manager, connection, held, closed, frames } = await setUpSession()
    connection.write(unavailable)
    ;(await manager.next()).answer(body("type='terminate'"))
    await settle()
    held.answer(body('', unavailable))
    await settle()
    expect([frames(), closed.mock.calls]).toEqual([[unavailable, closeFrame], [[undefined]]])
  })
})

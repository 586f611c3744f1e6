import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  body,
  type Call,
  closeFrame,
  openFrame,
  type ScriptedManager,
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

/** The next request, once it is time for it. */
async function after(ms: number, manager: ScriptedManager): Promise<Call> {
  await settle()
  if (ms > 0) await vi.advanceTimersByTimeAsync(ms - 1)
  await settle()
  expect(manager.untaken).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  return manager.next()
}

const cut = (): Response =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('<body'))
        controller.error(new TypeError('terminated'))
      },
    }),
  )

describe('a request that broke is made again, the same', () => {
  test.each<[string, (call: Call) => void]>([
    ['by the network', (call) => call.fail()],
    ['for no reason', (call) => call.fail(undefined)],
    ['in the middle of the response', (call) => call.answer(cut())],
    ['by a proxy', (call) => call.answer(new Response('<html/>', { status: 502 }))],
    ['by a server that is busy', (call) => call.answer(new Response('', { status: 503 }))],
  ])('%s', async (_, damage) => {
    const { manager, connection, held, frames, closed } = await setUpSession()
    damage(held)
    const again = await after(0, manager)
    expect(again.text).toBe(held.text)
    again.answer(body('', message('1')))
    const poll = await manager.next()
    expect([poll.rid, frames(), closed.mock.calls]).toEqual([held.rid + 1, [message('1')], []])
    connection.destroy()
  })

  test('at growing intervals, until the server has forgotten the session', async () => {
    const { manager, held, closed } = await setUpSession()
    held.fail()
    for (const delay of [0, 500, 1000, 2000, 4000, 8000]) {
      const again = await after(delay, manager)
      expect(again.text).toBe(held.text)
      again.fail()
    }
    await settle()
    const error = { name: 'ConnectionError', phase: 'stream', code: 'unreachable', retry: 'backoff' }
    expect([closed.mock.calls, manager.untaken]).toMatchObject([[[error]], 0])
  })

  test('not at all, if there is no session yet: that would be another one', async () => {
    const { manager, connection, closed } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).fail()
    await settle()
    expect([closed.mock.calls, manager.untaken]).toMatchObject([[[{ code: 'unreachable' }]], 0])
  })

  test('R-006 R-010 when no answer comes within the time that the server asked for and 15 seconds', async () => {
    const { manager, connection, held } = await setUpSession()
    await vi.advanceTimersByTimeAsync(74_999)
    expect(held.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    const again = await after(0, manager)
    expect([again.text, held.aborted]).toEqual([held.text, true])
    await vi.advanceTimersByTimeAsync(75_000)
    await settle()
    expect(again.aborted).toBe(true)
    connection.destroy()
  })

  test('R-006 a session that is not created', async () => {
    const { manager, connection, closed } = setUp({ wait: 10 })
    connection.write(openFrame)
    const creation = await manager.next()
    await vi.advanceTimersByTimeAsync(25_000)
    await settle()
    expect([closed.mock.calls, creation.aborted]).toMatchObject([
      [[{ name: 'ConnectionError', code: 'timeout' }]],
      true,
    ])
  })

  test('while the other one goes on; the answers keep their order', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.write(message('mine'))
    const second = await manager.next()
    held.fail()
    second.answer(body('', message('2')))
    const again = await after(0, manager)
    expect(frames()).toEqual([])
    again.answer(body('', message('1')))
    await manager.next()
    expect(frames()).toEqual([message('1'), message('2')])
    connection.destroy()
  })

  test('destroy in between makes none', async () => {
    const { manager, connection, held, closed } = await setUpSession()
    held.fail()
    await settle()
    connection.destroy()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([manager.untaken, closed.mock.calls]).toEqual([0, [[undefined]]])
  })

  test('the end of the session too', async () => {
    const { manager, connection, held, closed } = await setUpSession()
    connection.write(closeFrame)
    const last = await manager.next()
    held.answer()
    last.fail()
    const again = await after(0, manager)
    expect(again.text).toBe(last.text)
    again.answer()
    await settle()
    expect(closed.mock.calls).toEqual([[undefined]])
  })
})

describe('the server asks for requests again', () => {
  test('by a recoverable error: that one, and those before it', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.write(message('mine'))
    const second = await manager.next()
    second.answer(body("type='error'"))
    const again = [await after(0, manager), await manager.next()]
    expect(again.map(({ text }) => text)).toEqual([held.text, second.text])
    expect(held.aborted).toBe(true)
    again[1]?.answer(body('', message('2')))
    again[0]?.answer(body('', message('1')))
    await manager.next()
    expect(frames()).toEqual([message('1'), message('2')])
    connection.destroy()
  })

  test('again and again, which is not endured', async () => {
    const { manager, held, closed } = await setUpSession()
    held.answer(body("type='error'"))
    for (const delay of [0, 500, 1000, 2000, 4000, 8000]) (await after(delay, manager)).answer(body("type='error'"))
    await settle()
    expect(closed.mock.calls).toMatchObject([[{ name: 'ConnectionError', code: 'closed' }]])
  })

  test('by a report of an answer that did not arrive', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    connection.write(message('mine'))
    const second = await manager.next()
    second.answer(body(`report='${held.rid}' time='800'`, message('2')))
    const again = await after(0, manager)
    expect([again.text, held.aborted]).toEqual([held.text, true])
    again.answer(body('', message('1')))
    await manager.next()
    expect(frames()).toEqual([message('1'), message('2')])
    connection.destroy()
  })

  test('a report about nothing changes nothing', async () => {
    const { manager, connection, held } = await setUpSession()
    held.answer(body(`report='7'`, message('1')))
    expect((await manager.next()).rid).toBe(held.rid + 1)
    connection.destroy()
  })
})

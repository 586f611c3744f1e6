import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gap } from '../src/bosh-connection.js'
import { body, created, openFrame, settle, setUp, setUpSession } from './scripted-manager.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const refused = { name: 'ConnectionError', phase: 'stream', code: 'unexpected-element', retry: 'backoff' }

const nonsense: [string, string | (() => Response)][] = [
  ['nothing', ''],
  ['text', 'It works!'],
  ['a web page', '<!DOCTYPE html><html><body>Log in to the WLAN</body></html>'],
  ['XML that does not end', body().replace('</body>', '')],
  ['S-069 entities', `<!DOCTYPE body [<!ENTITY a 'b'>]>${body("from='&a;'")}`],
  ['a processing instruction', `<?xml-stylesheet href='x'?>${body()}`],
  ['a comment', body('', '<!-- x -->')],
  ['another namespace', body().replace('httpbind', 'httpbund')],
  ['another element', body().replaceAll('body', 'html')],
  ['two elements', body() + body()],
  ['text between payloads', body('', '<x/>text<y/>')],
  ['text behind', `${body()}text`],
  ['an attribute twice', body("sid='1' sid='2'")],
  ['a number that is none', body("requests='many'")],
  ['a negative number', body("wait='-1'")],
  ['a type that does not exist', body("type='maybe'")],
  ['a prefix that is not declared', body('', '<s:features/>')],
  ['depth', body('', '<x>'.repeat(66) + '</x>'.repeat(66))],
  ['100,001 elements', body('', '<x/>'.repeat(100_001))],
  ['what is not UTF-8', () => new Response(Buffer.from(body('', '<x>\xe4</x>'), 'latin1'))],
  ['a character XML has not', body('', '<x>\u0001</x>')],
  ['more than 4 MiB', () => new Response(body('', `<x>${'x'.repeat(4_194_305)}</x>`))],
]

describe('a response of', () => {
  test.each(nonsense)('%s ends the session', async (_, response) => {
    const { manager, held, closed, frames } = await setUpSession()
    held.answer(typeof response === 'string' ? response : response())
    await settle()
    await vi.waitFor(() => expect(closed).toHaveBeenCalled())
    expect([closed.mock.calls, frames(), manager.untaken]).toMatchObject([[[refused]], [], 0])
  })

  test.each(nonsense)('%s creates none', async (_, response) => {
    const { manager, connection, closed, frames } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(typeof response === 'string' ? response : response())
    await settle()
    await vi.waitFor(() => expect(closed).toHaveBeenCalled())
    expect([closed.mock.calls, frames(), manager.untaken]).toMatchObject([[[refused]], [], 0])
  })

  test('a session without an id creates none', async () => {
    const { manager, connection, closed } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(body("wait='60'"))
    await settle()
    expect(closed.mock.calls).toMatchObject([[refused]])
  })

  test('an XML declaration and white space around it are as documents have them', async () => {
    const { manager, connection, held, frames } = await setUpSession()
    held.answer(`\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n${body('', '<x xmlns="x"/>')}\n`)
    await manager.next()
    expect(frames()).toEqual(["<x xmlns='x'/>"])
    connection.destroy()
  })

  test('endless data is not read to its end', async () => {
    const { held, closed } = await setUpSession()
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(1_048_576).fill(0x20))
      },
      cancel() {
        cancelled = true
      },
    })
    held.answer(new Response(endless))
    await vi.waitFor(() => expect(closed).toHaveBeenCalled())
    expect(closed.mock.calls).toMatchObject([[refused]])
    expect([pulled < 10, held.aborted, cancelled]).toEqual([true, true, true])
  })

  test('a platform without streams has the same limit', async () => {
    for (const [size, calls] of [
      [4_194_305, [[refused]]],
      [1, []],
    ] as const) {
      const { connection, held, closed } = await setUpSession()
      const bytes = new TextEncoder().encode(body().padEnd(size))
      held.answer({ status: 200, arrayBuffer: async () => bytes.buffer } as unknown as Response)
      await settle()
      expect(closed.mock.calls).toMatchObject(calls)
      connection.destroy()
    }
  })
})

describe('HTTP status', () => {
  test.each([301, 302, 307, 400, 401, 403, 404, 405, 413, 501])('%i ends the session', async (status) => {
    const { manager, held, closed } = await setUpSession()
    held.answer(new Response(body(), { status, headers: { Location: 'https://evil.example/' } }))
    await settle()
    expect([closed.mock.calls, manager.untaken]).toMatchObject([
      [[{ name: 'ConnectionError', code: 'unreachable' }]],
      0,
    ])
  })

  test('204 and a redirect that the platform hides are no answers', async () => {
    for (const response of [new Response(null, { status: 204 }), Response.error()]) {
      const { held, closed } = await setUpSession()
      held.answer(response)
      await settle()
      expect(closed.mock.calls).toMatchObject([[{ name: 'ConnectionError', code: 'unreachable' }]])
    }
  })
})

test('another certificate in the middle of a session ends it, and nothing more is sent', async () => {
  for (const code of ['ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED']) {
    const { manager, held, closed } = await setUpSession()
    held.fail(Object.assign(new TypeError('fetch failed'), { cause: { code } }))
    await settle()
    await vi.runAllTimersAsync()
    expect([closed.mock.calls, manager.untaken]).toMatchObject([[[{ phase: 'tls', retry: 'user' }]], 0])
  }
})

describe('numbers that a server may send', () => {
  test.each([
    ['0', 1],
    ['1', 1],
    ['2', 2],
    ['9007199254740991', 2],
  ])('requests: %s allows %i', async (requests, allowed) => {
    const { manager, connection } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(body(`sid='s' requests='${requests}'`))
    await manager.next()
    for (const text of ['1', '2', '3']) {
      connection.write(`<x xmlns='x'>${text}</x>`)
      await settle()
      await vi.advanceTimersByTimeAsync(gap)
      await settle()
    }
    expect(manager.untaken).toBe(allowed - 1)
    manager.calls.at(1)?.answer()
    await settle()
    expect(manager.untaken).toBe(allowed)
    connection.destroy()
  })

  test('inactivity: 0 still has a broken request made again', async () => {
    const { manager, connection } = setUp()
    connection.write(openFrame)
    ;(await manager.next()).answer(body("sid='s' inactivity='0'"))
    const poll = await manager.next()
    poll.fail()
    await settle()
    await vi.advanceTimersByTimeAsync(0)
    expect((await manager.next()).text).toBe(poll.text)
    connection.destroy()
  })

  test('do not stop the client: wait, requests, polling, inactivity', async () => {
    const huge = '9007199254740991'
    const { manager, connection } = setUp({ wait: 10 })
    connection.write(openFrame)
    const attributes = ['wait', 'hold', 'requests', 'polling', 'inactivity']
      .map((name) => `${name}='${huge}'`)
      .join(' ')
    ;(await manager.next()).answer(body(`sid='s' ${attributes}`))
    const poll = await manager.next()
    await vi.advanceTimersByTimeAsync(24_999)
    expect(poll.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(poll.aborted).toBe(true)
    connection.destroy()

    const zero = setUp()
    zero.connection.write(openFrame)
    ;(await zero.manager.next()).answer(body(`sid='s' ${attributes.replaceAll(huge, '0')}`))
    const first = await zero.manager.next()
    first.answer()
    await settle()
    expect(zero.manager.untaken).toBe(0) // no loop without a pause
    await vi.advanceTimersByTimeAsync(1000)
    await zero.manager.next()
    zero.connection.destroy()
  })
})

test('S-063 the id of the session is in no error and no inspection', async () => {
  const { connection, held, closed } = await setUpSession()
  expect(inspect(connection, { depth: 9, showHidden: true })).not.toContain('secret-sid')
  held.answer(created('', '<broken>'))
  await settle()
  const [[error] = []] = closed.mock.calls
  expect(error).toMatchObject(refused)
  expect(inspect(error, { depth: 9 })).not.toContain('secret-sid')
})

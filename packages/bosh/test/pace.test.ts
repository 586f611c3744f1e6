import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gap } from '../src/bosh-connection.js'
import { body, settle, setUpSession } from './scripted-manager.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const message = (text: string): string => `<message xmlns='jabber:client'><body>${text}</body></message>`

describe('a BOSH session', () => {
  test('makes no request within 50 ms of one that is not answered: it would come first at times', async () => {
    const { manager, connection, held } = await setUpSession()
    connection.write(message('1'))
    await vi.advanceTimersByTimeAsync(gap - 1)
    await settle()
    expect(manager.untaken).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    await settle()
    expect(manager.untaken).toBe(1)
    const first = await manager.next()
    held.answer()
    await settle()
    connection.write(message('2'))
    connection.end()
    await settle()
    expect(manager.untaken).toBe(0)
    first.answer() // now there is none that it could overtake
    await settle()
    expect(manager.untaken).toBe(1)
    expect((await manager.next()).payload).toBe(message('2'))
    connection.destroy()
  })

  test('makes no empty request when there is something to say to an answer', async () => {
    const { manager, connection, held } = await setUpSession()
    held.answer(body('', message('ping')))
    await vi.advanceTimersByTimeAsync(gap - 1)
    await settle()
    connection.write(message('pong'))
    expect([(await manager.next()).payload, manager.untaken]).toEqual([message('pong'), 0])
    connection.destroy()
  })
})

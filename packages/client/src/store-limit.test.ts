import { virtualTime } from '@couplet/testing'
import { expect, test, vi } from 'vitest'
import { memoryStore } from './state-store.js'
import { limitedStore, StoreLimit } from './store-limit.js'

test('a name that the store gives too late is given back', async () => {
  const time = virtualTime()
  try {
    const release = vi.fn()
    let give = (_: () => void): void => {}
    const claim = () => new Promise<() => void>((resolve) => (give = resolve))
    const limited = limitedStore({ ...memoryStore(), claim }, new StoreLimit())
    await expect(time.until(limited.claim?.('a') as Promise<unknown>)).rejects.toMatchObject({ code: 'timeout' })
    give(release)
    await time.settled()
    expect(release).toHaveBeenCalledOnce()
    expect(await (async () => limited.get('a'))()).toBeUndefined()
    expect(time.timerCount).toBe(0)
  } finally {
    time.restore()
  }
})

test('once nobody needs the store there is no timer, and what it still answers arrives', async () => {
  const time = virtualTime()
  try {
    const limit = new StoreLimit()
    let answer = (_: number): void => {}
    const got = limit.inTime(new Promise<number>((resolve) => (answer = resolve)))
    limit.stop()
    expect(time.timerCount).toBe(0)
    await time.advance(60_000)
    answer(1)
    await expect(got).resolves.toBe(1)
  } finally {
    time.restore()
  }
})

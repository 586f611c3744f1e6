import { message } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import { MessageHold } from './message-hold.js'

const some = (id: number) => message({ id: String(id), to: 'romeo@example.org' })

describe('MessageHold', () => {
  test('what waits comes in order when the last holder lets go, or when it is its turn', () => {
    const hold = new MessageHold()
    const [first, second] = [hold.begin(), hold.begin()]
    const seen: number[] = []
    const messages = [1, 2, 3].map(some)
    for (const [i, each] of messages.entries()) hold.add(each, () => seen.push(i + 1))
    first.dispose()
    first.dispose()
    expect([hold.isOn, seen]).toEqual([true, []])
    hold.pass(messages[1] as (typeof messages)[0])
    hold.pass(messages[1] as (typeof messages)[0])
    second.dispose()
    expect([hold.isOn, seen]).toEqual([false, [2, 1, 3]])
  })

  test('no more than 1,000 wait', () => {
    const hold = new MessageHold()
    hold.begin()
    const start = vi.fn()
    for (let id = 1; id < 1000; id++) hold.add(some(id), start)
    expect(start).not.toHaveBeenCalled()
    hold.add(some(1000), start)
    expect(start).toHaveBeenCalledTimes(1000)
  })
})

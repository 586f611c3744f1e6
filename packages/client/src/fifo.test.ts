import { describe, expect, test } from 'vitest'
import { Fifo } from './fifo.js'

describe('Fifo', () => {
  test('what came first leaves first, whatever comes meanwhile', () => {
    const fifo = new Fifo<number>()
    expect([fifo.length, fifo.first, fifo.shift()]).toEqual([0, undefined, undefined])
    const left: (number | undefined)[] = []
    for (let i = 0; i < 1000; i++) {
      fifo.push(i)
      if (i % 3 === 2) left.push(fifo.shift())
    }
    expect(fifo.length).toBe(1000 - left.length)
    expect(fifo.first).toBe(left.length)
    expect([...fifo]).toHaveLength(fifo.length)
    while (fifo.length > 0) left.push(fifo.shift())
    expect(left).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  })

  test('all at once', () => {
    const fifo = new Fifo<number>()
    for (const i of [1, 2, 3]) fifo.push(i)
    fifo.shift()
    expect([fifo.takeAll(), fifo.length, fifo.takeAll()]).toEqual([[2, 3], 0, []])
  })
})

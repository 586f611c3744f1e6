import { describe, expect, test } from 'vitest'
import { Lanes } from './lanes.js'
import { ReadingBrake } from './reading-brake.js'

/** A brake with handlers that wait for one that is not done. */
function braked() {
  const state = { isAwaited: false }
  const changes: string[] = []
  let brake: ReadingBrake | undefined
  const lanes = new Lanes(() => brake?.check())
  brake = new ReadingBrake(
    lanes,
    () => state.isAwaited,
    (isOn) => void changes.push(`session ${isOn}`),
  )
  const connect = (name: string): void =>
    brake?.connect({ buffered: 0, drained: async () => {}, pause: (isOn) => void changes.push(`${name} ${isOn}`) })
  connect('first')
  const finish: (() => void)[] = []
  const wait = (count: number): void => {
    for (let i = 0; i < count; i++) {
      void lanes.run('bob', () => new Promise<void>((resolve) => finish.push(resolve)))
      brake?.check()
    }
  }
  /** Lets so many handlers be done. */
  const done = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      finish.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { brake, state, changes, wait, done, connect, lanes }
}

describe('R-041 ReadingBrake', () => {
  test('stops at 500 that wait, and goes on at 100', async () => {
    const { changes, wait, done, lanes } = braked()
    wait(500) // one of them runs
    expect(changes).toEqual([])
    wait(1)
    expect(changes).toEqual(['first true', 'session true'])
    await done(399)
    expect([lanes.waiting, changes.length]).toEqual([101, 2])
    await done(1)
    expect(changes.slice(2)).toEqual(['first false', 'session false'])
  })

  test('does not stop while somebody waits for the server, and goes on when somebody begins to', () => {
    const { brake, state, changes, wait } = braked()
    state.isAwaited = true
    wait(600)
    expect(changes).toEqual([])
    state.isAwaited = false
    brake.check()
    expect(changes).toEqual(['first true', 'session true'])
    state.isAwaited = true
    brake.check()
    expect(changes.slice(2)).toEqual(['first false', 'session false'])
  })

  test('the next connection is read until the next stanza', () => {
    const { brake, changes, wait, connect } = braked()
    wait(600)
    brake.release()
    expect(changes).toEqual(['first true', 'session true', 'first false', 'session false'])
    brake.check() // nothing to stop
    connect('second')
    expect(changes).toHaveLength(4)
    brake.check()
    expect(changes.slice(4)).toEqual(['second true', 'session true'])
  })
})

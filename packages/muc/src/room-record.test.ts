import { memoryStore } from '@couplet/client'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { RoomRecord } from './room-record.js'

test('R-029 the rooms we are in last are kept, whenever that changes while others are being written', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const session = fakeSession({ store: memoryStore() })
    let nick = 'first'
    const record = new RoomRecord(session, () => new Map([['room@c.example', nick]]))
    record.changed()
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    nick = 'last'
    record.changed()
    await new Promise((resolve) => setImmediate(resolve))
    expect([turns, (await session.store.get('rooms'))?.value]).toMatchObject([
      turns,
      { rooms: [['room@c.example', 'last']] },
    ])
  }
})

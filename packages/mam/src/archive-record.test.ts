import { memoryStore } from '@couplet/client'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { type ArchiveRecord, ArchiveRecords } from './archive-record.js'

const record = (id: string): ArchiveRecord => ({
  cursor: { id, stamp: undefined },
  delivered: { ids: [], named: [], unnamed: [] },
  sessions: [],
  caughtUp: undefined,
  gaps: [],
})

test('R-029 the last record is kept, whenever it comes while another is being written', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const session = fakeSession({ store: memoryStore() })
    const records = new ArchiveRecords(session, 'cursor')
    void records.write(() => record('first'))
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    await records.write(() => record('last'))
    expect([turns, (await records.read())?.cursor.id]).toEqual([turns, 'last'])
  }
})

test('a store that throws at once is asked again the next time', async () => {
  const session = fakeSession({ store: memoryStore() })
  let isBroken = true
  const { store } = session
  const context = Object.create(session, {
    store: {
      value: {
        ...store,
        batch(changes: Parameters<typeof store.batch>[0]) {
          if (isBroken) throw new RangeError('no')
          return store.batch(changes)
        },
      },
    },
    reportError: { value: session.reportError },
  })
  const records = new ArchiveRecords(context, 'cursor')
  await records.write(() => record('first'))
  isBroken = false
  await records.write(() => record('last'))
  expect((await records.read())?.cursor.id).toBe('last')
  expect(session.errors).toEqual([new RangeError('no')])
})

import { memoryStore } from '@couplet/client'
import { expect, test } from 'vitest'
import { RosterCache } from './roster-cache.js'

test('R-038 the last roster is kept, whenever it comes while another is being written', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const store = memoryStore()
    const cache = new RosterCache(
      () => store,
      (error) => expect(error).toBeUndefined(),
    )
    cache.write(() => ({ ver: 'first', contacts: [] }))
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    cache.write(() => ({ ver: 'last', contacts: [] }))
    expect([turns, (await cache.read())?.ver]).toEqual([turns, 'last'])
  }
})

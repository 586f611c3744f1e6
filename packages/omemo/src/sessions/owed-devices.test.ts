import { memoryStore } from '@couplet/client'
import { expect, test } from 'vitest'
import { OmemoStore } from '../store/omemo-store.js'
import { receiveScope } from './journal.js'
import { noteOwed, owedDevices } from './owed-devices.js'

const device = (deviceId: number) => ({ jid: 'a@a.example', deviceId, version: 'omemo2' }) as const
const all = async (): Promise<boolean> => true

test('each device once, without those that are paid', async () => {
  const store = new OmemoStore(memoryStore())
  await store.transaction([receiveScope], async (transaction) => {
    for (const id of [1, 2, 1, 3]) await noteOwed(transaction, device(id))
  })
  expect(await owedDevices(store, async ({ deviceId }) => deviceId !== 2)).toEqual([device(1), device(3)])
  expect(await owedDevices(store, all)).toEqual([device(1), device(3)])
})

test('the last thousand: strangers can have ever more devices', async () => {
  const store = new OmemoStore(memoryStore())
  await store.transaction([receiveScope], async (transaction) => {
    for (let id = 1; id <= 1001; id++) await noteOwed(transaction, device(id))
  })
  const left = await owedDevices(store, all)
  expect([left.length, left[0], left.at(-1)]).toEqual([1000, device(2), device(1001)])
})

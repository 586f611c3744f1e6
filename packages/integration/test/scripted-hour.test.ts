import { sendPing } from '@couplet/ping'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { type Lab, startLab } from '../src/lab.js'
import type { ServerName } from '../src/server-catalog.js'
import { sharedLab } from '../src/shared-lab.js'
import { Hour } from './hour/hour.js'
import { play } from './hour/script.js'

const names: readonly ServerName[] = ['p13', 'ej24']
const isChosen = names.every((name) => sharedLab().servers.some((server) => server.name === name))

let lab: Lab
beforeAll(async () => {
  if (isChosen) lab = await startLab(names, { federated: true })
}, 30_000)
afterAll(() => lab?.stop())

/** Asks everything that could still bring something: nothing may come of it. */
const settle = async (hour: Hour): Promise<number> => {
  let late = 0
  for (const { client } of hour.devices) {
    late += (await client.mam.catchUp()).count
    late += (await client.mam.catchUp({ archive: hour.room })).count
    await client.request(sendPing, true)
  }
  return late
}

test.runIf(isChosen).each([
  ['Prosody', 1, 0],
  ['ejabberd', 2, 1],
] as const)(
  'R-032 R-035 R-036 two accounts, three devices, a room of 20 on %s: an hour, half of it without the phone (seed %i)',
  { timeout: 60_000 },
  async (_where, seed, host) => {
    const hour = await Hour.begin(lab, seed, host)
    onTestFailed(() => {
      for (const { name, waitingFor } of hour.devices) process.stderr.write(`${name} waits for ${waitingFor}\n`)
    })
    await play(hour)
    expect(await settle(hour)).toBe(0)

    const { laptop, phone, bob, room } = hour
    expect(phone?.missed).toBeGreaterThan(30)
    const [alice, friend] = [laptop.client.account, bob.client.account]
    for (const device of hour.devices)
      expect([device.name, device.diary.repeated, device.errors]).toEqual([device.name, [], []])
    expect(phone?.contacts).toEqual(laptop.contacts)
    expect(bob.contacts).toMatchObject([{ jid: `${alice}`, subscription: 'both', asked: false }])
    expect(phone?.bookmarks).toEqual(laptop.bookmarks)
    expect(phone?.availability(friend)).toEqual(laptop.availability(friend))
    expect(phone?.stateOf(room)).toEqual(laptop.stateOf(room))
    expect(bob.stateOf(room)).toEqual({ ...laptop.stateOf(room), nick: 'bob' })

    const said = laptop.diary.conversation(room)
    expect(said.length).toBeGreaterThan(30)
    expect(phone?.diary.conversation(room)).toEqual(said)
    expect(bob.diary.conversation(room)).toEqual(said)
    const written = laptop.diary.conversation(friend)
    expect(written.length).toBeGreaterThan(30)
    expect(phone?.diary.conversation(friend)).toEqual(written)
    expect(bob.diary.conversation(alice)).toEqual(written)
    expect(phone?.diary.shown(friend)).toEqual(laptop.diary.shown(friend))
    expect(bob.diary.shown(alice)).toEqual(laptop.diary.shown(friend))
    expect(phone?.diary.displayed).toEqual(laptop.diary.displayed)
  },
)

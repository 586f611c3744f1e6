import { describe, expect, test } from 'vitest'
import { versions } from './elements.js'
import { servers } from './omemo-targets.js'
import { privateRoom } from './private-room.js'
import { startPython, whyNoPython } from './python-driver.js'
import { PythonUser } from './python-user.js'

// What is tested here is the harness that the other files rely on: devices of python-omemo on real servers.
describe.skipIf(whyNoPython)(`python-omemo with itself${whyNoPython}`, () => {
  const driver = startPython()

  describe.each(servers)('on $title', (target) => {
    describe.each(Object.entries(versions))('in %s', (_, version) => {
      const start = (options = {}) => PythonUser.start(target, driver, { versions: [version], ...options })

      test('two devices talk, and go on after a restart', async () => {
        const [juliet, romeo] = await Promise.all([start(), start()])
        await juliet.meet(romeo.jid)
        for (const body of ['one', 'two']) {
          await juliet.send(romeo.jid, body)
          expect(await romeo.hears(body)).toMatchObject({ version, decrypted: { device: juliet.device } })
          await romeo.restart(await romeo.command('dump', {}))
          await romeo.send(juliet.jid, `${body} too`)
          expect(await juliet.hears(`${body} too`)).toMatchObject({ version, sender: romeo.jid })
        }
        expect(romeo.failures).toEqual([])
      })

      test('another device of the sender reads along, whatever the order', async () => {
        const account = await target.createUser()
        const romeo = await start({ holds: true })
        const phone = await start({ account, holds: true })
        const laptop = await start({ account })
        await Promise.all([laptop.meet(romeo.jid), laptop.meet(account.jid)])
        const bodies = ['one', 'two', 'three']
        for (const body of bodies) await laptop.send(romeo.jid, body)
        for (const reader of [romeo, phone]) {
          const arrivals = await reader.arrivals.count(3)
          for (const arrival of [...arrivals].reverse()) await reader.read(arrival)
          expect(reader.bodies).toEqual([...bodies].reverse())
          expect(reader.failures).toEqual([])
        }
      })

      test('in a room for members only', async () => {
        const users = await Promise.all([start(), start(), start()])
        const [room] = await privateRoom(
          target,
          users.map(({ client }) => client),
        )
        const members = users.map(({ jid }) => jid)
        for (const user of users) for (const jid of members) await user.meet(jid)
        for (const user of users) {
          await user.sendToRoom(String(room?.jid), members, `from ${user.jid}`)
          for (const other of users) {
            if (other !== user) expect(await other.hears(`from ${user.jid}`)).toMatchObject({ sender: user.jid })
          }
        }
      })
    })
  })
})

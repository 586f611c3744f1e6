import { describe, expect, test } from 'vitest'
import { NS_OMEMO_2, versions } from './elements.js'
import { servers } from './omemo-targets.js'
import { OurUser } from './our-user.js'
import { privateRoom } from './private-room.js'
import { startPython, whyNoPython } from './python-driver.js'
import { PythonUser } from './python-user.js'

describe.skipIf(whyNoPython)(`several devices, ours and those of python-omemo${whyNoPython}`, () => {
  const driver = startPython()

  describe.each(servers)('on $title', (target) => {
    describe.each(Object.entries(versions))('in %s', (_, version) => {
      const only = { versions: [version] }

      test('OMEMO A2 three devices of one account, and whom they talk with', async () => {
        const account = await target.createUser()
        const friend = await PythonUser.start(target, driver, only)
        const laptop = await OurUser.start(target, { account })
        const desktop = await PythonUser.start(target, driver, { ...only, account })
        const phone = await OurUser.start(target, { account })
        const mine = [laptop, desktop, phone]
        await friend.meet(account.jid)
        await desktop.meet(account.jid)
        await desktop.meet(friend.jid)

        await friend.send(account.jid, 'to all three')
        for (const device of mine) await device.hears('to all three')
        for (const device of mine) {
          const body = `from ${device.device}`
          await device.send(friend.jid, body)
          expect(await friend.hears(body)).toMatchObject({ version, decrypted: { device: device.device } })
          for (const other of mine) if (other !== device) await other.hears(body)
        }
        for (const { failures } of [...mine, friend]) expect(failures).toEqual([])
      })

      test('OMEMO F15 a device that was added later is known by its first message', async () => {
        const account = await target.createUser()
        const [ours, phone] = await Promise.all([
          OurUser.start(target),
          PythonUser.start(target, driver, { ...only, account }),
        ])
        await ours.send(account.jid, 'to one')
        await phone.hears('to one')
        // They are no contacts: nobody has told us that there is another device.
        const laptop = await PythonUser.start(target, driver, { ...only, account })
        await laptop.meet(ours.jid)
        await laptop.send(ours.jid, 'here is another one')
        await ours.hears('here is another one')
        await ours.events.until((each) => each.type === 'device-added' && each.deviceId === laptop.device)
        await ours.send(account.jid, 'to both')
        for (const device of [phone, laptop]) await device.hears('to both')
        expect([ours, phone, laptop].flatMap(({ failures }) => failures)).toEqual([])
      })

      test('OMEMO A2 a room for members only', async () => {
        const ours = await OurUser.start(target)
        const [alice, bob] = await Promise.all([
          PythonUser.start(target, driver, only),
          PythonUser.start(target, driver, only),
        ])
        const users = [ours, alice, bob]
        const members = users.map(({ jid }) => jid)
        const [room] = await privateRoom(
          target,
          users.map(({ client }) => client),
        )
        const address = String(room?.jid)
        for (const user of [alice, bob]) for (const jid of members) await user.meet(jid)
        await alice.sendToRoom(address, members, 'from alice')
        expect(await ours.hears('from alice')).toMatchObject({ sender: alice.jid, room: address })
        await bob.hears('from alice')
        await ours.sendToRoom(address, 'from us')
        for (const user of [alice, bob])
          expect(await user.hears('from us')).toMatchObject({ sender: ours.jid, version })
        await bob.sendToRoom(address, members, 'from bob')
        await ours.hears('from bob')
        await alice.hears('from bob')
        for (const { failures } of users) expect(failures).toEqual([])
      })
    })

    test('OMEMO F21 an account whose devices speak different versions gets one message for all of them', async () => {
      const account = await target.createUser()
      const ours = await OurUser.start(target)
      const devices = []
      for (const version of Object.values(versions)) {
        devices.push(await PythonUser.start(target, driver, { versions: [version], account }))
      }
      const sent = await ours.send(account.jid, 'in both')
      expect(sent.recipients.map(({ version }) => version).sort()).toEqual(['legacy', 'omemo2'])
      const heard = await Promise.all(devices.map((device) => device.hears('in both')))
      expect(heard.map(({ stanza }) => stanza.id)).toEqual([sent.id, sent.id])
      for (const device of devices) {
        await device.meet(ours.jid)
        await device.send(ours.jid, `from ${device.device}`)
        await ours.hears(`from ${device.device}`)
      }
      expect([ours, ...devices].flatMap(({ failures }) => failures)).toEqual([])
    })

    test('OMEMO S5 S6 words for somebody else, passed on to us, are not taken for ours', async () => {
      const [ours, theirs] = await Promise.all([
        OurUser.start(target),
        PythonUser.start(target, driver, { versions: [NS_OMEMO_2] }),
      ])
      await theirs.meet(ours.jid)
      // What a forwarder can do: its own key, and an envelope that names the victim, or another recipient.
      for (const affix of [{ from: 'victim@example.org' }, { to: 'somebody@example.org' }]) {
        await theirs.post(ours.jid, await theirs.encrypt([ours.jid], JSON.stringify(affix), affix))
      }
      await theirs.send(ours.jid, 'in good order')
      await ours.hears('in good order')
      expect(ours.bodies).toEqual(['in good order'])
      expect(ours.failures).toHaveLength(2)
    })
  })
})

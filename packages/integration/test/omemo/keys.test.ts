import type { XmlElement } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { bundlePlace, NS_LEGACY, type Version, versions } from './elements.js'
import { servers } from './omemo-targets.js'
import { OurUser } from './our-user.js'
import { startPython, whyNoPython } from './python-driver.js'
import type { PythonEncrypted } from './python-protocol.js'
import { PythonUser, type PythonUserOptions } from './python-user.js'

/** The ids of the prekeys in a bundle. */
const preKeysIn = (bundle: XmlElement | undefined): readonly string[] =>
  [...(bundle?.child('prekeys')?.elements() ?? [])].map((key) => key.attr('preKeyId') ?? key.attr('id') ?? '')

const bundleOf = async ({ client }: PythonUser, version: Version, owner: OurUser): Promise<XmlElement | undefined> => {
  const { node, id } = bundlePlace(version, owner.device)
  return client.pep.get(node, { from: owner.jid, id })
}

/** Resolves when a bundle with other prekeys was published, because it was time. */
const refilled = async (
  { client, clock, device }: OurUser,
  version: Version,
  offered: readonly string[],
): Promise<void> => {
  const published = new Promise<void>((resolve) => {
    client.pep.onChange(bundlePlace(version, device).node, (bundle) => {
      if (preKeysIn(bundle).some((id) => !offered.includes(id))) resolve()
    })
  })
  clock.forward(60_000)
  await published
}

describe.skipIf(whyNoPython)(`keys that come and go, ours and those of python-omemo${whyNoPython}`, () => {
  const driver = startPython()

  describe.each(servers)('on $title', (target) => {
    describe.each(Object.entries(versions))('in %s', (_, version) => {
      const only = { versions: [version] }
      const start = (options?: PythonUserOptions) =>
        Promise.all([OurUser.start(target), PythonUser.start(target, driver, { ...only, ...options })])

      test('OMEMO A2 prekeys are used up, and others take their places', async () => {
        const [ours, theirs] = await start()
        await theirs.meet(ours.jid)
        const offered = preKeysIn(await bundleOf(theirs, version, ours))
        expect(offered).toHaveLength(100)
        await theirs.send(ours.jid, 'hello')
        await ours.hears('hello')
        const used = 12
        for (let n = 0; n < used; n++) {
          await theirs.command('replace_sessions', { jid: ours.jid, device: ours.device })
          await theirs.send(ours.jid, `session ${n}`)
          await ours.hears(`session ${n}`)
        }
        expect(ours.failures).toEqual([])
        // Some of them were taken more than once: until there is another bundle that is how it has to be.
        await refilled(ours, version, offered)
        const now = preKeysIn(await bundleOf(theirs, version, ours))
        expect(now).toHaveLength(100)
        expect(now.filter((id) => offered.includes(id)).length).toBeLessThan(offered.length)
        await ours.send(theirs.jid, 'answer')
        await theirs.hears('answer')
      })

      test('OMEMO A2 signed prekeys change while messages are on their way', async () => {
        const [ours, theirs] = await start()
        await theirs.meet(ours.jid)
        const late = await theirs.encrypt([ours.jid], 'with the old key')
        await ours.rotate()
        await theirs.post(ours.jid, late)
        await ours.hears('with the old key')
        const other = await PythonUser.start(target, driver, only)
        await other.meet(ours.jid)
        await other.send(ours.jid, 'with the new key')
        await ours.hears('with the new key')
        await other.command('rotate', { version })
        await ours.send(other.jid, 'in the session there is')
        await other.hears('in the session there is')
        const another = await OurUser.start(target)
        await another.send(other.jid, 'with their new key')
        await other.hears('with their new key')
        expect([ours, theirs, other, another].flatMap(({ failures }) => failures)).toEqual([])
      })

      test('OMEMO F22 who only listens gives signs of life', async () => {
        const [ours, theirs] = await start()
        await theirs.meet(ours.jid)
        await theirs.send(ours.jid, 'hello')
        await ours.hears('hello')
        await ours.send(theirs.jid, 'hello')
        await theirs.hears('hello')
        const before = theirs.outcomes.all.length
        for (let n = 0; n < 60; n++) await theirs.send(ours.jid, `news ${n}`)
        await ours.hears('news 59')
        const sign = await theirs.outcomes.count(before + 1)
        expect(sign.slice(before)).toMatchObject([{ decrypted: { plaintext: null } }])
        expect([theirs.failures, ours.failures]).toEqual([[], []])
      })

      test('OMEMO F2 two senders have taken the same prekey while nobody was here', async () => {
        const ours = await OurUser.start(target)
        const senders = await Promise.all([
          PythonUser.start(target, driver, only),
          PythonUser.start(target, driver, only),
        ])
        const bundle = String(await bundleOf(senders[0], version, ours))
        const lone =
          version === NS_LEGACY
            ? /(<preKeyPublic .*?<\/preKeyPublic>)(?:.|\n)*(?=<\/prekeys>)/
            : /(<pk .*?<\/pk>)(?:.|\n)*(?=<\/prekeys>)/
        const messages: PythonEncrypted[] = []
        for (const sender of senders) {
          sender.bundles = bundle.replace(lone, '$1')
          await sender.meet(ours.jid)
          messages.push(await sender.encrypt([ours.jid], `from ${sender.jid}`))
        }
        await ours.catchUp(async () => {
          for (const [index, sender] of senders.entries()) {
            await sender.post(ours.jid, messages[index]!)
            await ours.hears(`from ${sender.jid}`)
          }
        })
        expect(ours.failures).toEqual([])
      })
    })
  })
})

import { describe, expect, test } from 'vitest'
import { NS_LEGACY, NS_OMEMO_2, versions } from './elements.js'
import { servers } from './omemo-targets.js'
import { OurUser } from './our-user.js'
import { startPython, whyNoPython } from './python-driver.js'
import { PythonUser, type PythonUserOptions } from './python-user.js'

const range = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`)

describe.skipIf(whyNoPython)(`our plugin and python-omemo${whyNoPython}`, () => {
  const driver = startPython()

  describe.each(servers)('on $title', (target) => {
    const start = (options?: PythonUserOptions) =>
      Promise.all([OurUser.start(target), PythonUser.start(target, driver, options)])

    describe.each(Object.entries(versions))('in %s', (_, version) => {
      const only = { versions: [version] }

      test('OMEMO A2 we write first', async () => {
        const [ours, theirs] = await start(only)
        await ours.send(theirs.jid, 'one')
        expect(await theirs.hears('one')).toMatchObject({ version, decrypted: { device: ours.device } })
        await ours.send(theirs.jid, 'two')
        await theirs.hears('two')
        await theirs.send(ours.jid, 'three')
        expect(await ours.hears('three')).toMatchObject({ version, device: theirs.device })
        await ours.send(theirs.jid, 'four')
        await theirs.hears('four')
        expect(await theirs.command('session', { version, jid: ours.jid, device: ours.device })).toMatchObject({
          initiation: 'passive',
        })
        expect([theirs.failures, ours.failures]).toEqual([[], []])
      })

      test('OMEMO A2 they write first', async () => {
        const [ours, theirs] = await start(only)
        await theirs.meet(ours.jid)
        await theirs.send(ours.jid, 'one')
        await theirs.send(ours.jid, 'two')
        expect(await ours.hears('two')).toMatchObject({ version, device: theirs.device })
        await ours.send(theirs.jid, 'three')
        expect(await theirs.hears('three')).toMatchObject({ version, decrypted: { device: ours.device } })
        expect(await theirs.command('session', { version, jid: ours.jid, device: ours.device })).toMatchObject({
          initiation: 'active',
          confirmed: true,
        })
        await theirs.send(ours.jid, 'four')
        await ours.hears('four')
        expect(ours.bodies).toEqual(['one', 'two', 'four'])
        expect([theirs.failures, ours.failures]).toEqual([[], []])
      })

      test('OMEMO F3 both begin at the same time', async () => {
        const [ours, theirs] = await start({ ...only, holds: true })
        await theirs.meet(ours.jid)
        // Neither has read anything when both have written.
        const early = await theirs.encrypt([ours.jid], 'theirs')
        await ours.send(theirs.jid, 'ours')
        const [arrival] = await theirs.arrivals.count(1)
        await theirs.post(ours.jid, early)
        await ours.hears('theirs')
        expect(await theirs.read(arrival!)).toMatchObject({ body: 'ours' })
        // Whatever they have made of it: all that they write from now on can be read, and after it all that we write.
        theirs.holds = false
        const before = theirs.failures.length
        await theirs.send(ours.jid, 'after')
        await ours.hears('after')
        const [there, back] = [range(20, 'there'), range(20, 'back')]
        for (const [n, body] of there.entries()) {
          void ours.send(theirs.jid, body)
          await theirs.send(ours.jid, back[n] ?? '')
        }
        await Promise.all([theirs.hears('there 19'), ours.hears('back 19')])
        expect(ours.bodies).toEqual(['theirs', 'after', ...back])
        expect(theirs.bodies).toEqual(['ours', ...there])
        expect(ours.failures).toEqual([])
        expect(theirs.failures).toHaveLength(before)
      })

      test('OMEMO A2 out of order, both ways', async () => {
        const [ours, theirs] = await start({ ...only, holds: true })
        await theirs.meet(ours.jid)
        const bodies = range(6, 'body')
        for (const body of bodies) await ours.send(theirs.jid, body)
        for (const arrival of [...(await theirs.arrivals.count(6))].reverse()) await theirs.read(arrival)
        expect(theirs.bodies).toEqual([...bodies].reverse())
        const written = []
        for (const body of bodies) written.push(await theirs.encrypt([ours.jid], body))
        for (const each of written.reverse()) await theirs.post(ours.jid, each)
        await ours.hears('body 0')
        expect(ours.bodies).toEqual([...bodies].reverse())
        expect([theirs.failures, ours.failures]).toEqual([[], []])
      })

      test('OMEMO A2 either side starts anew in the middle of it', async () => {
        const [ours, theirs] = await start(only)
        await theirs.meet(ours.jid)
        await theirs.send(ours.jid, 'one')
        await ours.hears('one')
        await ours.restart()
        await theirs.send(ours.jid, 'two')
        await ours.hears('two')
        await theirs.restart(await theirs.command('dump', {}))
        await ours.send(theirs.jid, 'three')
        await theirs.hears('three')
        await ours.restart()
        await ours.send(theirs.jid, 'four')
        await theirs.hears('four')
        await theirs.send(ours.jid, 'five')
        await ours.hears('five')
        expect([theirs.failures, ours.failures]).toEqual([[], []])
      })

      test('OMEMO F4 somebody who comes back with an old state is understood again', async () => {
        const [ours, theirs] = await start(only)
        await theirs.meet(ours.jid)
        await theirs.send(ours.jid, 'hello')
        await ours.hears('hello')
        await ours.send(theirs.jid, 'hello')
        await theirs.hears('hello')
        const entries = await theirs.command('dump', {})
        for (const body of range(3, 'forgotten')) {
          await theirs.send(ours.jid, body)
          await ours.hears(body)
        }
        await theirs.restart(entries)
        await theirs.send(ours.jid, 'with keys that were used before')
        // It cannot be read, and that is said.
        expect(await ours.outcomes.until(({ status }) => status === 'failed')).toMatchObject({
          device: { deviceId: theirs.device },
        })
        if (version === NS_OMEMO_2) await ours.client.omemo.resetSession(theirs.jid)
        await ours.send(theirs.jid, 'a new session')
        await theirs.hears('a new session')
        await theirs.send(ours.jid, 'in the new session')
        await ours.hears('in the new session')
        expect(ours.failures).toHaveLength(1)
      })

      test('OMEMO F1 what was said while we were away comes once, by whichever way', async () => {
        const ours = await OurUser.start(target)
        const [friend, other] = await Promise.all([
          PythonUser.start(target, driver, only),
          PythonUser.start(target, driver, only),
        ])
        await Promise.all([friend.meet(ours.jid), other.meet(ours.jid)])
        await friend.send(ours.jid, 'before')
        await ours.hears('before')
        await ours.leave()
        for (const body of range(3, 'away')) await friend.send(ours.jid, body)
        await other.send(ours.jid, 'from somebody else')
        await ours.comeBack()
        await friend.send(ours.jid, 'back')
        await other.send(ours.jid, 'and again')
        for (const body of ['away 2', 'back', 'and again']) await ours.hears(body)
        expect([...ours.bodies].sort()).toEqual(
          ['before', ...range(3, 'away'), 'from somebody else', 'back', 'and again'].sort(),
        )
        await ours.send(other.jid, 'heard you')
        await other.hears('heard you')
        expect([ours, friend, other].flatMap(({ failures }) => failures)).toEqual([])
      })

      test('OMEMO A3 what an attribute says about key exchanges does not count', async () => {
        const [ours, theirs] = await start(only)
        await theirs.meet(ours.jid)
        const attribute = / (?:kex|prekey)="true"/g
        const name = version === NS_LEGACY ? 'prekey' : 'kex'
        const edits = { missing: '', false: ` ${name}="false"`, wrong: ` ${name}="yes"` }
        for (const [body, edit] of Object.entries(edits)) {
          const written = await theirs.encrypt([ours.jid], body)
          expect(written.messages[0]?.xml).toMatch(attribute)
          await theirs.post(ours.jid, written, (xml) => xml.replace(attribute, edit))
          await ours.hears(body)
        }
        await ours.send(theirs.jid, 'read')
        await theirs.hears('read')
        // A message of a session that is known, with the mark of a key exchange.
        const marked = await theirs.encrypt([ours.jid], 'marked')
        await theirs.post(ours.jid, marked, (xml) => xml.replace(/(<(?:\w+:)?key )/g, `$1${name}="true" `))
        await ours.hears('marked')
        expect(ours.failures).toEqual([])
      })

      test('OMEMO A4 the last message of a chain whose length was announced too low', async () => {
        const [ours, theirs] = await start({ ...only, announces_last_index: true })
        await theirs.meet(ours.jid)
        await theirs.send(ours.jid, 'hello')
        await ours.hears('hello')
        await ours.send(theirs.jid, 'turn')
        await theirs.hears('turn')
        await theirs.send(ours.jid, 'first')
        const last = await theirs.encrypt([ours.jid], 'last')
        await ours.hears('first')
        await ours.send(theirs.jid, 'turn again')
        await theirs.hears('turn again')
        await theirs.send(ours.jid, 'next chain')
        await ours.hears('next chain')
        await theirs.post(ours.jid, last)
        await ours.hears('last')
        expect(ours.failures).toEqual([])
      })
    })

    test('OMEMO A6 one device, the same identity in both versions; the newer one is spoken', async () => {
      const [ours, theirs] = await start()
      await theirs.meet(ours.jid)
      await ours.send(theirs.jid, 'ours')
      expect(await theirs.hears('ours')).toMatchObject({ version: NS_OMEMO_2 })
      expect(await theirs.command('devices', { jid: ours.jid })).toMatchObject([
        { device: ours.device, versions: [NS_LEGACY, NS_OMEMO_2] },
      ])
      for (const version of [NS_LEGACY, NS_OMEMO_2] as const) {
        await theirs.send(ours.jid, version, [version])
        expect(await ours.hears(version)).toMatchObject({ version, fingerprint: theirs.fingerprint })
      }
      expect([theirs.failures, ours.failures]).toEqual([[], []])
    })
  })
})

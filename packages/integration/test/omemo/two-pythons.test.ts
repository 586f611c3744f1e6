import { describe, expect, test } from 'vitest'
import { targets } from '../conformance/targets.js'
import { versions } from './elements.js'
import { startPython, whyNoPython } from './python-driver.js'
import { PythonUser } from './python-user.js'

// The loopback server has no nodes. What is tested here is the harness: two devices of python-omemo on a real server.
const live = (await targets()).filter(({ name }) => name === 'p13' || name === 'ej24')

describe.skipIf(whyNoPython)(`python-omemo with itself${whyNoPython}`, () => {
  const driver = whyNoPython ? undefined! : startPython()

  describe.each(live)('on $title', (target) => {
    test.each(Object.entries(versions))('two devices talk in %s', async (_, version) => {
      const [juliet, romeo] = await Promise.all([
        PythonUser.start(target, driver, { versions: [version] }),
        PythonUser.start(target, driver, { versions: [version] }),
      ])
      await juliet.meet(romeo.jid)
      for (const body of ['one', 'two']) {
        await juliet.send(romeo.jid, body)
        expect(await romeo.hears(body)).toMatchObject({
          version,
          sender: juliet.jid,
          decrypted: { device: juliet.device },
        })
        await romeo.send(juliet.jid, `${body} too`)
        expect(await juliet.hears(`${body} too`)).toMatchObject({ version, sender: romeo.jid })
      }
      expect(romeo.outcomes.all.filter(({ failure }) => failure)).toEqual([])
    })
  })
})

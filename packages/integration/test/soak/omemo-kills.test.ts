import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VersionName } from '@couplet/omemo'
import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { Target } from '../conformance/targets.js'
import { NS_LEGACY, NS_OMEMO_2 } from '../omemo/elements.js'
import { servers } from '../omemo/omemo-targets.js'
import { OurUser } from '../omemo/our-user.js'
import { type PythonDriver, startPython, whyNoPython } from '../omemo/python-driver.js'
import { PythonUser } from '../omemo/python-user.js'
import { kill, nextReport, numbersIn, startScript } from './killed-process.js'

/** How often the device is killed; `npm run soak` takes 5, and 20 with `--proof`. */
const kills = Number(process.env.COUPLET_SOAK_KILLS ?? 1)
const seed = Number(process.env.COUPLET_SOAK_SEED ?? Date.now())

/** What the device says: what it has handled and could not read, and how it came online. */
type Report =
  | { readonly handled: number; readonly again: boolean }
  | { readonly failed: string }
  | { readonly online: boolean }
  | { readonly ready: number }
  | { readonly sent: number }
  | { readonly stopped: boolean }

/** Whom the device writes with. */
interface Peer {
  readonly jid: string
  readonly bodies: readonly (string | undefined)[]
  /** What could not be read. */
  readonly failures: readonly unknown[]
  send(to: string, body: string): Promise<unknown>
  hears(body: string): Promise<unknown>
}

/** A peer, what it does before it writes, and the message keys that it has seen. */
interface Party {
  readonly peer: Peer
  readonly meet: (jid: string) => Promise<void>
  readonly keys: () => { readonly count: number; readonly twice: readonly string[] } | undefined
}

const withOurs = async (target: Target, name: VersionName): Promise<Party> => {
  const peer = await OurUser.start(target, { versions: [name], policy: { staleAfter: 1_000_000 } })
  return { peer, meet: async () => {}, keys: () => peer.client.usedKeys }
}

// It says itself that a key was used before: such a message cannot be read.
const withPython = async (target: Target, name: VersionName, driver: PythonDriver): Promise<Party> => {
  const version = name === 'omemo2' ? NS_OMEMO_2 : NS_LEGACY
  const peer = await PythonUser.start(target, driver, { versions: [version] })
  return { peer, meet: (jid) => peer.meet(jid), keys: () => undefined }
}

/** Writes numbers, one after the other, until told to stop. */
function numbered(user: Peer, to: string) {
  let isStopped = false
  let sent = 0
  const done = (async () => {
    for (; !isStopped; sent++) await user.send(to, String(sent))
  })()
  return {
    async stop() {
      isStopped = true
      await done
      return sent
    },
  }
}

const driver = startPython()
const parties = [
  { name: 'a device of ours', isMissing: false, begin: withOurs },
  { name: `python-omemo${whyNoPython}`, isMissing: whyNoPython !== '', begin: withPython },
]

describe.each(servers)('R-029 kill -9 of a device on $title', (target) => {
  describe.each(parties)('that writes with $name', ({ name, isMissing, begin }) => {
    test.skipIf(isMissing).each(['omemo2', 'legacy'] as const)(
      `OMEMO F18 ${kills} kills in %s: nothing is lost, no key is used twice (seed ${seed})`,
      async (version) => {
        const folder = await mkdtemp(join(tmpdir(), 'couplet-omemo-kills-'))
        const { next: random } = seededRandom(seed)
        const { peer, meet, keys } = await begin(target, version, driver)
        const account = await target.createUser()
        const place = { service: target.service('xmpps'), ca: target.server?.ca }
        const reported = new Set<number>()
        const failed: string[] = []
        let [again, ready, sent] = [0, 0, 0]
        let isStopped = false
        const run = () =>
          startScript('killed-omemo.mjs', { ...account, ...place, to: peer.jid, folder, version }, (report: Report) => {
            if ('failed' in report) failed.push(report.failed)
            else if ('ready' in report) ready++
            else if ('sent' in report) sent++
            else if ('stopped' in report) isStopped = true
            else if ('again' in report) report.again ? again++ : reported.add(report.handled)
          })
        let writer: ReturnType<typeof numbered> | undefined
        for (let life = 0; life < kills; life++) {
          const child = run()
          while (ready === 0) await nextReport(child)
          if (life === 0) await meet(account.jid)
          writer ??= numbered(peer, account.jid)
          const [read, said] = [reported.size + Math.floor(random() * 60), sent + 1 + Math.floor(random() * 20)]
          while (reported.size < read || sent < said) await nextReport(child)
          await kill(child)
        }
        const written = (await writer?.stop()) ?? 0
        const last = run()
        while (reported.size < written) await nextReport(last)
        last.send('stop')
        while (!isStopped) await nextReport(last)
        await kill(last)
        const [handled, own] = [new Set(await numbersIn(folder, 'handled')), await numbersIn(folder, 'sent')]
        const all = (count: number) => Array.from({ length: count }, (_, number) => number)
        expect(all(written).filter((number) => !handled.has(number))).toEqual([])
        await peer.hears(String(Math.max(...own)))
        const bodies = new Set(peer.bodies)
        expect(own.filter((number) => !bodies.has(String(number)))).toEqual([])
        const { count, twice } = keys() ?? { count: own.length, twice: [] }
        expect({ twice, failed, unread: peer.failures }).toEqual({ twice: [], failed: [], unread: [] })
        expect(count).toBeGreaterThanOrEqual(own.length)
        console.log(
          `${target.title}, ${version}, ${name}: ${kills} kills, ${own.length} and ${written} texts, ${again} read again`,
        )
        await rm(folder, { recursive: true })
      },
      kills * 40_000 + 60_000,
    )
  })
})

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { sharedLab } from '../../src/shared-lab.js'
import { kill, nextReport, numbersIn, startScript } from './killed-process.js'
import { numberedSide } from './numbered-side.js'

/** How often the client is killed; `npm run soak` takes 20 and more. */
const kills = Number(process.env.COUPLET_SOAK_KILLS ?? 2)
const seed = Number(process.env.COUPLET_SOAK_SEED ?? Date.now())

/** What the client says: what it has handled, and how it came online. */
type Report = { readonly handled: number; readonly again: boolean } | { readonly online: boolean }

describe.each(
  sharedLab()
    .servers.filter(({ name }) => name !== 'p12')
    .map((server) => [`${server.kind} ${server.version}`, server] as const),
)('R-029 kill -9 of a client on %s', (_, server) => {
  test(
    `${kills} kills: nothing is lost either way (seed ${seed})`,
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'couplet-kills-'))
      const [account, other] = [await server.createUser(), await server.createUser()]
      const side = await numberedSide(server, other)
      await side.client.online()
      const { next: random } = seededRandom(seed)
      const service = `xmpps://${server.ip}:${server.ports.directTls}`
      const options = { ...account, to: other.jid, service, ca: server.ca, folder }
      const reported = new Set<number>()
      const sessions = { resumed: 0, fresh: 0 }
      let again = 0
      const run = () =>
        startScript('killed-client.mjs', options, (report: Report) => {
          if ('online' in report) sessions[report.online ? 'resumed' : 'fresh']++
          else if (report.again) again++
          else reported.add(report.handled)
        })
      for (let life = 0; life < kills; life++) {
        const child = run()
        // What came before its first login is history, of which it wants none.
        while (life === 0 && sessions.fresh === 0) await nextReport(child)
        if (life === 0) side.start(account.jid)
        const goal = reported.size + 20 + Math.floor(random() * 200)
        while (reported.size < goal) await nextReport(child)
        await kill(child)
      }
      await side.stop()
      const last = run()
      while (reported.size < side.sent) await nextReport(last)
      last.send('stop')
      await once(last, 'exit')
      const [handled, own] = [new Set(await numbersIn(folder, 'handled')), await numbersIn(folder, 'sent')]
      const sent = Math.max(...own) + 1
      await side.ledger.seen(sent - 1)
      expect(Array.from({ length: side.sent }, (_, number) => number).filter((number) => !handled.has(number))).toEqual(
        [],
      )
      expect({ lost: side.ledger.missing(sent), duplicates: side.ledger.duplicates }).toEqual({
        lost: [],
        duplicates: [],
      })
      expect(side.failures).toEqual([])
      expect(sessions.resumed).toBeGreaterThan(0)
      console.log(`${server.name}: ${kills} kills, ${sent} and ${side.sent} messages, ${again} handled again`, sessions)
      await side.client.close()
      await side.proxy.stop()
      await rm(folder, { recursive: true })
    },
    kills * 40_000 + 60_000,
  )
})

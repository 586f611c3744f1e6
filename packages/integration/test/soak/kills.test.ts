import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { sharedLab } from '../../src/shared-lab.js'
import { numberedSide } from './numbered-side.js'

/** How often the client is killed; `npm run soak` takes 20 and more. */
const kills = Number(process.env.COUPLET_SOAK_KILLS ?? 4)
const seed = Number(process.env.COUPLET_SOAK_SEED ?? Date.now())

/** Runs built packages, as users have them: `npm run build` first. */
const script = fileURLToPath(new URL('../../soak/killed-client.mjs', import.meta.url))

/** What the client writes to its log: what it sent, and what it has handled. */
type Report =
  | { readonly sent: number }
  | { readonly handled: number; readonly again: boolean }
  | { readonly online: boolean }

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
      side.start(account.jid)
      const { next: random } = seededRandom(seed)
      const service = `xmpps://${server.ip}:${server.ports.directTls}`
      const options = JSON.stringify({ ...account, to: other.jid, service, ca: server.ca, folder })
      const handled = new Set<number>()
      const sessions = { resumed: 0, fresh: 0 }
      let sent = 0
      let again = 0
      const run = (): ChildProcess =>
        fork(script, [options], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }).on('message', (report: Report) => {
          if ('sent' in report) sent = Math.max(sent, report.sent + 1)
          else if ('online' in report) sessions[report.online ? 'resumed' : 'fresh']++
          else if (report.again) again++
          else handled.add(report.handled)
        })
      for (let kill = 0; kill < kills; kill++) {
        const child = run()
        const goal = handled.size + 10 + Math.floor(random() * 40)
        while (handled.size < goal) await once(child, 'message')
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      await side.stop()
      const last = run()
      while (!handled.has(side.sent - 1)) await once(last, 'message')
      last.send('stop')
      await once(last, 'exit')
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
    kills * 15_000 + 30_000,
  )
})

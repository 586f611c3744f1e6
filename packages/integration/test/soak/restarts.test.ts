import { describe, expect, test } from 'vitest'
import { startLab } from '../../src/lab.js'
import type { ServerName } from '../../src/server-catalog.js'
import { sharedLab } from '../../src/shared-lab.js'
import { type NumberedSide, numberedSide } from './numbered-side.js'

/** Restarts of each server; `npm run soak` takes more. */
const restarts = Number(process.env.COUPLET_SOAK_RESTARTS ?? 2)

const names = sharedLab().servers.map(({ name }) => name as ServerName)

describe.each(names.filter((name) => name !== 'p12'))('R-052 restarts of %s', (name) => {
  test(
    `${restarts} restarts in mid traffic: nothing is lost or doubled`,
    async () => {
      await using lab = await startLab([name])
      const server = lab.server(name)
      const accounts = [await server.createUser(), await server.createUser()] as const
      const sides = [await numberedSide(server, accounts[0]), await numberedSide(server, accounts[1])] as const
      await Promise.all(sides.map(({ client }) => client.online()))
      sides[0].start(accounts[1].jid)
      sides[1].start(accounts[0].jid)
      for (let restart = 0; restart < restarts; restart++) {
        await Promise.all(sides.map(({ ledger }) => ledger.count(ledger.size + 50)))
        for (const side of sides) side.isHurried = false
        await server.restart()
        for (const side of sides) {
          side.isHurried = true
          side.client.networkChanged()
        }
      }
      await Promise.all(sides.map((side) => side.stop()))
      await Promise.all([sides[0].flush(sides[1]), sides[1].flush(sides[0])])
      for (const [index, side] of sides.entries()) {
        const other = sides[1 - index] as NumberedSide
        const missing = side.ledger.missing(other.counted)
        // A server that stops may put a message into the archive of the sender and not hand it on any more: then nobody
        // can tell the sender. It is in the sender's archive, and not in the other one.
        const [me, them] = [String(side.client.account), String(other.client.account)]
        const [theirs, ours] = [await other.archived(me, them), await side.archived(them, them)]
        const lost = missing.filter((number) => !theirs.has(number) || ours.has(number))
        expect({ lost, duplicates: side.ledger.duplicates, failures: side.failures, errors: side.errors }).toEqual({
          lost: [],
          duplicates: [],
          failures: [],
          errors: [],
        })
        if (server.kind === 'prosody') expect(missing).toEqual([])
        expect(side.sessions.fresh).toBeGreaterThan(restarts)
        console.log(`${name}: ${restarts} restarts, ${other.counted} messages, ${missing.length} lost by the server`)
      }
      await Promise.all(sides.map(({ client }) => client.close()))
      await Promise.all(sides.map(({ proxy }) => proxy.stop()))
    },
    restarts * 30_000 + 60_000,
  )
})

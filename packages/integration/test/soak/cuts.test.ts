import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { sharedLab } from '../../src/shared-lab.js'
import { type NumberedSide, numberedSide } from './numbered-side.js'

/** Cuts of each server's run; `npm run soak` takes 1,000 and more. */
const cuts = Number(process.env.COUPLET_SOAK_CUTS ?? 30)
const seed = Number(process.env.COUPLET_SOAK_SEED ?? Date.now())

describe.each(
  sharedLab()
    .servers.filter(({ name }) => name !== 'p12')
    .map((server) => [`${server.kind} ${server.version}`, server] as const),
)('R-020 R-021 cuts at random bytes on %s', (_, server) => {
  test(
    `${cuts} cuts in both directions: nothing is lost, doubled or out of order (seed ${seed})`,
    async () => {
      const accounts = [await server.createUser(), await server.createUser()] as const
      const sides = [await numberedSide(server, accounts[0]), await numberedSide(server, accounts[1])] as const
      await Promise.all(sides.map(({ client }) => client.online()))
      sides[0].start(accounts[1].jid)
      sides[1].start(accounts[0].jid)
      const { next: random } = seededRandom(seed)
      for (let cut = 0; cut < cuts; cut++) await cutSomewhere(sides[cut % 2] as NumberedSide, random)
      for (const { proxy } of sides) proxy.heal()
      await Promise.all(sides.map((side) => side.stop()))
      await Promise.all([sides[0].ledger.seen(sides[1].sent - 1), sides[1].ledger.seen(sides[0].sent - 1)])
      for (const [index, side] of sides.entries()) {
        const other = sides[1 - index] as NumberedSide
        const { duplicates, late } = side.ledger
        const missing = side.ledger.missing(other.sent)
        const [me, them] = [String(side.client.account), String(other.client.account)]
        const accepted = missing.length > 0 ? await other.archived(me, them) : new Set<number>()
        // What the server has taken and not handed on, nobody can tell its sender.
        const lost = missing.filter((number) => !accepted.has(number))
        expect({ lost, duplicates }).toEqual({ lost: [], duplicates: [] })
        // ejabberd hands a session over while messages are on their way to it: some overtake others on the wire.
        if (server.kind === 'prosody') expect({ missing, late }).toEqual({ missing: [], late: [] })
        else console.log(`${server.name}: ${late.length} overtaken, ${missing.length} lost by the server`)
        expect([side.failures, side.errors]).toEqual([[], []])
        expect(side.sessions.resumed).toBeGreaterThan(cuts / 10)
      }
      console.log(
        `${server.name}: ${cuts} cuts, ${sides[0].sent + sides[1].sent} messages`,
        sides.map(({ sessions }) => sessions),
      )
      await Promise.all(sides.map(({ client }) => client.close()))
      await Promise.all(sides.map(({ proxy }) => proxy.stop()))
    },
    cuts * 4000 + 60_000,
  )
})

/** Cuts the next connection of a side after some bytes: during a login as well as in the middle of a session. */
async function cutSomewhere({ proxy }: NumberedSide, random: () => number): Promise<void> {
  const [connection] = proxy.connections
  const live = connection ?? (await proxy.connected())
  const direction = random() < 0.5 ? 'up' : 'down'
  live.cutAfter(Math.floor(random() * 12_000), { direction, how: random() < 0.5 ? 'reset' : 'end' })
  await live.closed()
}

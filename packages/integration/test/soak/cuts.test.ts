import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { LabServer } from '../../src/lab-server.js'
import { sharedLab } from '../../src/shared-lab.js'
import { type NumberedSide, numberedSide } from './numbered-side.js'
import { auditWire } from './wire-audit.js'

/** Cuts of each server's run; `npm run soak` takes 1,000 and more. */
const cuts = Number(process.env.COUPLET_SOAK_CUTS ?? 30)
const seed = Number(process.env.COUPLET_SOAK_SEED ?? Date.now())
/** Cuts of one pair of accounts: what ejabberd keeps in its archive takes it the longer the more there is. */
const perPair = 100

describe.each(
  sharedLab()
    .servers.filter(({ name }) => name !== 'p12')
    .map((server) => [`${server.kind} ${server.version}`, server] as const),
)('R-020 R-021 cuts at random bytes on %s', (_, server) => {
  test(
    `${cuts} cuts in both directions: ${
      server.kind === 'prosody'
        ? 'nothing is lost, doubled or out of order'
        : 'nothing is doubled, nor lost or out of order but by the server'
    } (seed ${seed})`,
    async () => {
      const { next: random } = seededRandom(seed)
      const total = nothing()
      for (let left = cuts; left > 0; left -= perPair) {
        const found = await exchange(server, Math.min(left, perPair), random)
        for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += found[key]
      }
      console.log(`${server.name}: ${cuts} cuts`, total)
      const { overtaken, lost, unanswered } = total
      if (server.kind === 'prosody')
        expect({ overtaken, lost, unanswered }).toEqual({ overtaken: 0, lost: 0, unanswered: 0 })
    },
    cuts * 4000 + 60_000,
  )
})

/** What is counted. */
const nothing = () => ({ messages: 0, fresh: 0, resumed: 0, overtaken: 0, lost: 0, unanswered: 0 })

/** Two accounts that send each other messages while their connections are cut: nothing may be lost or doubled. */
async function exchange(server: LabServer, count: number, random: () => number) {
  const accounts = [await server.createUser(), await server.createUser()] as const
  const sides = [await numberedSide(server, accounts[0]), await numberedSide(server, accounts[1])] as const
  await Promise.all(sides.map(({ client }) => client.online()))
  sides[0].start(accounts[1].jid)
  sides[1].start(accounts[0].jid)
  for (let cut = 0; cut < count; cut++) await cutSomewhere(sides[cut % 2] as NumberedSide, random)
  for (const { proxy } of sides) proxy.heal()
  await Promise.all(sides.map((side) => side.stop()))
  await Promise.all([sides[0].flush(sides[1]), sides[1].flush(sides[0])])
  const found = nothing()
  for (const [index, side] of sides.entries()) {
    const other = sides[1 - index] as NumberedSide
    const { duplicates, late } = side.ledger
    expect([duplicates, side.failures]).toEqual([[], []])
    expect(side.sessions.resumed).toBeGreaterThan(count / 10)
    // ejabberd hands a session over while messages and answers are on their way to it: some overtake others, and some never
    // come. That this is its doing, and not ours, the wire has to say.
    const [own, others] = [auditWire(side.recording), auditWire(other.recording)]
    const missing = side.ledger.missing(other.counted)
    expect(missing.filter((number) => !others.acknowledged.has(other.ids[number] as string))).toEqual([])
    const unanswered = side.errors.filter((error) => (error as Error).name === 'TimeoutError')
    expect(side.errors).toEqual(unanswered)
    expect(unanswered.length).toBeLessThanOrEqual(own.unanswered.length)
    // What comes from the archive of a lost session is not in the order of the wire.
    if (side.sessions.fresh === 1) expect(late.filter((number) => !own.overtaken.has(number))).toEqual([])
    found.messages += side.counted
    found.fresh += side.sessions.fresh
    found.resumed += side.sessions.resumed
    found.overtaken += late.length
    found.lost += missing.length
    found.unanswered += unanswered.length
  }
  await Promise.all(sides.map(({ client }) => client.close()))
  await Promise.all(sides.map(({ proxy }) => proxy.stop()))
  return found
}

/** Cuts the next connection of a side after some bytes: during a login as well as in the middle of a session. */
async function cutSomewhere({ proxy }: NumberedSide, random: () => number): Promise<void> {
  const [connection] = proxy.connections
  const live = connection ?? (await proxy.connected())
  const direction = random() < 0.5 ? 'up' : 'down'
  live.cutAfter(Math.floor(random() * 12_000), { direction, how: random() < 0.5 ? 'reset' : 'end' })
  await live.closed()
}

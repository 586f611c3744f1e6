import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { VersionName } from '@couplet/omemo'
import { describe, expect, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import type { Target } from '../conformance/targets.js'
import { servers } from './omemo-targets.js'
import { type OpenStore, openStore, type Records } from './open-store.js'
import { OurUser } from './our-user.js'

/**
 * What two bots of an earlier release had in their stores after they had talked in both versions. A later release reads it
 * as it is. To make it anew, which only a release that nobody uses may do: `COUPLET_FREEZE=1`.
 */
interface Frozen {
  readonly juliet: Records
  readonly romeo: Records
}

const file = fileURLToPath(new URL('../../omemo/frozen-stores.json', import.meta.url))
const each: readonly VersionName[] = ['omemo2', 'legacy']

/** The bots of these accounts, with these stores. */
const bots = async (
  target: Target,
  accounts: readonly Account[],
  stores: readonly OpenStore[],
  versions: readonly VersionName[],
): Promise<readonly [juliet: OurUser, romeo: OurUser]> => {
  const [juliet, romeo] = await Promise.all(
    accounts.map((account, index) => OurUser.start(target, { account, store: stores[index] ?? openStore(), versions })),
  )
  return [juliet as OurUser, romeo as OurUser]
}

const talk = async ([juliet, romeo]: readonly [OurUser, OurUser], what: string): Promise<void> => {
  await juliet.send(romeo.jid, `j ${what}`)
  await romeo.hears(`j ${what}`)
  await romeo.send(juliet.jid, `r ${what}`)
  await juliet.hears(`r ${what}`)
}

const freeze = async (target: Target, accounts: readonly Account[]): Promise<void> => {
  const stores = [openStore(), openStore()]
  for (const name of each) {
    const both = await bots(target, accounts, stores, [name])
    await talk(both, name)
    for (const { client } of both) await client.close()
  }
  const [juliet, romeo] = stores.map((store) => store.records())
  await writeFile(file, `${JSON.stringify({ juliet, romeo }, undefined, 2)}\n`)
}

// The accounts are in the records: they exist on one server.
const target = servers.find(({ name }) => name === 'p13') as Target

describe.skipIf(target === undefined)(`stores of an earlier release${target ? '' : ' (p13 does not run)'}`, () => {
  test('OMEMO B9 sessions of both versions go on where they were, without another key exchange', async () => {
    const accounts = await Promise.all(
      ['frozen-juliet', 'frozen-romeo'].map((name) => target.server!.createUser(`${name}@${target.domain}`)),
    )
    if (process.env.COUPLET_FREEZE) await freeze(target, accounts)
    const frozen = JSON.parse(await readFile(file, 'utf8')) as Frozen
    const stores = [openStore(frozen.juliet), openStore(frozen.romeo)]
    for (const name of each) {
      const both = await bots(target, accounts, stores, [name])
      await talk(both, name)
      // What a new session would have used up is all there.
      expect(both.flatMap(({ events }) => events.all.filter(({ type }) => type === 'prekeys-low'))).toEqual([])
      expect(both.flatMap(({ failures }) => failures)).toEqual([])
      for (const { client } of both) await client.close()
    }
    // With another one that begins with nothing, in the version that all prefer.
    const [juliet] = await bots(target, accounts, stores, each)
    const fresh = await OurUser.start(target)
    await talk([juliet, fresh], 'new')
    expect([...juliet.failures, ...fresh.failures]).toEqual([])
  })
})

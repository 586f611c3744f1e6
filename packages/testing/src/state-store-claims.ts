import type { StateStore } from '@couplet/client'
import { expectThat } from './state-store-steps.js'

type Release = () => void

/** Cases about `claim`; a store without it passes. */
export const claimCases: Readonly<Record<string, (store: StateStore) => Promise<void>>> = {
  'a claim is exclusive, and one name is not another': async (store) => {
    if (store.claim === undefined) return
    await taken(store, 'name')
    await refused(store, 'name')
    await taken(store, 'NAME')
    await taken(store, '')
    await taken(store, '-name')
    await refused(store, '-name')
  },
  'a claim that is given back is free, at once': async (store) => {
    if (store.claim === undefined) return
    for (let round = 0; round < 3; round++) {
      const release = await taken(store, 'name')
      await refused(store, 'name')
      release()
    }
    await taken(store, 'name')
  },
  'a claim that is given back twice is not taken from the next holder': async (store) => {
    if (store.claim === undefined) return
    const release = await taken(store, 'name')
    release()
    await taken(store, 'name')
    release()
    await refused(store, 'name')
  },
  'of concurrent claims one succeeds': async (store) => {
    const { claim } = store
    if (claim === undefined) return
    const claims = await Promise.all(Array.from({ length: 10 }, () => claim.call(store, 'name')))
    const count = claims.filter((release) => release !== undefined).length
    expectThat(count === 1, `${count} of 10 concurrent claims succeeded`)
  },
  'a claim is no record, and a record no claim': async (store) => {
    if (store.claim === undefined) return
    await taken(store, 'name')
    expectThat((await store.get('name')) === undefined, 'a claim is a record')
    await store.batch([{ key: 'other', record: { version: 1, value: 1 } }])
    await taken(store, 'other')
  },
}

/** Cases about `claim` and restarts. */
export const claimRestartCases: Readonly<
  Record<string, (store: StateStore, reopen: () => Promise<StateStore>) => Promise<void>>
> = {
  'a claim ends with its holder': async (store, reopen) => {
    if (store.claim === undefined) return
    await taken(store, 'name')
    const second = await reopen()
    const release = await taken(second, 'name')
    await refused(second, 'name')
    release()
    await taken(second, 'name')
  },
}

async function taken(store: StateStore, name: string): Promise<Release> {
  const release = await store.claim?.(name)
  if (release === undefined) throw new Error(`${JSON.stringify(name)} is free and could not be claimed`)
  return release
}

async function refused(store: StateStore, name: string): Promise<void> {
  expectThat((await store.claim?.(name)) === undefined, `${JSON.stringify(name)} was claimed twice`)
}

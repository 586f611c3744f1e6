import { ReceivedCarbon } from '@couplet/carbons'
import { memoryStore } from '@couplet/client'
import { type Message, message } from '@couplet/stanza'
import { NS_STANZA_ID } from '@couplet/stanza-id'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { account, beginAndCatchUp, FakeArchive, installed } from '../test/fake-archive.js'
import { NS_MAM, queryArchive } from './elements.js'
import type { Mam } from './mam.js'

/** How often, and how many sessions each time: 10,000 in all, each with messages at random moments of it. */
const [runs, sessions] = [2500, 4]

/** Mulberry32: the same numbers for the same seed, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

interface Process {
  readonly session: FakeSession
  readonly api: Mam
}

/** One client through some sessions, with messages that reach it in whatever way. */
class Run {
  readonly #pick: (below: number) => number
  readonly #archive = new FakeArchive()
  readonly #store = memoryStore()
  readonly #features: readonly string[]
  /** What the server holds for a client that is away. */
  #offline: Message[] = []
  /** What was delivered, over all sessions and processes. */
  readonly seen: string[] = []

  constructor(seed: number) {
    this.#pick = random(seed)
    this.#features = this.#pick(4) === 0 ? [NS_MAM] : [NS_MAM, NS_STANZA_ID]
  }

  get count(): number {
    return this.#archive.entries.length
  }

  async play(): Promise<void> {
    let process = this.#start()
    await this.#online(process)
    for (let i = 1; i < sessions; i++) {
      for (let n = this.#pick(3); n > 0; n--) this.#live(process.session)
      process.session.lose()
      for (let n = this.#pick(7); n > 0; n--) this.#away()
      if (this.#pick(3) === 0) {
        await new Promise((resolve) => setImmediate(resolve)) // until the store has it all
        process.session.end()
        process = this.#start()
      }
      await this.#online(process)
    }
    process.session.end()
  }

  #start(): Process {
    const session = fakeSession({ store: this.#store })
    const { api, seen } = installed(
      session,
      { catchUp: { pageSize: 1 + this.#pick(4), since: 'beginning' } },
      this.#features,
    )
    session.announce((presences) => {
      for (const held of this.#offline.splice(0)) session.receive(held)
      return presences
    })
    seen.push = (text) => this.seen.push(text.replace('*', ''))
    session.answer(queryArchive, (query) => {
      if (this.#pick(4) === 0) this.#live(session) // before the page, so it is in the page as well
      const page = this.#archive.answer(session, query)
      if (this.#pick(4) === 0) this.#live(session) // after it
      return page
    })
    return { session, api }
  }

  async #online({ session, api }: Process): Promise<void> {
    await beginAndCatchUp(session, api)
  }

  /** Live, or as a copy. */
  #live(session: FakeSession): void {
    const delivered = this.#archive.add()
    if (this.#pick(3) > 0) session.receive(delivered)
    else {
      session.receive(message({ from: account }, ReceivedCarbon({ forwarded: { message: delivered } })))
      this.seen.push(delivered.body ?? '') // as the plugin for copies does
    }
  }

  /** Only in the archive, or also held until the client is back. */
  #away(): void {
    const delivered = this.#archive.add()
    if (this.#pick(2) === 0) this.#offline = [...this.#offline, delivered]
  }
}

test('R-036 exactly once: 10,000 random interleavings of live, copied, held and archived messages with the catch-up', {
  timeout: 300_000,
}, async () => {
  for (let seed = 0; seed < runs; seed++) {
    const run = new Run(seed)
    await run.play()
    const expected = Array.from({ length: run.count }, (_, i) => String(i + 1))
    const seen = [...run.seen].sort((a, b) => Number(a) - Number(b))
    if (seen.join() !== expected.join()) expect({ seed, seen }).toEqual({ seed, seen: expected })
  }
})

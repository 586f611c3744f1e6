import { memoryStore, type StateStore } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { type Jid, type Message, type MessageInit, message, StanzaError, type XmlElement } from '@couplet/stanza'
import { NS_STANZA_ID, StanzaId } from '@couplet/stanza-id'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { type MamFin, type MamQuery, MamResult, NS_MAM, queryArchive } from '../src/elements.js'
import { type Mam, type MamOptions, mam } from '../src/mam.js'

export const account = 'me@example.org'
const own = account
export const friend = 'friend@example.org/x'
const epoch = Date.UTC(2026, 0, 1)
/** The time of the message with this number: one a minute. */
export const timeOf = (n: number): Date => new Date(epoch + n * 60_000)

interface Entry {
  readonly id: string
  readonly stamp: Date
  readonly message: Message
}

/** An archive of the account or of a room, whose messages are numbered. */
export class FakeArchive {
  readonly entries: Entry[] = []
  readonly queries: MamQuery[] = []
  /** What it does with an id it does not know. */
  unknownId: 'error' | 'nothing' | 'everything' = 'error'
  /** Whether it says that it may change its mind. */
  stable: boolean | undefined
  readonly #by: string

  constructor(by = own) {
    this.#by = by
  }

  /** Keeps a message and returns it as it would be delivered; the ids are a1, a2, … */
  add(init: MessageInit = {}, ...payloads: XmlElement[]): Message {
    const n = this.entries.length + 1
    const from = init.from ?? (this.#by === own ? friend : `${this.#by}/Puck`)
    const type = init.type ?? (this.#by === own ? 'chat' : 'groupchat')
    const built = { type, to: own, body: String(n), id: `m${n}`, ...init, from }
    this.entries.push({ id: `a${n}`, stamp: timeOf(n), message: message(built, ...payloads) })
    return message(built, ...payloads, this.idOf(n))
  }

  /** Keeps so many messages. */
  fill(count: number): this {
    for (let i = 0; i < count; i++) this.add()
    return this
  }

  /** What tells the id of a message. */
  idOf(n: number): XmlElement {
    return StanzaId({ id: `a${n}`, by: message({ to: this.#by }).to as Jid })
  }

  /** Answers a query as XEP-0313 §4 has it. */
  answer(session: FakeSession, query: MamQuery): MamFin | StanzaError {
    this.queries.push(query)
    const { filter: { start, end: until } = {}, page: { after, before, max = 50 } = {}, queryId = '' } = query
    const entries = this.entries.filter(
      ({ stamp }) => (start === undefined || stamp >= start) && (until === undefined || stamp <= until),
    )
    const at = after === undefined ? -1 : this.entries.findIndex(({ id }) => id === after)
    const isUnknown = after !== undefined && at < 0
    if (isUnknown && this.unknownId === 'error') return new StanzaError({ condition: 'item-not-found' })
    const known = new Set(this.entries.slice(at + 1))
    const all = isUnknown && this.unknownId === 'nothing' ? [] : entries.filter((entry) => known.has(entry))
    const end = before ? all.findIndex(({ id }) => id === before) : all.length
    const page = before === undefined ? all.slice(0, max) : all.slice(Math.max(0, end - max), end)
    for (const { id, stamp, message: kept } of page) {
      session.receive(
        message({ from: this.#by }, MamResult({ queryId, id, forwarded: { delay: { stamp }, message: kept } })),
      )
    }
    const [first, last] = [page[0], page.at(-1)]
    const complete = before === undefined ? last === all.at(-1) : first === all[0]
    return {
      complete,
      ...(this.stable !== undefined && { stable: this.stable }),
      page: first && last ? { first: { id: first.id }, last: last.id } : {},
    }
  }

  /** What was asked for, in short: `<` is the newest, `>a3` what follows a3, `>@5` what is from the time of 5 on. */
  get asked(): string[] {
    return this.queries.map(({ filter, page }) => {
      if (page?.before === '') return '<'
      const start = filter?.start && `@${(filter.start.getTime() - epoch) / 60_000}`
      return `>${page?.after ?? ''}${start ?? ''}`
    })
  }
}

/** The plugin, an archive behind it, and what it delivers: the texts, those that came live with a star. */
export function withArchive(session: FakeSession, archive: FakeArchive, options: MamOptions = { catchUp: true }) {
  session.answer(queryArchive, (query) => archive.answer(session, query))
  return { ...installed(session, options), archive }
}

/** The plugin on the session, for servers with these features. */
export function installed(
  session: FakeSession,
  options: MamOptions = { catchUp: true },
  features: readonly string[] = [NS_MAM, NS_STANZA_ID],
) {
  const disco: Partial<Disco> = {
    info: async () => ({ identities: [], features, forms: [] }),
    supports: async () => true,
  }
  const api: Mam = session.install(mam(options), { disco })
  const seen: string[] = []
  api.onMissed((missed) => void seen.push(missed.body ?? ''))
  session.onMessage((live) => void seen.push(`${live.body}*`))
  return { session, api, seen }
}

/** A session begins, and its catch-up ends. */
export async function beginAndCatchUp(session: FakeSession, api: Mam): ReturnType<Mam['catchUp']> {
  const done = new Promise<Awaited<ReturnType<Mam['catchUp']>>>((resolve) => {
    const subscription = api.onCaughtUp((result) => {
      subscription.dispose()
      resolve(result)
    })
  })
  await session.begin()
  return done
}

/** A client that has been there before: everything in the archive is known. Then it is lost. */
export async function away(known: number, options?: MamOptions, store: StateStore = memoryStore()) {
  const session = fakeSession({ store })
  const set = withArchive(session, new FakeArchive().fill(known), options)
  await beginAndCatchUp(session, set.api)
  session.lose()
  set.archive.queries.length = 0
  return { ...set, store }
}

/** The same account in another process. */
export async function restarted(archive: FakeArchive, store: StateStore) {
  archive.queries.length = 0
  const set = withArchive(fakeSession({ store, jid: `${account}/other` }), archive)
  return { ...set, result: await beginAndCatchUp(set.session, set.api) }
}

/** Resolves when nothing can go on without something new. */
export const flushed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

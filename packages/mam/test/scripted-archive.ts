import type { Disco } from '@couplet/disco'
import { Jid, message } from '@couplet/stanza'
import type { FakeSession } from '@couplet/testing'
import { type MamFin, type MamQuery, MamResult, queryArchive } from '../src/elements.js'
import { type Mam, mam } from '../src/mam.js'

/** A room with an archive. */
export const room = Jid.parse('cave@rooms.example.org')
/** When everything was said. */
export const stamp = new Date('2010-07-10T23:08:25Z')

/** A result as the archive sends it; the number is its id and its text. */
export const result = (
  queryId: string | undefined,
  id: number,
  { from = 'me@example.org', sender = 'friend@example.org/x' } = {},
) =>
  message(
    { from },
    MamResult({
      ...(queryId === undefined ? {} : { queryId }),
      id: String(id),
      forwarded: { delay: { stamp }, message: message({ from: sender, body: String(id) }) },
    }),
  )

/** An archive with the messages 1 to `size`, and what it was asked. */
export function archive(session: FakeSession, size: number, sent: Parameters<typeof result>[2] = {}): MamQuery[] {
  const queries: MamQuery[] = []
  session.answer(queryArchive, (query): MamFin => {
    queries.push(query)
    const { after, before, max = 0 } = query.page ?? {}
    const end =
      before === undefined ? Math.min(size, Number(after ?? 0) + max) : before === '' ? size : Number(before) - 1
    const start = before === undefined ? Number(after ?? 0) + 1 : Math.max(1, end - max + 1)
    for (let id = start; id <= end; id++) session.receive(result(query.queryId, id, sent))
    const page = end < start ? {} : { first: { id: String(start) }, last: String(end), count: size }
    return { complete: before === undefined ? end === size : start === 1, page }
  })
  return queries
}

/** The plugin on the session, for archives with these features. */
export function install(session: FakeSession, features: readonly string[] = []): Mam {
  const disco: Partial<Disco> = {
    info: async () => ({ identities: [], features, forms: [] }),
    supports: async (_jid, feature) => features.includes(feature),
  }
  return session.install(mam(), { disco })
}

/** The ids a query yields. */
export async function ids(messages: ReturnType<Mam['query']>): Promise<number[]> {
  const all: number[] = []
  for await (const { id } of messages) all.push(Number(id))
  return all
}

/** The numbers in a range, both ends included. */
export const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

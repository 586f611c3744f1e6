import type { CallOptions, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { paginate, type ResultSetRequest } from '@couplet/rsm'
import { Jid, StanzaError } from '@couplet/stanza'
import { type ArchivedMessage, type ArchivePage, type ArchiveTarget, fetchPage } from './archive-page.js'
import { NS_MAM_EXTENDED, NS_MAM_GROUPCHAT } from './elements.js'

/** Which messages of which archive. */
export interface MamQueryOptions extends CallOptions {
  /** Whose archive: the bare JID of a room; default the own account. */
  readonly archive?: Jid | string | undefined
  /** Only messages from or to this JID; a bare one stands for all its resources (XEP-0313 §4.1.1). */
  readonly with?: Jid | string | undefined
  /** Only messages from then on. */
  readonly start?: Date | undefined
  /** Only messages until then. */
  readonly end?: Date | undefined
  /** Only messages after the one with this archive id: how to go on where an earlier query ended. */
  readonly after?: string | undefined
  /** Only messages before the one with this archive id. */
  readonly before?: string | undefined
  /** Only the messages with these archive ids. */
  readonly ids?: readonly string[] | undefined
  /** Whether to include messages of rooms in the own archive; default is up to the server. */
  readonly groupchat?: boolean | undefined
  /** Only the newest so many of them; default all. */
  readonly last?: number | undefined
  /** Whether the newest message comes first, to go back in time as somebody scrolls; default `false`. */
  readonly newestFirst?: boolean | undefined
  /** Messages per request; default 50. */
  readonly pageSize?: number | undefined
}

/** A query with its parts in place. */
export interface ArchiveQuery extends ArchiveTarget {
  readonly first: ResultSetRequest
  readonly last: number | undefined
  readonly newestFirst: boolean
  readonly pageSize: number
}

/**
 * Checks the options of a query, before anything is sent.
 *
 * @throws RangeError for a page size or number of messages that is no positive integer
 * @throws InvalidJidError
 */
export function prepareQuery(options: MamQueryOptions, account: Jid): ArchiveQuery {
  const { after, before, last, newestFirst = false, pageSize = 50, signal } = options
  for (const [name, value] of Object.entries({ last, pageSize })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} is a positive integer`)
    }
  }
  const archive = parseJid(options.archive)
  const backwards = newestFirst || last !== undefined
  return {
    archive: archive?.equals(account) ? undefined : archive,
    filter: {
      with: parseJid(options.with),
      start: options.start,
      end: options.end,
      // XEP-0313 §9: one bound is the cursor of the paging; for the other there is a field, which not all archives know.
      afterId: backwards ? after : undefined,
      beforeId: backwards ? undefined : before,
      ids: options.ids,
      includeGroupchat: options.groupchat,
    },
    first: backwards ? { before: before ?? '' } : { after },
    last,
    newestFirst,
    pageSize,
    signal,
  }
}

const parseJid = (jid: Jid | string | undefined): Jid | undefined => (typeof jid === 'string' ? Jid.parse(jid) : jid)

/** Runs a query, page by page, as its messages are asked for. */
export async function* runQuery(
  context: PluginContext & { readonly disco: Disco },
  query: ArchiveQuery,
): AsyncGenerator<ArchivedMessage, void, undefined> {
  await checkFeatures(context, query)
  const pages = query.first.before === undefined ? allPages(context, query) : newestPages(context, query)
  for await (const messages of pages) {
    for (const message of messages) {
      query.signal?.throwIfAborted()
      yield message
    }
  }
}

async function* allPages(context: PluginContext, query: ArchiveQuery): AsyncGenerator<readonly ArchivedMessage[]> {
  const { first, pageSize: max } = query
  for await (const { messages } of paginate(first, (page) => fetchPage(context, query, { ...page, max })))
    yield messages
}

/**
 * The newest page comes first on the wire. For who wants the oldest message first it comes last: nothing is passed on
 * before all of it is there.
 */
async function* newestPages(context: PluginContext, query: ArchiveQuery): AsyncGenerator<readonly ArchivedMessage[]> {
  const pages: (readonly ArchivedMessage[])[] = []
  let { last: missing = Number.POSITIVE_INFINITY } = query
  const fetch = (page: ResultSetRequest): Promise<ArchivePage> =>
    fetchPage(context, query, { ...page, max: Math.min(query.pageSize, missing) })
  for await (const { messages } of paginate(query.first, fetch)) {
    if (query.newestFirst) yield [...messages].reverse()
    else pages.unshift(messages)
    missing -= messages.length
    if (missing <= 0) break
  }
  yield* pages
}

/** XEP-0313 §4.1, §4.1.4: what an archive does not advertise must not be used; it would refuse the whole query. */
async function checkFeatures(context: PluginContext & { readonly disco: Disco }, query: ArchiveQuery): Promise<void> {
  const { archive, filter, signal } = query
  const { beforeId, afterId, ids, includeGroupchat } = filter
  const needed: string[] = []
  if ((beforeId ?? afterId ?? ids) !== undefined) needed.push(NS_MAM_EXTENDED)
  if (includeGroupchat !== undefined) needed.push(NS_MAM_GROUPCHAT)
  if (needed.length === 0) return
  const { features } = await context.disco.info(archive ?? context.account, { signal })
  const missing = needed.find((feature) => !features.includes(feature))
  if (missing === undefined) return
  throw new StanzaError({ condition: 'feature-not-implemented', text: `the archive does not have ${missing}` })
}

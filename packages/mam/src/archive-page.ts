import type { InboundMessage, PluginContext } from '@couplet/client'
import { PagingError, type ResultSetRequest } from '@couplet/rsm'
import { type Jid, MalformedElementError } from '@couplet/stanza'
import { type MamFilter, type MamFin, MamResult, queryArchive } from './elements.js'

/** A message from an archive. */
export interface ArchivedMessage {
  /** The id in the archive: what `after` and `before` of a later query take. */
  readonly id: string
  /** When the archive received it; to be shown, not to be ordered by. */
  readonly stamp: Date | undefined
  /** Whether the archive will always give the same answer; otherwise ask again before keeping it (XEP-0313 §4.3.2). */
  readonly stable: boolean
  /** The message as it was, with the `from` and `to` of then; its provenance is `archive`. */
  readonly message: InboundMessage
}

/** What is the same for all pages of a query. */
export interface ArchiveTarget {
  /** Whose archive; `undefined` is the own one. */
  readonly archive: Jid | undefined
  /** Which messages. */
  readonly filter: MamFilter
  /** Ends the query. */
  readonly signal: AbortSignal | undefined
}

/** The end of a page with what came before it, in chronological order. */
export type ArchivePage = MamFin & { readonly messages: readonly ArchivedMessage[] }

/**
 * Gets one page. Only the archive that was asked can answer, and only with the id of this request (XEP-0313 §8.2).
 *
 * @throws PagingError if the archive sends more than it was asked for
 */
export async function fetchPage(
  context: PluginContext,
  { archive, filter, signal }: ArchiveTarget,
  page: ResultSetRequest & { readonly max: number },
): Promise<ArchivePage> {
  const queryId = randomQueryId()
  const results: Omit<ArchivedMessage, 'stable'>[] = []
  let received = 0
  const subscription = context.onMessage(
    MamResult,
    (result) => {
      if (result.queryId !== queryId || ++received > page.max) return
      const message = archivedMessage(context, result, archive)
      if (message !== undefined) results.push(message)
    },
    { from: archive ?? 'ownAccount' },
  )
  try {
    const fin = await context.request(queryArchive, { queryId, filter, page }, { to: archive, signal })
    if (received > page.max) throw new PagingError('oversized-page')
    const stable = fin.stable !== false
    return { ...fin, messages: results.map((message) => ({ ...message, stable })) }
  } finally {
    subscription.dispose()
  }
}

/** @returns nothing for a message that was deleted from the archive (XEP-0313 §3.2) */
function archivedMessage(
  context: PluginContext,
  { id, forwarded }: MamResult,
  archive: Jid | undefined,
): Omit<ArchivedMessage, 'stable'> | undefined {
  const { message, delay } = forwarded
  if (message === undefined) return undefined
  // XEP-0313 §6.1.2: a room speaks for its occupants. It cannot say what somebody else has sent to somebody else.
  if (archive !== undefined && !message.from?.bare.equals(archive.bare)) {
    throw new MalformedElementError('result/forwarded/message@from', 'is not in the room whose archive this is')
  }
  return { id, stamp: delay?.stamp, message: context.inbound(message.element, 'archive') }
}

function randomQueryId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36)).join('')
}

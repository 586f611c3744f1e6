import { type MamFin, type MamMetadata, type MamQuery, MamResult } from '@couplet/mam'
import { type Jid, message, type XmlElement } from '@couplet/stanza'
import type { ArchiveStore } from './archive-store.js'

/**
 * Sends the page that a query asks for, before the answer that is returned (XEP-0313 §4.2).
 *
 * @throws StanzaError `item-not-found` for an id that is not in the archive
 */
export function sendPage(
  store: ArchiveStore,
  query: MamQuery,
  { from, to }: { readonly from: Jid; readonly to: Jid },
  send: (stanza: XmlElement) => void,
): MamFin {
  const { entries, page, complete } = store.query(query)
  const { queryId } = query
  for (const { id, stamp, message: kept } of entries) {
    const forwarded = { delay: { stamp }, message: kept }
    send(message({ from, to }, MamResult({ queryId, id, forwarded })).element)
  }
  return complete ? { complete, page } : { page }
}

/** The first and the last message (XEP-0313 §5). */
export function metadataOf({ edges }: ArchiveStore): MamMetadata {
  const [oldest, newest] = edges ?? []
  if (oldest === undefined || newest === undefined) return {}
  return {
    start: { id: oldest.id, timestamp: oldest.stamp },
    end: { id: newest.id, timestamp: newest.stamp },
  }
}

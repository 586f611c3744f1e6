import type { Jid } from '@couplet/stanza'
import { NS_STANZA_ID } from '@couplet/stanza-id'
import { fetchPage } from './archive-page.js'
import type { ArchiveCursor } from './archive-record.js'
import { type MamFilter, NS_MAM, NS_MAM_GROUPCHAT } from './elements.js'
import type { MamContext } from './known-archive.js'

/** What was learned about an archive at the beginning of a session. */
export interface OpenedArchive {
  /** Its newest message; nothing if it is empty. */
  readonly head: ArchiveCursor | undefined
  /** What all queries have in common. */
  readonly filter: MamFilter
}

/**
 * Asks what an archive is like, and how far it goes; without an address the own one.
 *
 * @param learn told whether the ids in messages that come live are those of the archive, and nobody can forge them
 */
export async function openArchive(
  context: MamContext,
  address: Jid | undefined,
  signal: AbortSignal,
  learn: (givesIds: boolean) => void,
): Promise<OpenedArchive> {
  const [{ features }, newest] = await Promise.all([
    context.disco.info(address ?? context.account, { signal }).catch(noFeatures),
    archiveHead(context, address, {}, signal),
  ])
  // XEP-0313 §3.3.3: only then the ids are those of the archive; XEP-0359 §6: only then nobody can forge them.
  learn(features.includes(NS_MAM) && features.includes(NS_STANZA_ID))
  // What is said in rooms is in their archives.
  const isChoice = address === undefined && features.includes(NS_MAM_GROUPCHAT)
  if (!isChoice) return { head: newest, filter: {} }
  const filter: MamFilter = { includeGroupchat: false }
  return { head: await archiveHead(context, address, filter, signal), filter }
}

/** The newest message of an archive; nothing if it is empty. */
export async function archiveHead(
  context: MamContext,
  archive: Jid | undefined,
  filter: MamFilter,
  signal: AbortSignal,
): Promise<ArchiveCursor | undefined> {
  const { page, messages } = await fetchPage(context, { archive, filter, signal }, { before: '', max: 1 })
  return page.last === undefined ? undefined : { id: page.last, stamp: messages.at(-1)?.stamp }
}

/** A server that does not tell has none; a connection that is lost is another matter. */
function noFeatures(error: unknown): { readonly features: readonly string[] } {
  if ((error as Partial<Error>).name !== 'StanzaError') throw error
  return { features: [] }
}

import type { CallOptions, Session } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Pep } from '@couplet/pep'
import { loadPrivateData } from '@couplet/private-storage'
import { type BareJid, readElement, type XmlElement, xml } from '@couplet/stanza'
import { conditionOf, saysUnknown } from './bookmark-sync.js'
import {
  type Conference,
  NS_BOOKMARKS,
  NS_BOOKMARKS_COMPAT,
  NS_BOOKMARKS_COMPAT_PEP,
  NS_OLD_BOOKMARKS,
  OldBookmarks,
  type OldConference,
  oldBookmarksNode,
} from './elements.js'

/** A bookmark of before, as it is now. */
export interface ConvertedBookmark {
  readonly jid: BareJid
  readonly conference: Conference
}

/**
 * The bookmarks that older clients have left where this server does not look (XEP-0402 §6): in private storage, and in the
 * single item of XEP-0048. Of several about one room, the first counts.
 */
export async function oldBookmarks(
  context: Pick<Session, 'account' | 'request'> & { readonly disco: Disco; readonly pep: Pep },
  { signal }: CallOptions,
): Promise<readonly ConvertedBookmark[]> {
  const { features } = await context.disco.info(context.account, { signal }).catch((error: unknown) => {
    if (conditionOf(error) === undefined) throw error
    return { features: [] as readonly string[] }
  })
  const found: OldConference[] = []
  const add = async (stored: Promise<OldBookmarks | undefined>): Promise<void> => {
    try {
      found.push(...((await stored)?.conferences ?? []))
    } catch (error) {
      // Where there is no such storage, nobody has left anything.
      if (!saysUnknown(error) && conditionOf(error) !== 'item-not-found') throw error
    }
  }
  if (!features.includes(NS_BOOKMARKS_COMPAT_PEP)) await add(context.pep.get(oldBookmarksNode, { signal }))
  if (!features.includes(NS_BOOKMARKS_COMPAT)) await add(privateBookmarks(context, signal))
  const rooms = new Map<string, ConvertedBookmark>()
  for (const each of found) {
    const { jid } = each
    if (!rooms.has(jid.bare.toString())) rooms.set(jid.bare.toString(), { jid: jid.bare, conference: converted(each) })
  }
  return [...rooms.values()]
}

async function privateBookmarks(
  session: Pick<Session, 'request'>,
  signal: AbortSignal | undefined,
): Promise<OldBookmarks | undefined> {
  const asked = xml(NS_OLD_BOOKMARKS, 'storage')
  const { elements } = await session.request(loadPrivateData, { elements: [asked] }, { signal })
  const stored = elements.find(OldBookmarks.matches)
  const read = stored && readElement(OldBookmarks, stored)
  return read?.ok ? read.value : undefined
}

/** XEP-0402 §6.1 the other way round: what others have put into it has its place in `<extensions/>` now. */
export function converted({ jid, name, autojoin, nick = jid.resource, password, unknown }: OldConference): Conference {
  const extensions: XmlElement[] = []
  for (const each of unknown?.elements ?? []) {
    // So do servers write them that keep both kinds of bookmarks the same.
    if (each.ns === NS_BOOKMARKS && each.name === 'extensions') extensions.push(...each.elements())
    else extensions.push(each)
  }
  return { name, autojoin, nick, password, extensions: extensions.length === 0 ? undefined : extensions }
}

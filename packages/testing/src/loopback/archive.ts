import { NS_HINTS } from '@couplet/hints'
import {
  getArchiveMetadata,
  type MamFin,
  MamMetadata,
  type MamQuery,
  MamResult,
  NS_MAM,
  NS_MAM_EXTENDED,
  queryArchive,
} from '@couplet/mam'
import { Jid, Message, message, type XmlElement, xml } from '@couplet/stanza'
import { NS_STANZA_ID, StanzaId } from '@couplet/stanza-id'
import type { LoopbackAccount } from './account.js'
import { ArchiveStore } from './archive-store.js'
import type { LoopbackModule, LoopbackRequest } from './loopback-module.js'

/** Keeps what an account sends and receives (XEP-0313), and tells it the ids there (XEP-0359). */
export function archiveModule(): LoopbackModule {
  const stores = new WeakMap<LoopbackAccount, ArchiveStore>()
  const storeOf = (account: LoopbackAccount): ArchiveStore => {
    const store = stores.get(account) ?? new ArchiveStore()
    stores.set(account, store)
    return store
  }
  return {
    name: 'archive',
    setup(host) {
      for (const feature of [NS_MAM, NS_MAM_EXTENDED, NS_STANZA_ID]) host.advertise('account', feature)
      host.handle('account', queryArchive, (query, request) => answerQuery(storeOf(request.account), query, request))
      const metadata = (account: LoopbackAccount): MamMetadata => {
        const [oldest, newest] = storeOf(account).edges ?? []
        if (oldest === undefined || newest === undefined) return {}
        return {
          start: { id: oldest.id, timestamp: oldest.stamp },
          end: { id: newest.id, timestamp: newest.stamp },
        }
      }
      host.handle('account', getArchiveMetadata, (_value, { account }) => metadata(account))
      host.onBind(({ account }) => MamMetadata(metadata(account)))
      host.onMessage({
        sent(stanza, { account }) {
          const to = Jid.tryParse(stanza.attr('to') ?? '')
          const isOwn = to?.bare.equals(account.jid) ?? true // kept when it arrives
          if (!isOwn && isLasting(stanza)) storeOf(account).add(to as Jid, new Message(stanza))
          return stanza
        },
        received(stanza, account) {
          const clean = withoutForged(stanza, account.jid)
          const from = Jid.tryParse(stanza.attr('from') ?? '')
          if (from === undefined || !isLasting(stanza)) return clean
          const id = storeOf(account).add(from, new Message(clean))
          return clean.with({}, StanzaId({ id, by: account.jid }))
        },
        keeps: isLasting,
      })
    },
  }
}

/** The results go out before the answer (XEP-0313 §4.2). */
function answerQuery(store: ArchiveStore, query: MamQuery, { session, account }: LoopbackRequest): MamFin {
  const { entries, page, complete } = store.query(query)
  for (const { id, stamp, message: kept } of entries) {
    const forwarded = { delay: { stamp }, message: kept }
    const queryId = query.queryId === undefined ? {} : { queryId: query.queryId }
    session.deliver(message({ from: account.jid, to: session.jid }, MamResult({ ...queryId, id, forwarded })).element)
  }
  return complete ? { complete, page } : { page }
}

/** What belongs in an archive (XEP-0313 §5.1.1), the hints of XEP-0334 considered. */
export function isLasting(stanza: XmlElement): boolean {
  const { type, body } = new Message(stanza)
  if (type !== 'chat' && type !== 'normal') return false
  const hints = [...stanza.elements()].filter(({ ns }) => ns === NS_HINTS).map(({ name }) => name)
  if (hints.includes('no-store') || hints.includes('no-permanent-store')) return false
  return body !== undefined || hints.includes('store')
}

/** Only the account's own server may give ids in its name (XEP-0359 §5). */
function withoutForged(stanza: XmlElement, account: Jid): XmlElement {
  const isForged = (node: XmlElement): boolean => StanzaId.matches(node) && node.attr('by') === account.toString()
  if (![...stanza.elements()].some(isForged)) return stanza
  const children = stanza.children.filter((node) => typeof node === 'string' || !isForged(node))
  return xml(stanza.ns, stanza.name, Object.fromEntries(stanza.attributes()), ...children)
}

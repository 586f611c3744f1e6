import { NS_HINTS } from '@couplet/hints'
import {
  getArchiveMetadata,
  getArchivePreferences,
  MamMetadata,
  NS_MAM,
  NS_MAM_EXTENDED,
  queryArchive,
  setArchivePreferences,
} from '@couplet/mam'
import { Jid, Message, type XmlElement, xml } from '@couplet/stanza'
import { NS_STANZA_ID, StanzaId } from '@couplet/stanza-id'
import type { LoopbackAccount } from './account.js'
import { metadataOf, sendPage } from './archive-page.js'
import { ArchiveRules } from './archive-rules.js'
import { ArchiveStore } from './archive-store.js'
import type { LoopbackModule } from './loopback-module.js'

/** Keeps what an account sends and receives (XEP-0313), if it wants that (XEP-0441), and tells it the ids there (XEP-0359). */
export function archiveModule(): LoopbackModule {
  const storeOf = perAccount(() => new ArchiveStore())
  const rulesOf = perAccount(() => new ArchiveRules())
  return {
    name: 'archive',
    setup(host) {
      for (const feature of [NS_MAM, NS_MAM_EXTENDED, NS_STANZA_ID]) host.advertise('account', feature)
      host.handle('account', queryArchive, (query, { session, account }) =>
        sendPage(storeOf(account), query, { from: account.jid, to: session.jid }, (stanza) => session.deliver(stanza)),
      )
      host.handle('account', getArchivePreferences, (_value, { account }) => rulesOf(account).preferences)
      host.handle('account', setArchivePreferences, (value, { account }) => rulesOf(account).apply(value))
      host.handle('account', getArchiveMetadata, (_value, { account }) => metadataOf(storeOf(account)))
      host.onBind(({ account }) => MamMetadata(metadataOf(storeOf(account))))
      host.onMessage({
        sent(stanza, { account }) {
          const to = Jid.tryParse(stanza.attr('to') ?? '')
          const isOwn = to?.bare.equals(account.jid) ?? true // kept when it arrives
          const isKept = !isOwn && isLasting(stanza) && rulesOf(account).archives(to as Jid)
          if (isKept) storeOf(account).add(to as Jid, new Message(stanza))
          return stanza
        },
        received(stanza, account) {
          const clean = withoutForgedIds(stanza, account.jid)
          const from = Jid.tryParse(stanza.attr('from') ?? '')
          if (from === undefined || !isLasting(stanza) || !rulesOf(account).archives(from)) return clean
          const id = storeOf(account).add(from, new Message(clean))
          return clean.with({}, StanzaId({ id, by: account.jid }))
        },
        keeps: isLasting,
      })
    },
  }
}

/** Something that every account has. */
function perAccount<T>(make: () => T): (account: LoopbackAccount) => T {
  const all = new WeakMap<LoopbackAccount, T>()
  return (account) => {
    const known = all.get(account) ?? make()
    all.set(account, known)
    return known
  }
}

/** What belongs in an archive (XEP-0313 §5.1.1), the hints of XEP-0334 considered. */
export function isLasting(stanza: XmlElement): boolean {
  const { type, body } = new Message(stanza)
  if (type !== 'chat' && type !== 'normal') return false
  const hints = [...stanza.elements()].filter(({ ns }) => ns === NS_HINTS).map(({ name }) => name)
  if (hints.includes('no-store') || hints.includes('no-permanent-store')) return false
  return body !== undefined || hints.includes('store')
}

/** Only who has the archive may give ids in its name (XEP-0359 §5). */
export function withoutForgedIds(stanza: XmlElement, archive: Jid): XmlElement {
  const isForged = (node: XmlElement): boolean => StanzaId.matches(node) && node.attr('by') === archive.toString()
  if (![...stanza.elements()].some(isForged)) return stanza
  const children = stanza.children.filter((node) => typeof node === 'string' || !isForged(node))
  return xml(stanza.ns, stanza.name, Object.fromEntries(stanza.attributes()), ...children)
}

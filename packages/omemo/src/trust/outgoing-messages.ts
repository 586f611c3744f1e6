import { NS_ATM } from './elements.js'
import { type TrustFact, trustMessageOf } from './key-identifier.js'
import type { TrustBook } from './trust-book.js'
import type { OutgoingTrustMessage } from './trust-event.js'
import type { KeyHolder, TrustRecord } from './trust-record.js'

/** What each device is to be told, by its key and account. */
type News = Map<TrustRecord, Set<TrustFact>>

/**
 * Whom to tell about keys that the user has authenticated or distrusted (XEP-0450 §5): only devices with authenticated keys,
 * and nobody about himself.
 */
export function outgoingMessages(book: TrustBook, initial: readonly TrustFact[]): OutgoingTrustMessage[] {
  const authenticated = book.authenticated()
  const facts = new Map(authenticated.map((record) => [record, { record, trust: true }]))
  const news: News = new Map()
  for (const { record, trust } of initial) {
    const current = book.get(record.jid, record.key) as TrustRecord
    // Decided twice at once: the last word is what is told.
    if ((current.level === 'authenticated') !== trust) continue
    const fact = facts.get(current) ?? { record: current, trust }
    const own = current.jid === book.account
    // §5.1.1.1, §5.2.1.1, §5.3.1, §5.4.1: of own keys everybody is told, of others' own devices.
    for (const to of authenticated) if (to !== current && (own || to.jid === book.account)) tell(news, to, fact)
    if (!trust) continue
    // §5.1.1.2, §5.2.1.2: a new device of ours is told all keys, one of a contact our keys.
    for (const other of authenticated) {
      if (other !== current && (own || other.jid === book.account)) tell(news, current, facts.get(other) as TrustFact)
    }
  }
  return grouped(news)
}

/** The same for devices that have missed something: everything they may know. Of whom is authenticated no more nothing is left to tell. */
export function missedMessages(book: TrustBook, missed: readonly KeyHolder[]): OutgoingTrustMessage[] {
  const news: News = new Map()
  const facts = book.decided().map((record) => ({ record, trust: record.level === 'authenticated' }))
  for (const { jid, key } of missed) {
    const to = book.get(jid, key)
    if (to?.level !== 'authenticated') continue
    for (const fact of facts) {
      const isFor = to.jid === book.account || fact.record.jid === book.account
      if (fact.record !== to && isFor) tell(news, to, fact)
    }
  }
  return grouped(news)
}

function tell(news: News, to: TrustRecord, fact: TrustFact): void {
  news.set(to, (news.get(to) ?? new Set<TrustFact>()).add(fact))
}

/** Devices of one account that are told the same get one message. */
function grouped(news: News): OutgoingTrustMessage[] {
  const groups = new Map<string, { readonly facts: TrustFact[]; readonly recipients: TrustRecord[] }>()
  for (const [to, facts] of news) {
    const told = [...facts].map(({ record, trust }) => `${record.jid} ${record.key} ${trust}`).sort()
    const name = [to.jid, ...told].join('\n')
    const group = groups.get(name) ?? { facts: [...facts], recipients: [] }
    groups.set(name, group)
    group.recipients.push(to)
  }
  return [...groups.values()].map(({ facts, recipients }) => ({
    to: (recipients[0] as TrustRecord).jid,
    recipients,
    message: trustMessageOf(facts, NS_ATM),
  }))
}

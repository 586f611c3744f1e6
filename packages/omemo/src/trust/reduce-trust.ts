import { base64 } from '@couplet/stanza'
import { NS_ATM } from './elements.js'
import { isOmemo, keysMeant } from './key-identifier.js'
import { outgoingMessages } from './outgoing-messages.js'
import { PendingDecisions } from './pending-decisions.js'
import { TrustBook, type TrustState } from './trust-book.js'
import type { TrustEvent, TrustIgnored, TrustOutcome } from './trust-event.js'
import { keyName } from './trust-record.js'
import { withWord } from './trust-word.js'

type EventOf<T extends TrustEvent['type']> = Extract<TrustEvent, { readonly type: T }>

/** Keys that are kept of one account. Who has more in their life has them undecided. */
const mostKeys = 1000
/** Decisions in one trust message. */
const mostDecisions = 1000
/** Milliseconds that the clock of another device may be ahead. */
const ahead = 3_600_000

/**
 * What an event comes to (XEP-0450). A pure function: the same state and event give the same outcome. Keys get the level of
 * the policy; decisions of the user are told to other devices if the policy says so; those of others count if their key is
 * authenticated, they may speak about the account, and nothing newer is known, and wait if that can still come.
 */
export function reduceTrust(state: TrustState, event: TrustEvent): TrustOutcome {
  const book = new TrustBook(state)
  const pending = new PendingDecisions(book, state.pending)
  if (event.type === 'keys') takeKeys(book, event)
  else if (event.type === 'decisions') takeDecisions(book, pending, event)
  else takeMessage(book, pending, event)
  pending.settle()
  return {
    records: book.changed,
    pending: pending.changed,
    changes: book.changes,
    outgoing: state.policy.trustMessages ? outgoingMessages(book, pending.initial) : [],
    ignored: pending.ignored,
  }
}

function takeKeys(book: TrustBook, { jid, keys }: EventOf<'keys'>): void {
  // The policy sees what was known before this list: all keys of a first one are first.
  const known = book.of(jid)
  const holders = book.holders()
  for (const { key: bytes, ed25519: wireForm } of keys) {
    const key = keyName(bytes)
    if (book.isOwn(jid, key)) continue
    const ed25519 = wireForm && { ed25519: base64.encode(wireForm) }
    const record = book.get(jid, key)
    if (record !== undefined) {
      if (ed25519 && record.ed25519 !== ed25519.ed25519) book.write({ ...record, ...ed25519 })
      continue
    }
    if (book.of(jid).length >= mostKeys) continue
    const others = (holders.get(key) ?? []).filter((holder) => holder !== jid)
    if (key === book.ownKey) others.push(book.account)
    const level = others.length > 0 ? 'undecided' : book.policy.evaluate(jid, bytes, known)
    book.write({ jid, key, level, by: 'policy', ...ed25519 }, others.length > 0 ? { sharedWith: others } : {})
  }
}

function takeDecisions(book: TrustBook, pending: PendingDecisions, { decisions, at }: EventOf<'decisions'>): void {
  for (const decision of decisions) {
    const { jid, keys, level } = decision
    const record = keys.map((key) => book.get(jid, key)).find((each) => each !== undefined)
    // The user is always right, whatever the clocks of others have said.
    const time = Math.max(at, (record?.own?.at ?? -1) + 1, (record?.contact?.at ?? -1) + 1)
    if (level === 'authenticated' || level === 'distrusted') {
      pending.add({ owner: jid, keys, trust: level === 'authenticated', time })
    } else if (record !== undefined) {
      const decided = withWord(record, 'own', { level, at: time, by: 'user' })
      if (decided !== undefined) book.write(decided)
    }
  }
}

function takeMessage(book: TrustBook, pending: PendingDecisions, event: EventOf<'trust-message'>): void {
  const { message, sender, time } = event
  const refused = refusal(book, event)
  if (refused !== undefined || time === undefined) {
    pending.ignored.push(refused ?? 'no-time')
    return
  }
  let room = mostDecisions
  for (const { jid, trust, distrust } of message.owners) {
    const owner = jid.bare.toString()
    const decisions = [...distrust.map((id) => [id, false] as const), ...trust.map((id) => [id, true] as const)]
    for (const [id, trusted] of decisions.slice(0, room)) {
      const keys = keysMeant(id)
      if (keys.length === 0) pending.ignored.push('no-key')
      else pending.add({ owner, keys, trust: trusted, time: time.getTime(), sender })
    }
    if (decisions.length > room) pending.ignored.push('too-many')
    room = Math.max(0, room - decisions.length)
  }
}

function refusal(book: TrustBook, { message, sender, time, at }: EventOf<'trust-message'>): TrustIgnored | undefined {
  if (!book.policy.trustMessages) return 'not-automatic'
  if (message.usage !== NS_ATM || !isOmemo(message.encryption)) return 'other-usage'
  if (book.isOwn(sender.jid, sender.key)) return 'own-device'
  if (time === undefined) return 'no-time'
  return time.getTime() > at + ahead ? 'future' : undefined
}

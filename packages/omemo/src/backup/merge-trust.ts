import type { PendingTrust, TrustRecord } from '../trust/trust-record.js'
import { withWord } from '../trust/trust-word.js'

/** Records and decisions that wait. */
interface Trust {
  readonly records: readonly TrustRecord[]
  readonly pending: readonly PendingTrust[]
}

/** Decisions that wait in all; see `PendingDecisions`. */
const mostPending = 10_000

const nameOf = ({ jid, key }: { readonly jid: string; readonly key: string }): string => `${jid} ${key}`

/**
 * What is known now and what a backup has: an old decision never takes the place of a newer one, in whatever order they come
 * (OMEMO F16, S24). A pure function; the own key is nobody's to decide about.
 */
export function mergeTrust(now: Trust, backup: Trust, own: { readonly jid: string; readonly key: string }): Trust {
  const records = new Map(now.records.map((record) => [nameOf(record), record]))
  for (const record of backup.records) {
    const name = nameOf(record)
    if (name !== nameOf(own)) records.set(name, merged(records.get(name), record))
  }
  const pending = new Map([...now.pending, ...backup.pending].map((each) => [JSON.stringify(each), each]))
  return { records: [...records.values()], pending: [...pending.values()].slice(0, mostPending) }
}

function merged(now: TrustRecord | undefined, backup: TrustRecord): TrustRecord {
  if (now === undefined) return backup
  let record: TrustRecord = now
  for (const side of ['own', 'contact'] as const) {
    const word = backup[side]
    if (word !== undefined) record = withWord(record, side, word) ?? record
  }
  const ed25519 = record.ed25519 ?? backup.ed25519
  const verifiedOnce = record.verifiedOnce ?? backup.verifiedOnce
  return { ...record, ...(ed25519 && { ed25519 }), ...(verifiedOnce && { verifiedOnce }) }
}

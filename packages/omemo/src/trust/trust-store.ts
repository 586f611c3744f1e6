import { reduceTrust } from './reduce-trust.js'
import type { TrustState } from './trust-book.js'
import type { TrustEvent, TrustOutcome } from './trust-event.js'
import type { PendingTrust, TrustRecord } from './trust-record.js'

/** Where records are, within one transaction: what is put is there as a whole after it, or not at all. */
export interface TrustStore {
  /** Every key of every account. */
  records(): Promise<readonly TrustRecord[]>
  /** Writes one record over the one of the same account and key. */
  putRecord(record: TrustRecord): void | Promise<void>
  /** The decisions that wait. */
  pending(): Promise<readonly PendingTrust[]>
  /** Writes all decisions that wait. */
  putPending(pending: readonly PendingTrust[]): void | Promise<void>
}

/** Applies an event to what is stored, within a transaction; see {@link reduceTrust}. Send what is outgoing after it. */
export async function applyTrustEvent(
  store: TrustStore,
  settings: Pick<TrustState, 'account' | 'ownKey' | 'policy'>,
  event: TrustEvent,
): Promise<TrustOutcome> {
  const [records, pending] = [await store.records(), await store.pending()]
  const outcome = reduceTrust({ ...settings, records, pending }, event)
  for (const record of outcome.records) await store.putRecord(record)
  if (outcome.pending !== undefined) await store.putPending(outcome.pending)
  return outcome
}

import { equalBytes } from '../crypto/bytes.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'
import { missedMessages } from '../trust/outgoing-messages.js'
import { TrustBook } from '../trust/trust-book.js'
import type { OutgoingTrustMessage, SeenKey, TrustEvent, TrustOutcome } from '../trust/trust-event.js'
import { effectiveLevel, type TrustPolicy } from '../trust/trust-policy.js'
import { type KeyHolder, keyName, type PendingTrust, type TrustLevel, type TrustRecord } from '../trust/trust-record.js'
import { applyTrustEvent, type TrustStore } from '../trust/trust-store.js'

/** All that is thought of keys. */
export interface TrustData {
  readonly records: readonly TrustRecord[]
  readonly pending: readonly PendingTrust[]
}

/** The record of trust. */
export const trustKind: RecordKind<TrustData> = {
  name: 'trust',
  version: 1,
  toJson: (data) => data,
  fromJson: (json: TrustData) => json,
}

/** Who has not been told yet what was decided. */
const untoldKind: RecordKind<readonly KeyHolder[]> = {
  name: 'untold',
  version: 1,
  toJson: (data) => data,
  fromJson: (json: readonly KeyHolder[]) => json,
}

/** Of nobody anything is known. */
export const nothing: TrustData = { records: [], pending: [] }

/** The scope of trust in the store: of what may add a key or a decision. */
export const trustScope = 'trust'

/** What decides. */
export interface TrustLedgerParts {
  readonly store: OmemoStore
  readonly policy: TrustPolicy
  /** The own account, a bare JID. */
  readonly account: () => string
  /** The key of this device in the X25519 form; in a transaction it is read there. */
  readonly ownKey: (transaction?: Transaction) => Promise<Uint8Array>
  readonly now: () => number
  /** What a decision has led to, once it is stored. */
  readonly settled: (outcome: TrustOutcome) => void
}

/** What is thought of keys, kept in the store: one decision for a key of an account, whatever device or version uses it. */
export class TrustLedger {
  readonly #parts: TrustLedgerParts

  constructor(parts: TrustLedgerParts) {
    this.#parts = parts
  }

  /** The level of a key that is known; `undefined` for one nobody has seen. In any transaction. */
  async levelIn(transaction: Transaction, jid: string, key: Uint8Array): Promise<TrustLevel | undefined> {
    if (await this.#isOwn(jid, key, transaction)) return 'authenticated'
    return this.#level((await transaction.get(trustKind)) ?? nothing, jid, key)
  }

  /** Takes keys that were proven to be an account's, all at once. In a transaction on {@link trustScope}. */
  see(transaction: Transaction, jid: string, keys: readonly SeenKey[]): Promise<TrustOutcome> {
    return this.#apply(transaction, { type: 'keys', jid, keys, at: this.#parts.now() })
  }

  /** Takes a trust message of a device whose message was authentic. In a transaction on {@link trustScope}. */
  take(
    transaction: Transaction,
    event: Omit<TrustEvent & { type: 'trust-message' }, 'type' | 'at'>,
  ): Promise<TrustOutcome> {
    return this.#apply(transaction, { ...event, type: 'trust-message', at: this.#parts.now() })
  }

  /** Applies something in a transaction of its own. */
  async apply(event: TrustEvent): Promise<TrustOutcome> {
    const { store, settled } = this.#parts
    const outcome = await store.transaction([trustScope], (transaction) => this.#apply(transaction, event))
    settled(outcome)
    return outcome
  }

  /** What is left to tell: to devices that could not be told when it was decided, everything they may know (XEP-0450 §5). */
  async untold(): Promise<readonly OutgoingTrustMessage[]> {
    const { store, policy, account, ownKey } = this.#parts
    const missed = await store.read(untoldKind)
    if (missed === undefined || !policy.trustMessages) return []
    const data = (await store.read(trustKind)) ?? nothing
    const book = new TrustBook({ ...data, policy, account: account(), ownKey: keyName(await ownKey()) })
    return missedMessages(book, missed)
  }

  /** These have been told, or there is nobody to tell any more. */
  async told(holders: readonly KeyHolder[]): Promise<void> {
    if (holders.length === 0) return
    await this.#parts.store.transaction([trustScope], async (transaction) => {
      const before = (await transaction.get(untoldKind)) ?? []
      const rest = before.filter((each) => !holders.some((holder) => isSame(holder, each)))
      if (rest.length > 0) transaction.put(untoldKind, '', rest)
      else transaction.delete(untoldKind, '')
    })
  }

  /** Takes keys that a checked list has shown, and tells what is thought of each. */
  async levels(jid: string, keys: readonly SeenKey[]): Promise<readonly TrustLevel[]> {
    const data = (await this.#parts.store.read(trustKind)) ?? nothing
    const own = await Promise.all(keys.map(({ key }) => this.#isOwn(jid, key)))
    const levelOf = (from: TrustData, index: number): TrustLevel | undefined =>
      own[index] ? 'authenticated' : this.#level(from, jid, (keys[index] as SeenKey).key)
    const known = keys.map((_, index) => levelOf(data, index))
    if (known.every((level) => level !== undefined)) return known as readonly TrustLevel[]
    await this.apply({ type: 'keys', jid, keys, at: this.#parts.now() })
    const after = (await this.#parts.store.read(trustKind)) ?? nothing
    return keys.map((_, index) => levelOf(after, index) ?? 'undecided')
  }

  /** Whether it is the key of this device: who else of our account has it was restored from the same backup (OMEMO F4). */
  async #isOwn(jid: string, key: Uint8Array, transaction?: Transaction): Promise<boolean> {
    const { account, ownKey } = this.#parts
    return jid === account() && equalBytes(await ownKey(transaction), key)
  }

  /** What is thought of the keys of an account, by their names. */
  async known(jid: string): Promise<ReadonlyMap<string, TrustLevel>> {
    const records = await this.records(jid)
    return new Map(records.map((each) => [each.key, effectiveLevel(this.#parts.policy, each, records)]))
  }

  /** All that is known of the keys of an account. */
  async records(jid: string): Promise<readonly TrustRecord[]> {
    const { records } = (await this.#parts.store.read(trustKind)) ?? nothing
    return records.filter((record) => record.jid === jid)
  }

  /** Whoever is to be told is kept until that is done: the process may end, and devices may be out of reach. */
  async #owe(transaction: Transaction, { outgoing }: TrustOutcome): Promise<void> {
    if (outgoing.length === 0) return
    const before = (await transaction.get(untoldKind)) ?? []
    const all = outgoing.flatMap(({ recipients }) => recipients.map(({ jid, key }) => ({ jid, key })))
    const others = before.filter((each) => !all.some((holder) => isSame(holder, each)))
    transaction.put(untoldKind, '', [
      ...others,
      ...all.filter((each, at) => at === all.findIndex((one) => isSame(one, each))),
    ])
  }

  #level({ records }: TrustData, jid: string, key: Uint8Array): TrustLevel | undefined {
    const name = keyName(key)
    const all = records.filter((record) => record.jid === jid)
    const record = all.find((each) => each.key === name)
    return record && effectiveLevel(this.#parts.policy, record, all)
  }

  async #apply(transaction: Transaction, event: TrustEvent): Promise<TrustOutcome> {
    const { policy, account, ownKey } = this.#parts
    const data = (await transaction.get(trustKind)) ?? nothing
    const store = new DataStore(data)
    const settings = { policy, account: account(), ownKey: keyName(await ownKey(transaction)) }
    const outcome = await applyTrustEvent(store, settings, event)
    if (store.data !== data) transaction.put(trustKind, '', store.data)
    await this.#owe(transaction, outcome)
    return outcome
  }
}

const isSame = (left: KeyHolder, right: KeyHolder): boolean => left.jid === right.jid && left.key === right.key

/** Records as the reducer wants them. */
class DataStore implements TrustStore {
  data: TrustData

  constructor(data: TrustData) {
    this.data = data
  }

  async records(): Promise<readonly TrustRecord[]> {
    return this.data.records
  }

  putRecord(record: TrustRecord): void {
    const rest = this.data.records.filter(({ jid, key }) => jid !== record.jid || key !== record.key)
    this.data = { ...this.data, records: [...rest, record] }
  }

  async pending(): Promise<readonly PendingTrust[]> {
    return this.data.pending
  }

  putPending(pending: readonly PendingTrust[]): void {
    this.data = { ...this.data, pending }
  }
}

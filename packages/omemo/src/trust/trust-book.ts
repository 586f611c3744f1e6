import { effectiveLevel, type TrustPolicy } from './trust-policy.js'
import type { KeyHolder, PendingTrust, TrustLevel, TrustRecord } from './trust-record.js'

/** All that trust is decided by; the input of `reduceTrust`, which changes nothing in it. */
export interface TrustState {
  /** The own account, a bare JID. */
  readonly account: string
  /** The key of this device, in base64 of its Curve25519 form: nobody decides about it. */
  readonly ownKey: string
  /** What to think of new keys. */
  readonly policy: TrustPolicy
  /** Every key of every account. */
  readonly records: readonly TrustRecord[]
  /** Decisions that wait. */
  readonly pending: readonly PendingTrust[]
}

/** A key of which something else is thought than before. */
export interface TrustChange {
  /** The account, a bare JID. */
  readonly jid: string
  /** The key, in base64 of its Curve25519 form. */
  readonly key: string
  /** The level before; `undefined` for a key that is new. */
  readonly from: TrustLevel | undefined
  /** The level now. */
  readonly to: TrustLevel
  /** Who has decided. */
  readonly by: TrustRecord['by']
  /** For a trust message: whose. */
  readonly sender?: KeyHolder
  /** Other accounts that show the same key: one of them may pass messages on as its own (OMEMO S5). */
  readonly sharedWith?: readonly string[]
}

/** The records while something is decided: by account and key, with what has changed. */
export class TrustBook {
  readonly account: string
  readonly ownKey: string
  readonly policy: TrustPolicy
  readonly #changes = new Map<string, TrustChange>()
  readonly #records = new Map<string, Map<string, TrustRecord>>()
  readonly #changed = new Set<TrustRecord>()

  constructor({ account, ownKey, policy, records }: TrustState) {
    this.account = account
    this.ownKey = ownKey
    this.policy = policy
    for (const record of records) this.#put(record)
  }

  /** Records that differ from those of the state. */
  get changed(): TrustRecord[] {
    return [...this.#changed]
  }

  /** What has changed in the end, in order. */
  get changes(): TrustChange[] {
    return [...this.#changes.values()].filter(({ from, to }) => from !== to)
  }

  /** All keys of an account. */
  of(jid: string): TrustRecord[] {
    return [...(this.#records.get(jid)?.values() ?? [])]
  }

  /** One key. */
  get(jid: string, key: string): TrustRecord | undefined {
    return this.#records.get(jid)?.get(key)
  }

  /** Whether it is the key of this device. */
  isOwn(jid: string, key: string): boolean {
    return jid === this.account && key === this.ownKey
  }

  /** Every other key that is authenticated. */
  authenticated(): TrustRecord[] {
    return this.decided().filter(({ level }) => level === 'authenticated')
  }

  /** Every other key that is authenticated or distrusted. */
  decided(): TrustRecord[] {
    const all = [...this.#records.values()].flatMap((records) => [...records.values()])
    const isDecided = ({ level }: TrustRecord): boolean => level === 'authenticated' || level === 'distrusted'
    return all.filter((record) => isDecided(record) && !this.isOwn(record.jid, record.key))
  }

  /** The accounts that show a key. */
  holders(): Map<string, string[]> {
    const holders = new Map<string, string[]>()
    for (const [jid, records] of this.#records) {
      for (const key of records.keys()) holders.set(key, [...(holders.get(key) ?? []), jid])
    }
    return holders
  }

  /** Writes a record. What is thought of it now is a change if it differs; so is what that does to keys used blindly. */
  write(record: TrustRecord, more: Pick<TrustChange, 'sender' | 'sharedWith'> = {}): void {
    const { jid } = record
    const before = this.#levels(jid)
    const replaced = this.get(jid, record.key)
    if (replaced !== undefined) this.#changed.delete(replaced)
    this.#put(record)
    this.#changed.add(record)
    for (const [key, to] of this.#levels(jid)) {
      const from = before.get(key)
      if (from === to) continue
      const decided = key === record.key
      this.#note({ jid, key, from, to, by: decided ? record.by : 'policy', ...(decided && more) })
    }
  }

  /** Of several changes of a key only the sum is one. */
  #note(change: TrustChange): void {
    const name = `${change.jid} ${change.key}`
    const earlier = this.#changes.get(name)
    this.#changes.set(name, earlier === undefined ? change : { ...earlier, ...change, from: earlier.from })
  }

  #levels(jid: string): Map<string, TrustLevel> {
    const known = this.of(jid)
    return new Map(known.map((each) => [each.key, effectiveLevel(this.policy, each, known)]))
  }

  #put(record: TrustRecord): void {
    const records = this.#records.get(record.jid) ?? new Map<string, TrustRecord>()
    this.#records.set(record.jid, records.set(record.key, record))
  }
}

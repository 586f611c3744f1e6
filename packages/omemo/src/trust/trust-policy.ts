import { keyName, type TrustLevel, type TrustRecord } from './trust-record.js'

/** What to think of keys of which nothing is decided. */
export interface TrustPolicy {
  /** For reports and settings: `btbv`. */
  readonly name: string
  /**
   * The level of a key that is seen for the first time. A pure function.
   *
   * @param jid the account, bare
   * @param key in Curve25519 form
   * @param known the other keys of this account that were known before this device list came
   */
  evaluate(jid: string, key: Uint8Array, known: readonly TrustRecord[]): TrustLevel
  /** Whether blind trust from before still counts, by all keys of the account; left out, it does. */
  blindStands?(known: readonly TrustRecord[]): boolean
  /** Whether trust messages are acted upon and sent (XEP-0450); left out, they are not. */
  readonly trustMessages?: boolean
}

const verified = (known: readonly TrustRecord[]): boolean => known.some((record) => record.verifiedOnce === true)

/** Every key waits for the user's decision. */
export function manual(): TrustPolicy {
  return { name: 'manual', evaluate: () => 'undecided' }
}

/** Trust on first use: the keys an account has when it is first seen are used; any that comes later waits for the user. */
export function tofu(): TrustPolicy {
  return { name: 'tofu', evaluate: (_jid, _key, known) => (known.length === 0 ? 'blind' : 'undecided') }
}

/**
 * Blind trust before verification: new keys of an account are used until the user has trusted one on purpose; from then on
 * every new one waits for the user. Keys used blindly before stay in use.
 */
export function btbv(): TrustPolicy {
  return { name: 'btbv', evaluate: (_jid, _key, known) => (verified(known) ? 'undecided' : 'blind') }
}

/**
 * Automatic trust management (XEP-0450), with trust in authenticated keys alone after the first authentication (§7.2): then
 * keys used blindly before are not used any longer either, until they are authenticated, too. Devices tell each other, in
 * encrypted trust messages, which keys their users have compared.
 */
export function atm(): TrustPolicy {
  return { ...btbv(), name: 'atm', blindStands: (known) => !verified(known), trustMessages: true }
}

/** What a decision comes to under a policy; `known` are all keys of the account. */
export function effectiveLevel(policy: TrustPolicy, record: TrustRecord, known: readonly TrustRecord[]): TrustLevel {
  if (record.level !== 'blind') return record.level
  return policy.blindStands?.(known) === false ? 'undecided' : 'blind'
}

/** What to think of a key, by all records of its account: `undecided` where there is none for it. */
export function trustLevelOf(policy: TrustPolicy, key: Uint8Array, known: readonly TrustRecord[]): TrustLevel {
  const name = keyName(key)
  const record = known.find((each) => each.key === name)
  return record === undefined ? 'undecided' : effectiveLevel(policy, record, known)
}

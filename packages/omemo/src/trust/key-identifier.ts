import { type BareJid, Jid } from '@couplet/stanza'
import type { KeyOwner, TrustMessage, TrustMessageUri } from '@couplet/trust-messages'
import { curveFromEd25519 } from '../crypto/identity.js'
import { NS_OMEMO_LEGACY } from '../legacy/elements.js'
import { NS_OMEMO } from '../omemo2/elements.js'
import type { OmemoUri } from './omemo-uri.js'
import { keyBytes, keyName, type TrustLevel, type TrustRecord } from './trust-record.js'

/** A decision of the user about one key. */
export interface UserDecision {
  /** Whose key, a bare JID. */
  readonly jid: string
  /** The key, in base64 of its Curve25519 form; a scanned identifier can mean either of two. */
  readonly keys: readonly string[]
  /** The decision; `undecided` takes an earlier one back. */
  readonly level: Exclude<TrustLevel, 'blind'>
}

/** A decision about a key whose bytes are known, in Curve25519 form. */
export const decideOn = (jid: Jid, curveKey: Uint8Array, level: UserDecision['level']): UserDecision => ({
  jid: jid.bare.toString(),
  keys: [keyName(curveKey)],
  level,
})

/** What it means when the user has scanned a URI and agreed (XEP-0434 §8.1.1). Empty if it is about another encryption. */
export function decisionsOf(uri: OmemoUri | TrustMessageUri): UserDecision[] {
  const jid = uri.jid.toString()
  if ('devices' in uri) return uri.devices.map(({ key }) => decideOn(uri.jid, key, 'authenticated'))
  if (!isOmemo(uri.encryption)) return []
  return [
    ...uri.trust.map((id) => [id, 'authenticated'] as const),
    ...uri.distrust.map((id) => [id, 'distrusted'] as const),
  ]
    .map(([id, level]): UserDecision => ({ jid, keys: keysMeant(id), level }))
    .filter(({ keys }) => keys.length > 0)
}

/** Whether keys of this encryption are identity keys of OMEMO: both versions have the same. */
export const isOmemo = (encryption: string): boolean => encryption === NS_OMEMO || encryption === NS_OMEMO_LEGACY

/**
 * Which keys an identifier of XEP-0434 can mean: the specification does not say which form it has. Some send that of
 * Ed25519, which is converted; nobody can make a key whose one form is another's other form.
 */
export function keysMeant(id: Uint8Array): string[] {
  if (id.length === 33 && id[0] === 5) return [keyName(id)]
  if (id.length !== 32) return []
  const names = [keyName(id)]
  try {
    names.push(keyName(curveFromEd25519(id)))
  } catch {
    // It has no other form.
  }
  return names
}

/** How to name a key to others: as omemo:2 has it on the wire, which is what others look for; else in the other form. */
export const identifierOf = ({ key, ed25519 }: TrustRecord): Uint8Array => keyBytes(ed25519 ?? key)

/** A fact about a key, to be told. */
export interface TrustFact {
  /** The key. */
  readonly record: TrustRecord
  /** Whether it is authenticated or distrusted. */
  readonly trust: boolean
}

/** Facts as the content of a trust message for `usage` (XEP-0434 §4). */
export function trustMessageOf(facts: readonly TrustFact[], usage: string): TrustMessage {
  const owners = new Map<string, { jid: BareJid; trust: Uint8Array[]; distrust: Uint8Array[] }>()
  for (const { record, trust } of facts) {
    const owner = owners.get(record.jid) ?? { jid: Jid.parse(record.jid).bare, trust: [], distrust: [] }
    owners.set(record.jid, owner)
    owner[trust ? 'trust' : 'distrust'].push(identifierOf(record))
  }
  return { usage, encryption: NS_OMEMO, owners: [...owners.values()] satisfies KeyOwner[] }
}

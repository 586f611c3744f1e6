// A device that decides about the keys of alice, bob and carol, for tests of `reduceTrust`.
import { base64, Jid } from '@couplet/stanza'
import { decideOn } from '../src/trust/key-identifier.js'
import { reduceTrust } from '../src/trust/reduce-trust.js'
import type { TrustState } from '../src/trust/trust-book.js'
import type { TrustEvent, TrustOutcome } from '../src/trust/trust-event.js'
import { atm, type TrustPolicy } from '../src/trust/trust-policy.js'
import type { KeyHolder, TrustRecord } from '../src/trust/trust-record.js'

export const alice = 'alice@example.org'
export const bob = 'bob@example.com'
export const carol = 'carol@example.net'
/** u-coordinates small enough that each has both forms. */
export const key = (n: number): Uint8Array => new Uint8Array(32).fill(n, 0, 1)
export const holder = (jid: string, n: number): KeyHolder => ({ jid, key: base64.encode(key(n)) })
export const [A1, A2, A3] = [holder(alice, 11), holder(alice, 12), holder(alice, 13)]
export const [B1, B2, C1] = [holder(bob, 21), holder(bob, 22), holder(carol, 31)]

export type Levels = readonly (readonly [KeyHolder, TrustRecord['level']])[]

/** The device A1, which runs one event after the other. */
export function device(levels: Levels, policy: TrustPolicy = atm()) {
  let state: TrustState = {
    account: alice,
    ownKey: A1.key,
    policy,
    records: levels.map(([each, level]) => ({ ...each, level, by: 'policy' })),
    pending: [],
  }
  const same = (one: KeyHolder, other: KeyHolder) => one.jid === other.jid && one.key === other.key
  return {
    run(event: TrustEvent): TrustOutcome {
      const outcome = reduceTrust(state, event)
      const kept = state.records.filter((each) => !outcome.records.some((changed) => same(each, changed)))
      state = { ...state, records: [...kept, ...outcome.records], pending: outcome.pending ?? state.pending }
      return outcome
    },
    level: (of: KeyHolder) => state.records.find((each) => same(each, of))?.level,
    state: () => state,
  }
}

export interface Says {
  readonly trust?: readonly KeyHolder[]
  readonly distrust?: readonly KeyHolder[]
  readonly time?: number | undefined
  readonly usage?: string
  readonly encryption?: string
}
export const now = 1_000_000_000

/** A trust message of a device. */
export function says(
  sender: KeyHolder,
  { trust = [], distrust = [], time = now, usage, encryption }: Says,
): TrustEvent {
  const owners = [...new Set([...trust, ...distrust].map(({ jid }) => jid))].map((jid) => ({
    jid: Jid.parse(jid),
    trust: trust.filter((each) => each.jid === jid).map((each) => base64.decode(each.key) as Uint8Array),
    distrust: distrust.filter((each) => each.jid === jid).map((each) => base64.decode(each.key) as Uint8Array),
  }))
  const message = { usage: usage ?? 'urn:xmpp:atm:1', encryption: encryption ?? 'urn:xmpp:omemo:2', owners }
  return { type: 'trust-message', message, sender, time: Number.isNaN(time) ? undefined : new Date(time), at: now }
}

export const decides = (
  of: KeyHolder,
  level: 'authenticated' | 'distrusted' | 'trusted' | 'undecided',
  at = now,
): TrustEvent => ({
  type: 'decisions',
  decisions: [decideOn(Jid.parse(of.jid), base64.decode(of.key) as Uint8Array, level)],
  at,
})
export const sees = (...keys: readonly KeyHolder[]): TrustEvent => ({
  type: 'keys',
  jid: (keys[0] as KeyHolder).jid,
  keys: keys.map((each) => ({ key: base64.decode(each.key) as Uint8Array })),
  at: now,
})

export const known: Levels = [
  [A2, 'authenticated'],
  [A3, 'undecided'],
  [B1, 'authenticated'],
  [B2, 'blind'],
  [C1, 'undecided'],
]

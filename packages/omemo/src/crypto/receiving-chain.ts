import { OmemoError } from '../omemo-error.js'
import type { CryptoBackend } from './backend.js'
import { wipe } from './bytes.js'
import { chainStep } from './message-keys.js'
import type { PastChain, ReceivingChain, SkippedKey } from './session.js'

/** The key of a message that others have overtaken, and its chain without it. */
export function takeSkipped<Chain extends PastChain>(chain: Chain, n: number): { key: Uint8Array; chain: Chain } {
  const at = chain.skipped.findIndex((entry) => entry.n === n)
  const found = chain.skipped[at]
  if (found) return { key: found.messageKey, chain: { ...chain, skipped: chain.skipped.toSpliced(at, 1) } }
  if (n < chain.expired) throw new OmemoError('expired')
  throw new OmemoError(n < chain.next ? 'replayed' : 'bad-mac')
}

/** The keys from `next` up to `end`, which is not included, and the chain key of `end`. */
function skipTo(
  backend: CryptoBackend,
  chain: { readonly chainKey: Uint8Array; readonly next: number },
  end: number,
): { skipped: SkippedKey[]; chainKey: Uint8Array } {
  const skipped: SkippedKey[] = []
  let { chainKey } = chain
  for (let n = chain.next; n < end; n++) {
    const step = chainStep(backend, chainKey)
    if (chainKey !== chain.chainKey) wipe(chainKey)
    skipped.push({ n, messageKey: step.messageKey })
    chainKey = step.chainKey
  }
  return { skipped, chainKey }
}

/** Drops the oldest keys above the limit of the session (XEP-0384 §4.3: first in, first out). */
export function enforceLimit(
  past: readonly PastChain[],
  receiving: ReceivingChain,
  limit: number,
): { past: readonly PastChain[]; receiving: ReceivingChain } {
  let excess = past.reduce((sum, chain) => sum + chain.skipped.length, receiving.skipped.length) - limit
  if (excess <= 0) return { past, receiving }
  const trim = <Chain extends PastChain>(chain: Chain): Chain => {
    const dropped = chain.skipped.slice(0, excess)
    const last = dropped.at(-1)
    if (!last) return chain
    excess -= dropped.length
    return { ...chain, expired: last.n + 1, skipped: chain.skipped.slice(dropped.length) }
  }
  return { past: past.map(trim), receiving: trim(receiving) }
}

/** Without a copy where nothing was skipped, which is nearly always. */
function joined(before: readonly SkippedKey[], added: readonly SkippedKey[]): readonly SkippedKey[] {
  return added.length === 0 ? before : [...before, ...added]
}

/** The chain as it is after message `n` of it, and the key of that message. */
export function advance(
  backend: CryptoBackend,
  chain: ReceivingChain,
  n: number,
): { key: Uint8Array; chain: ReceivingChain } {
  const { skipped, chainKey } = skipTo(backend, chain, n)
  const step = chainStep(backend, chainKey)
  if (chainKey !== chain.chainKey) wipe(chainKey)
  return {
    key: step.messageKey,
    chain: { ...chain, chainKey: step.chainKey, next: n + 1, skipped: joined(chain.skipped, skipped) },
  }
}

/**
 * The chain that a turn of the ratchet ends, with the keys of its messages that are still to come. Some senders announce
 * the number of its last message instead of its length, so one key more is kept (XEP-0384 §4.3).
 */
export function closeChain(backend: CryptoBackend, chain: ReceivingChain, pn: number): PastChain {
  const { ratchetKey, expired } = chain
  const { skipped, chainKey } = skipTo(backend, chain, pn + 1)
  if (chainKey !== chain.chainKey) wipe(chainKey)
  return { ratchetKey, expired, next: Math.max(chain.next, pn + 1), skipped: joined(chain.skipped, skipped) }
}

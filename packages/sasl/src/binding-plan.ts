import type { ChannelBinding, ChannelBindingType } from './mechanism.js'
import { refuse } from './sasl-error.js'

// RFC 9266 binds the connection itself; tls-server-end-point only its certificate; tls-unique is broken without RFC 7627.
const PREFERENCE: readonly ChannelBindingType[] = ['tls-exporter', 'tls-server-end-point', 'tls-unique']

/** SCRAM without -PLUS, strongest hash first. */
export const SCRAM_NAMES: readonly string[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1']

/** What the announcements allow: a binding to prove, or which letter stands for none. */
export interface BindingPlan {
  readonly binding: ChannelBinding | 'y' | 'n'
  /** Without a binding both sides know, the list itself must be proven (XEP-0474 §7, rule 6). */
  readonly listHashRequired?: boolean
}

/**
 * XEP-0440 §3. The rules that abort concern clients that can bind: one that cannot sends `n` whatever was announced.
 * @throws SaslError `channel-binding` when mechanisms and types contradict each other: somebody stripped one list.
 */
export function planBinding(
  offered: readonly string[],
  offeredTypes: readonly string[] | undefined,
  bindings: readonly ChannelBinding[],
  sasl2: boolean,
): BindingPlan {
  const ours = PREFERENCE.flatMap((type) => bindings.filter((binding) => binding.type === type && binding.data.length))
  const types = offeredTypes?.length ? offeredTypes : undefined
  const plus = SCRAM_NAMES.some((name) => offered.includes(`${name}-PLUS`))
  const best = ours.find(({ type }) => !types || types.includes(type))
  if (!ours.length) return { binding: 'n' }
  if (!plus && !types) return { binding: 'y' }
  if (!plus) refuse('SCRAM', 'channel-binding', 'channel-binding types are offered without a mechanism')
  if (!types && sasl2) refuse('SCRAM', 'channel-binding', 'a mechanism is offered without channel-binding types')
  if (best) return { binding: best }
  // Every server has tls-server-end-point (XEP-0440 §3): a list without it, and without ours, was tampered with
  // unless the server's own hash says otherwise. `y` would claim that nothing was offered and make the server fail us.
  return { binding: 'n', listHashRequired: !types?.includes('tls-server-end-point') }
}

import { planBinding, SCRAM_NAMES } from './binding-plan.js'
import type { Credentials } from './credentials.js'
import type { ScramHash } from './crypto-backend.js'
import { hashedToken, usableTokens } from './hashed-token.js'
import type { ChannelBinding, SaslMechanism } from './mechanism.js'
import { oauthBearer } from './oauthbearer.js'
import { SaslError } from './sasl-error.js'
import { scram } from './scram.js'
import { anonymous, external, plain } from './single-message.js'

/** What the user permits, and what the channel is. */
export interface MechanismPolicy {
  /** The channel is TLS with a verified certificate. Without it PLAIN, OAUTHBEARER and HT are never used. */
  readonly secure: boolean
  /** The SASL2 profile (XEP-0388) is in use: a list of -PLUS without binding types is then an attack (XEP-0440 §3). */
  readonly sasl2?: boolean | undefined
  /** Permits PLAIN, which hands the password to the server; default false. */
  readonly allowPlain?: boolean | undefined
  /** Password mechanisms to use, best first; default SCRAM-PLUS, SCRAM, PLAIN, and SHA-512, -256, -1 within. */
  readonly order?: readonly string[] | undefined
  /**
   * Refuses what comes after this one in the order, unless the server proves that it offers nothing better (XEP-0474), as
   * it can with SCRAM: the pin of an earlier login, such as `SCRAM-SHA-1` (no PLAIN).
   */
  readonly minimum?: string | undefined
}

/** What `chooseMechanism` decides on. */
export interface ChooseOptions {
  /** Mechanisms the server listed, unfiltered; those of FAST may be added. */
  readonly offered: readonly string[]
  /** Channel-binding types the server listed (XEP-0440); leave out where it announced none. */
  readonly offeredBindings?: readonly string[] | undefined
  /** Bindings the transport can give for this channel. */
  readonly bindings: readonly ChannelBinding[]
  /** What the user can prove. */
  readonly credentials: Credentials
  /** What the user permits, and what the channel is. */
  readonly policy: MechanismPolicy
  /**
   * SCRAM's nonce, for an attempt whose first message went out before the offer was known: it goes on by what is offered
   * in truth, if the first message is still the same byte for byte. Otherwise leave it out: a nonce is used once.
   */
  readonly nonce?: string | undefined
}

/** The password mechanisms, best first, where {@link MechanismPolicy.order} does not say otherwise. */
export const passwordMechanisms: readonly string[] = [
  ...SCRAM_NAMES.map((name) => `${name}-PLUS`),
  ...SCRAM_NAMES,
  'PLAIN',
]

/**
 * Picks the best mechanism: FAST token, certificate, OAuth token, password, anonymous, as far as credentials are given.
 * @throws SaslError `no-mechanism`, `encryption-required` or `downgrade`, naming the offer; `channel-binding` for an
 * offer that contradicts itself.
 * @throws RangeError for a `minimum` that is not in the order.
 */
export function chooseMechanism(options: ChooseOptions): SaslMechanism {
  const { offered, bindings, credentials, policy } = options
  const has = (name: string): boolean => offered.includes(name)
  const { ht, token } = credentials
  const usable = usableTokens(bindings)
  const useToken = ht && has(ht.mechanism) && usable.has(ht.mechanism)
  const useBearer = token && has('OAUTHBEARER')
  if (useToken && policy.secure) return hashedToken(ht.mechanism, credentials, usable.get(ht.mechanism))
  if (credentials.external && has('EXTERNAL')) return external(credentials)
  if (useBearer && policy.secure) return oauthBearer(credentials)
  const found = credentials.password === undefined ? undefined : byPassword(options)
  if (found && typeof found !== 'string') return found
  // A refused password must not become an anonymous login.
  if (!found && credentials.anonymous && has('ANONYMOUS')) return anonymous()
  const code = useToken || useBearer ? 'encryption-required' : (found ?? 'no-mechanism')
  // Mechanism names as RFC 4422 §3.1 has them; whatever else a server lists stays out of messages.
  const names = offered.filter((name) => /^[\w-]{1,20}$/.test(name)).slice(0, 20)
  throw new SaslError(code, `nothing usable is offered (${names.join(', ') || 'empty list'})`)
}

function byPassword(options: ChooseOptions): SaslMechanism | 'encryption-required' | 'downgrade' | undefined {
  const { offered, credentials, policy } = options
  const order = policy.order ?? passwordMechanisms
  const last = policy.minimum === undefined ? order.length : order.indexOf(policy.minimum)
  if (last < 0) throw new RangeError(`policy.minimum is not in the order: ${policy.minimum}`)
  let refusal: 'encryption-required' | 'downgrade' | undefined
  for (const [rank, name] of order.entries()) {
    if (!offered.includes(name)) continue
    const weak = rank > last
    const mechanism = name === 'PLAIN' ? policy.allowPlain && plain(credentials) : byScram(name, options, weak)
    if (!mechanism) continue
    if (name === 'PLAIN' && weak) refusal ??= 'downgrade'
    else if (name === 'PLAIN' && !policy.secure) refusal ??= 'encryption-required'
    else return mechanism
  }
  return refusal
}

/** @param weak whether an earlier login was better: the server must prove its list (XEP-0474) */
function byScram(name: string, options: ChooseOptions, weak: boolean): SaslMechanism | undefined {
  const { offered, offeredBindings, bindings, credentials, policy, nonce } = options
  const base = name.replace(/-PLUS$/, '')
  if (!SCRAM_NAMES.includes(base)) return undefined
  const { binding, listHashRequired } = planBinding(offered, offeredBindings, bindings, !!policy.sasl2)
  const canBind = typeof binding === 'object'
  if (base !== name && !canBind) return undefined
  return scram(credentials, {
    hash: base.slice('SCRAM-'.length) as ScramHash,
    // An order that puts a mechanism without binding first is answered with `n`: `y` would be untrue.
    binding: base === name && canBind ? 'n' : binding,
    listHashRequired: weak ? 'downgrade' : listHashRequired ? 'channel-binding' : undefined,
    advertised: advertised(offered, offeredBindings),
    nonce,
  })
}

// XEP-0474 §6.1. FAST's mechanisms are listed elsewhere and are no part of the hash; sort() is i;octet for ASCII.
function advertised(offered: readonly string[], types: readonly string[] | undefined): string {
  const names = offered.filter((name) => !name.startsWith('HT-'))
  return names.sort().join('\x1e') + (types?.length ? `\x1f${[...types].sort().join('\x1e')}` : '')
}

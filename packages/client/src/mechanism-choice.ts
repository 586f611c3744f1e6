import {
  type ChannelBinding,
  type Credentials,
  chooseMechanism,
  passwordMechanisms,
  type SaslError,
  type SaslMechanism,
} from '@couplet/sasl'
import { AuthenticationError } from './authentication-error.js'
import type { LoginPin } from './login-memory.js'
import type { LoginOptions } from './negotiation.js'
import { unlessAborted } from './unless-aborted.js'

/** What the server offers, and on what channel. */
export interface MechanismOffer {
  readonly mechanisms: readonly string[]
  readonly bindings: readonly string[] | undefined
  /** What our side can bind to. */
  readonly ours: readonly ChannelBinding[]
  readonly sasl2: boolean
  /** SCRAM's nonce, for an attempt that was begun before the offer was known. */
  readonly nonce?: string | undefined
}

/**
 * Chooses by the user's policy and the pin of earlier logins (S-042).
 *
 * @throws AuthenticationError
 */
export function choose(
  options: LoginOptions,
  offer: MechanismOffer,
  token?: NonNullable<Credentials['ht']>,
): SaslMechanism {
  const { policy, account, credentials, memory } = options
  const minimum = memory.pin[sideOf(offer.ours)]
  const order = policy.order ?? passwordMechanisms
  return wrapErrors(undefined, () =>
    chooseMechanism({
      offered: token === undefined ? offer.mechanisms : [...offer.mechanisms, token.mechanism],
      offeredBindings: offer.bindings,
      bindings: offer.ours,
      nonce: offer.nonce,
      credentials: { username: account.local, ...credentials, ht: token },
      policy: {
        ...policy,
        secure: true,
        sasl2: offer.sasl2,
        // A user who has since left that mechanism out of the order has decided.
        minimum: minimum !== undefined && order.includes(minimum) ? minimum : undefined,
      },
    }),
  )
}

/**
 * The same options for an attempt with this mechanism that is under way: all the same rules, but what is better than both
 * the mechanism and the pin is left for the next login.
 */
export function stayingWith(name: string, options: LoginOptions, ours: readonly ChannelBinding[]): LoginOptions {
  const { policy, memory } = options
  const floor = memory.pin[sideOf(ours)]
  const order = (policy.order ?? passwordMechanisms).filter((item) => item === name || item === floor)
  return { ...options, policy: { ...policy, order } }
}

/**
 * The mechanisms for tokens that are as good as the others: where the login is bound to the channel, by the user's word or
 * by the pin, one without binding would be a way around that.
 *
 * @param fast what the server offers
 */
export function tokenMechanisms(
  fast: readonly string[],
  { policy, memory }: LoginOptions,
  ours: readonly ChannelBinding[],
): readonly string[] {
  const isBound = (name: string | undefined): boolean => name?.endsWith('-PLUS') ?? false
  const mustBind = (policy.order?.every(isBound) ?? false) || isBound(memory.pin[sideOf(ours)])
  return mustBind ? fast.filter((name) => !name.endsWith('-NONE')) : fast
}

/** The pin after a success: it only ever rises. `undefined` if it stays, or the mechanism was not one for passwords. */
export function raisedPin(options: LoginOptions, ours: readonly ChannelBinding[], name: string): LoginPin | undefined {
  const order = options.policy.order ?? passwordMechanisms
  const side = sideOf(ours)
  const [rank, pinned] = [order.indexOf(name), order.indexOf(options.memory.pin[side] ?? '')]
  return rank < 0 || (pinned >= 0 && pinned <= rank) ? undefined : { [side]: name }
}

const sideOf = (ours: readonly ChannelBinding[]): keyof LoginPin =>
  ours.some(({ data }) => data.length > 0) ? 'bindable' : 'unbindable'

/** Runs code of the SASL package; its errors become ours. @throws AuthenticationError */
export function wrapErrors<T>(mechanism: SaslMechanism | undefined, code: () => T): T {
  try {
    return code()
  } catch (error) {
    throw asAuthenticationError(error, mechanism)
  }
}

/** What the SASL package throws, as ours; anything else as it is. */
export function asAuthenticationError(error: unknown, mechanism: SaslMechanism | undefined): unknown {
  if (!(error instanceof Error) || error.name !== 'SaslError') return error
  const { code, condition } = error as SaslError
  return new AuthenticationError(condition ?? code, { mechanism: mechanism?.name, cause: error })
}

/**
 * Runs an exchange. When the signal aborts it ends at once, whatever it waits for (a password may take its time), and the
 * mechanism is wiped.
 *
 * @throws AuthenticationError for what the SASL package throws, and the signal's reason
 */
export async function running<T>(mechanism: SaslMechanism, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  try {
    return await unlessAborted(work(), signal)
  } catch (error) {
    mechanism.abort()
    throw asAuthenticationError(error, mechanism)
  }
}

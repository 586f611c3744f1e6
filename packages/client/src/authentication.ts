import { type ChannelBinding, chooseMechanism, type SaslError, type SaslMechanism } from '@couplet/sasl'
import { base64, type XmlElement, xml } from '@couplet/stanza'
import { AuthenticationError } from './authentication-error.js'
import { Auth, Mechanisms, NS_SASL, Response, SaslChannelBinding } from './elements.js'
import type { LoginOptions, Negotiation } from './negotiation.js'

/**
 * SASL as RFC 6120 §6 profiles it.
 *
 * @throws AuthenticationError if the server refuses us, or does not prove itself
 */
export async function authenticate(
  negotiation: Negotiation,
  features: XmlElement,
  options: LoginOptions,
  bindings: readonly ChannelBinding[],
): Promise<void> {
  const mechanism = wrapErrors(undefined, () =>
    chooseMechanism({
      offered: features.get(Mechanisms)?.names ?? [],
      offeredBindings: features.get(SaslChannelBinding)?.types.map(({ type }) => type),
      bindings,
      credentials: { username: options.account.local, ...options.credentials },
      policy: { ...options.policy, secure: true },
    }),
  )
  const abort = (): void => mechanism.abort()
  options.signal.addEventListener('abort', abort, { once: true })
  try {
    await exchange(negotiation, mechanism)
  } catch (error) {
    throw asAuthenticationError(error, mechanism)
  } finally {
    options.signal.removeEventListener('abort', abort)
  }
}

async function exchange(negotiation: Negotiation, mechanism: SaslMechanism): Promise<void> {
  const initial = await mechanism.initial()
  negotiation.send(Auth({ mechanism: mechanism.name, initial: initial && (base64.encode(initial) || '=') }))
  for (;;) {
    const element = await negotiation.expect('sasl')
    if (element.name === 'failure') throw failure(element, mechanism)
    const data = decode(element.text, mechanism)
    if (element.name === 'success') return mechanism.success(data)
    let answer: Uint8Array
    try {
      answer = await mechanism.challenge(data ?? new Uint8Array())
    } catch (error) {
      // RFC 6120 §6.4.4: say so before leaving.
      negotiation.send(xml(NS_SASL, 'abort'))
      throw error
    }
    negotiation.send(Response({ data: base64.encode(answer) }))
  }
}

/** RFC 6120 §6.4.2: no text is no data, `=` is data without content. */
function decode(text: string, mechanism: SaslMechanism): Uint8Array | undefined {
  if (text === '') return undefined
  const data = text === '=' ? new Uint8Array() : base64.decode(text)
  if (data === undefined) throw new AuthenticationError('malformed', { mechanism: mechanism.name })
  return data
}

function failure(element: XmlElement, mechanism: SaslMechanism): AuthenticationError {
  let condition = 'not-authorized'
  for (const node of element.elements()) {
    if (node.ns === NS_SASL && node.name !== 'text' && /^[a-z-]{1,64}$/.test(node.name)) condition = node.name
  }
  const text = element.child('text')?.text
  return new AuthenticationError(condition, { mechanism: mechanism.name, text, cause: mechanism.serverError })
}

function wrapErrors<T>(mechanism: SaslMechanism | undefined, code: () => T): T {
  try {
    return code()
  } catch (error) {
    throw asAuthenticationError(error, mechanism)
  }
}

function asAuthenticationError(error: unknown, mechanism: SaslMechanism | undefined): unknown {
  if (!(error instanceof Error) || error.name !== 'SaslError') return error
  const { code, condition } = error as SaslError
  return new AuthenticationError(condition ?? code, { mechanism: mechanism?.name, cause: error })
}

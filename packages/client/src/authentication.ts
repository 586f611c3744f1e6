import type { SaslMechanism } from '@couplet/sasl'
import { base64, type XmlElement } from '@couplet/stanza'
import { AuthenticationError } from './authentication-error.js'
import { Abort, Abort2, Auth, Mechanisms, NS_SASL, Response, Response2 } from './elements.js'
import { choose, raisedPin, running } from './mechanism-choice.js'
import type { LoginOptions, Negotiation } from './negotiation.js'
import { offeredBindings, required } from './server-offer.js'

/**
 * SASL as RFC 6120 §6 profiles it.
 *
 * @throws AuthenticationError if the server refuses us, or does not prove itself
 */
export async function authenticate(
  negotiation: Negotiation,
  features: XmlElement,
  options: LoginOptions,
): Promise<void> {
  const ours = negotiation.bindings
  const mechanisms = required(features.read(Mechanisms))?.names ?? []
  const mechanism = choose(options, { mechanisms, bindings: offeredBindings(features), ours, sasl2: false })
  await running(mechanism, options.signal, async () => {
    const initial = await mechanism.initial()
    negotiation.send(Auth({ mechanism: mechanism.name, initial: initial && (base64.encode(initial) || '=') }))
    const outcome = await converse(negotiation, 'sasl', mechanism)
    if (outcome.name === 'failure') throw failure(outcome, mechanism)
    await mechanism.success(decode(outcome.text, mechanism))
  })
  await options.memory.update({ pin: raisedPin(options, ours, mechanism.name) })
}

/** Answers challenges until something else comes: the outcome. */
export async function converse(
  negotiation: Negotiation,
  profile: 'sasl' | 'sasl2',
  mechanism: SaslMechanism,
): Promise<XmlElement> {
  const isClassic = profile === 'sasl'
  for (;;) {
    const element = await negotiation.expect(profile)
    if (element.name !== 'challenge') return element
    let answer: Uint8Array
    try {
      const data = isClassic ? decode(element.text, mechanism) : decodeData(element.text, mechanism)
      answer = await mechanism.challenge(data ?? new Uint8Array())
    } catch (error) {
      // RFC 6120 §6.4.4: say so before leaving.
      negotiation.send(isClassic ? Abort() : Abort2())
      throw error
    }
    negotiation.send(isClassic ? Response({ data: base64.encode(answer) }) : Response2({ data: answer }))
  }
}

/** RFC 6120 §6.4.2: no text is no data, `=` is data without content. */
function decode(text: string, mechanism: SaslMechanism): Uint8Array | undefined {
  if (text === '') return undefined
  return text === '=' ? new Uint8Array() : decodeData(text, mechanism)
}

function decodeData(text: string, mechanism: SaslMechanism): Uint8Array {
  const data = base64.decode(text)
  if (data === undefined) throw new AuthenticationError('malformed', { mechanism: mechanism.name })
  return data
}

/** What a `<failure/>` of either profile says; both have the conditions of RFC 6120 §6.5. */
export function failure(element: XmlElement, mechanism: SaslMechanism): AuthenticationError {
  let condition = 'not-authorized'
  for (const node of element.elements()) {
    if (node.ns === NS_SASL && node.name !== 'text' && /^[a-z-]{1,64}$/.test(node.name)) condition = node.name
  }
  const text = element.child('text')?.text
  return new AuthenticationError(condition, { mechanism: mechanism.name, text, cause: mechanism.serverError })
}

import { NS_SASL, NS_SASL2, SaslChannelBinding } from '@couplet/client/elements'
import { type XmlElement, xml } from '@couplet/stanza'

/** RFC 6120 §6.4.5. */
export function saslFailure(condition: string): XmlElement {
  return xml(NS_SASL, 'failure', {}, xml(NS_SASL, condition))
}

/** XEP-0388 §2.6.2. */
export function sasl2Failure(condition: string): XmlElement {
  return xml(NS_SASL2, 'failure', {}, xml(NS_SASL, condition))
}

/** XEP-0440 §3. */
export function channelBindingFeature(types: readonly string[]): XmlElement {
  return SaslChannelBinding({ types: types.map((type) => ({ type })) })
}

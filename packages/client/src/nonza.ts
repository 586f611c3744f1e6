import { NS_CLIENT, NS_STREAM, type XmlElement } from '@couplet/stanza'
import { NS_BIND, NS_BIND2, NS_FAST, NS_SASL, NS_SASL2, NS_TLS } from './elements.js'

/** What has no place in a session that has begun (RFC 6120 §4.3, §5, §6, XEP-0388, XEP-0386, XEP-0484). */
export const negotiated: ReadonlySet<string> = new Set([NS_STREAM, NS_TLS, NS_SASL, NS_SASL2, NS_BIND2, NS_FAST])

/**
 * Checks that an element is one a plugin may send beside the stanzas.
 *
 * @throws TypeError for a stanza, which is counted and routed, and for what belongs to the negotiation of the stream
 */
export function checkNonza({ ns }: XmlElement): void {
  if (ns === NS_CLIENT) throw new TypeError('a stanza is sent with send or request')
  if (ns === NS_BIND || negotiated.has(ns)) throw new TypeError('the negotiation of the stream is over')
}

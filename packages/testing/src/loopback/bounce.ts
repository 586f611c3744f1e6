import { Jid, NS_CLIENT, StanzaError, type StanzaErrorCondition, type XmlElement, xml } from '@couplet/stanza'

/**
 * The stanza as an error for its sender, with the original payload (RFC 6120 §8.3.1); `undefined` if it must not be
 * answered: errors, results, and what has no sender.
 */
export function bounce(stanza: XmlElement, condition: StanzaErrorCondition): XmlElement | undefined {
  const type = stanza.attr('type')
  const from = stanza.attr('from')
  if (type === 'error' || (stanza.name === 'iq' && type === 'result') || from === undefined) return undefined
  const to = stanza.attr('to')
  // An address that is none cannot answer either.
  const by = to === undefined || Jid.tryParse(to) === undefined ? undefined : to
  const attributes = { type: 'error', id: stanza.attr('id'), from: by, to: from }
  return xml(NS_CLIENT, stanza.name, attributes, ...stanza.elements(), new StanzaError({ condition }).element)
}

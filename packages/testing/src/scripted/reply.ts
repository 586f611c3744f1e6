import { escapeAttribute, type Iq, NS_CLIENT, type XmlElement } from '@couplet/stanza'

/** Whether an element asks for an answer. */
export const isRequest = (element: XmlElement): boolean =>
  element.name === 'iq' && element.ns === NS_CLIENT && ['get', 'set'].includes(element.attr('type') ?? '')

/** An answer to a request as XML: the payload, or the error that it is. */
export function replyTo({ id, element }: Iq, payload: string): string {
  const to = element.attr('to')
  const from = to === undefined ? '' : ` from='${escapeAttribute(to)}'`
  const isError = /^<error\b/.test(payload)
  return `<iq type='${isError ? 'error' : 'result'}' id='${escapeAttribute(id)}'${from}>${payload}</iq>`
}

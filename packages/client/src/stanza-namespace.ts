import { NS_CLIENT, StreamError, type StreamEvent, XmlElement } from '@couplet/stanza'

const stanzas: ReadonlySet<string> = new Set(['message', 'presence', 'iq'])

/**
 * An event of a stream whose stanzas are in a namespace of its own, with the stanzas in `jabber:client`. A stanza that
 * comes in that one is wrong on this stream (RFC 6120 §4.8.3); what it carries, such as a forwarded message, is not.
 */
export function withNamespace(event: StreamEvent, own: string): StreamEvent {
  if (event.type !== 'element') return event
  const { element } = event
  if (element.ns === own && stanzas.has(element.name)) return { type: 'element', element: translated(element, own) }
  if (element.ns !== NS_CLIENT) return event
  const error = new StreamError({ condition: 'invalid-namespace', text: 'a stanza of another kind of stream' })
  return { type: 'error', error }
}

/** The same tree, with what is in one namespace in `jabber:client`. */
function translated(element: XmlElement, from: string): XmlElement {
  const { ns, name, children, lang } = element
  const nodes = children.map((node) => (typeof node === 'string' ? node : translated(node, from)))
  return new XmlElement(ns === from ? NS_CLIENT : ns, name, element.attributeList, nodes, lang)
}

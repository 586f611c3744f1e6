import { escapeAttribute } from '@couplet/stanza'
import { NS_BOSH, NS_XBOSH } from './elements.js'

/** Attributes of a request, without `xmpp:` only those of XEP-0124; `undefined` is left out. */
export type RequestHead = Readonly<Record<string, string | number | undefined>>

/**
 * Writes a request (XEP-0124 §6).
 *
 * @param payload elements that declare their own namespaces
 */
export function writeRequest(head: RequestHead, payload = ''): string {
  const attributes = Object.entries(head).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}='${escapeAttribute(String(value))}'`],
  )
  // Some servers look for this very prefix.
  const prefix = attributes.some((attribute) => attribute.startsWith(' xmpp:')) ? ` xmlns:xmpp='${NS_XBOSH}'` : ''
  const tag = `<body xmlns='${NS_BOSH}'${prefix}${attributes.join('')}`
  return payload === '' ? `${tag}/>` : `${tag}>${payload}</body>`
}

import { Jid } from '@couplet/stanza'

/** A longer one is none. */
const longest = 8192

/** An address with what to do there (RFC 5122, XEP-0147). Whoever reads it decides whether anything is done. */
export interface XmppUri {
  /** Who; absent if the URI names nobody. */
  readonly jid?: Jid | undefined
  /** With which account: the authority. */
  readonly account?: Jid | undefined
  /** What to do, such as `message`, `join` or `roster`; absent if the URI just names somebody. */
  readonly action?: string | undefined
  /** With what, decoded; of two with the same name the first counts. */
  readonly parameters?: ReadonlyMap<string, string> | undefined
}

/**
 * Reads an `xmpp:` URI; `undefined` if it is none. Nothing is done with it: the URI may come from anybody, so ask the user
 * before you do what it says (S-192).
 */
export function parseXmppUri(text: string): XmppUri | undefined {
  return readUri(text, '')
}

/** @internal The same; in the parameter of this name, a plus sign is a space, as forms of web pages write it. */
export function readUri(text: string, spaced: string): XmppUri | undefined {
  if (text.length > longest) return undefined
  const form = /^xmpp:(?:\/\/([^/?#]*)(?:\/|(?=[?#])|$))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/is.exec(text.trim())
  if (form === null) return undefined
  const [, authority, path = '', query] = form
  try {
    const [action = '', ...pairs] = query?.split(';') ?? []
    return {
      jid: path === '' ? undefined : jidOf(path),
      account: authority ? jidOf(authority) : undefined,
      action: action === '' ? undefined : decodeURIComponent(action),
      parameters: parametersOf(pairs, spaced),
    }
  } catch {
    return undefined // not percent-encoded UTF-8, or no JID
  }
}

/** Writes one, percent-encoded as far as it has to be. */
export function formatXmppUri({ jid, account, action, parameters = new Map() }: XmppUri): string {
  const pairs = [...parameters].map(([name, value]) => `;${encode(name)}=${encode(value)}`)
  const query = action === undefined ? '' : `?${encode(action)}${pairs.join('')}`
  return `xmpp:${account ? `//${pathOf(account)}/` : ''}${jid ? pathOf(jid) : ''}${query}`
}

function parametersOf(pairs: readonly string[], spaced: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = decodeURIComponent(at < 0 ? pair : pair.slice(0, at))
    const written = at < 0 ? '' : pair.slice(at + 1)
    // Before it is decoded: a plus sign that was meant is percent-encoded.
    const value = decodeURIComponent(name === spaced ? written.replaceAll('+', ' ') : written)
    if (name !== '' && !parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

/** Half a character has no UTF-8. */
const encode = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))

/** The parts are told from each other before they are decoded: what is encoded in one separates nothing (RFC 5122 §2.7). */
function jidOf(path: string): Jid {
  const slash = path.indexOf('/')
  const bare = slash < 0 ? path : path.slice(0, slash)
  const at = bare.indexOf('@')
  return Jid.of({
    local: at < 0 ? undefined : decodeURIComponent(bare.slice(0, at)),
    domain: decodeURIComponent(bare.slice(at + 1)),
    resource: slash < 0 ? undefined : decodeURIComponent(path.slice(slash + 1)),
  })
}

function pathOf({ local, domain, resource }: Jid): string {
  const account = local === undefined ? '' : `${encodeURIComponent(local)}@`
  // The brackets of an IPv6 address may stay as they are (RFC 5122 §2.2).
  const host = encodeURIComponent(domain).replaceAll('%3A', ':').replace('%5B', '[').replace('%5D', ']')
  return `${account}${host}${resource === undefined ? '' : `/${encodeURIComponent(resource)}`}`
}

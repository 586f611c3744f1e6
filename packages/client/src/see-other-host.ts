import { NS_STREAM_ERRORS, type StreamError } from '@couplet/stanza'

/** RFC 6120 §14.7: where clients go when no port is named. */
const defaultPort = 5222

/** A longer text is no host (RFC 1035 §3.1). */
const longest = 253

/**
 * A place as servers name it, in `<see-other-host/>` (RFC 6120 §4.9.3.19) and in `location` (XEP-0198 §5): `host`, `host:port`,
 * or an IPv6 address in brackets with or without a port.
 *
 * @returns `host:port`, the host in ASCII; `undefined` for anything else
 */
export function placeOf(text: string | undefined): string | undefined {
  const form = /^(\[[\da-f:.]+\]|[^\s[\]:/?#@\\%<>^|]+)(?::(\d{1,5}))?$/i.exec(text?.trim() ?? '')
  const [, name = '', digits] = form ?? []
  const port = digits === undefined ? defaultPort : Number(digits)
  if (form === null || name.length > longest || port < 1 || port > 65_535) return undefined
  try {
    const { hostname } = new URL(`https://${name}`)
    return /^\[|^[^.]+(\.[^.]+)*\.?$/.test(hostname) ? `${hostname}:${port}` : undefined
  } catch {
    return undefined
  }
}

/**
 * Where a stream error sends us, if that is what it does. To be followed only if it came over authenticated TLS: before,
 * anybody on the way could have said it (S-025).
 */
export function redirectOf(error: unknown): string | undefined {
  const { name, condition, element } = error as Partial<StreamError>
  if (name !== 'StreamError' || condition !== 'see-other-host') return undefined
  return placeOf(element?.child('see-other-host', NS_STREAM_ERRORS)?.text)
}

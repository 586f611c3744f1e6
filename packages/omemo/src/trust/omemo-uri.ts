import { type BareJid, Jid } from '@couplet/stanza'
import { hexOf, keyOfHex } from './fingerprint.js'

/** A device in a URI. */
export interface UriDevice {
  /** Its id; a bare `omemo=` has none. */
  readonly id?: number
  /** Its identity key in Curve25519 form. */
  readonly key: Uint8Array
}

/** Whose devices a URI is about. */
export interface OmemoUri {
  /** The account. */
  readonly jid: BareJid
  /** Its devices; at least one. */
  readonly devices: readonly UriDevice[]
}

/** Characters. A QR code holds about 4,000; each device takes 88. */
const longest = 8192
const largestId = 2 ** 31 - 1

/** For a QR code: `xmpp:juliet@capulet.lit?omemo-sid-31415=…;omemo-sid-27183=…`. @throws RangeError for a broken key or id */
export function omemoUri(jid: BareJid, devices: readonly UriDevice[]): string {
  return `xmpp:${encodeJid(jid)}?${parameters(devices).join(';')}`
}

/** The same as a link that opens in a browser where no client takes `xmpp:`. @throws RangeError for a broken key or id */
export function omemoLink(jid: BareJid, devices: readonly UriDevice[]): string {
  return `https://conversations.im/i/${encodeJid(jid)}?${parameters(devices).join('&')}`
}

function parameters(devices: readonly UriDevice[]): string[] {
  if (devices.length === 0) throw new RangeError('a URI is about at least one device')
  return devices.map(({ id, key }) => {
    if (id !== undefined && !isDeviceId(id)) throw new RangeError('no device id')
    return `${id === undefined ? 'omemo' : `omemo-sid-${id}`}=${hexOf(key)}`
  })
}

/**
 * Reads the keys in a URI: `xmpp:…?omemo-sid-N=…`, with `omemo=` and no device id, or a conversations.im link. `undefined`
 * if there is no key in it, or one that is broken, named twice with different keys, or no key at all. What a scan says
 * only counts if the user meant to scan it.
 */
export function parseOmemoUri(text: string): OmemoUri | undefined {
  if (text.length > longest) return undefined
  const [, address, query] = xmppForm.exec(text) ?? linkForm.exec(text) ?? []
  if (address === undefined || query === undefined) return undefined
  const jid = Jid.tryParse(decode(address) ?? '')
  if (!jid?.isBare()) return undefined
  const devices = readDevices(query.split(/;|&(?:amp;)?/))
  return devices === undefined || devices.length === 0 ? undefined : { jid, devices }
}

const xmppForm = /^xmpp:(?:\/\/[^/]*\/)?([^?#/]+)\?([^#]+)$/i
const linkForm = /^https:\/\/(?:www\.)?conversations\.im\/i\/([^?#/]+)\/?\?([^#]+)$/i

function readDevices(pairs: readonly string[]): UriDevice[] | undefined {
  const devices: UriDevice[] = []
  for (const pair of pairs) {
    const match = /^omemo(?:-sid-(\d{1,10}))?=(.*)$/i.exec(pair)
    if (match === null) {
      // A word of ours that is not understood must not be passed over; others may come along.
      if (/^omemo/i.test(pair)) return undefined
      continue
    }
    const key = keyOfHex(match[2] as string)
    const id = match[1] === undefined ? undefined : Number(match[1])
    if (key === undefined || (id !== undefined && !isDeviceId(id))) return undefined
    if (id !== undefined && devices.some((each) => each.id === id)) return undefined
    devices.push({ key, ...(id !== undefined && { id }) })
  }
  return devices
}

const isDeviceId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= largestId

const encodeJid = (jid: Jid): string => encodeURIComponent(jid.toString()).replaceAll('%40', '@')

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined // not what percent signs are for
  }
}

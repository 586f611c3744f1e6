import { type BareJid, Jid } from '@couplet/stanza'

/** A trust message for one owner, as in a QR code (XEP-0434 §8.1.1). */
export interface TrustMessageUri {
  /** The owner of the keys. */
  readonly jid: BareJid
  /** The namespace of the encryption whose keys these are. */
  readonly encryption: string
  /** Identifiers of keys to trust. */
  readonly trust: readonly Uint8Array[]
  /** Identifiers of keys not to trust. */
  readonly distrust: readonly Uint8Array[]
}

/** Characters. A QR code holds about 4,000; each key takes 71. */
const longest = 8192

/**
 * Writes a Trust Message URI: `xmpp:bob@example.com?trust-message;encryption=…;trust=…` (XEP-0434 §8.1.1).
 *
 * @throws RangeError without any key
 */
export function formatTrustMessageUri({ jid, encryption, trust, distrust }: TrustMessageUri): string {
  if (trust.length + distrust.length === 0) throw new RangeError('a trust message is about at least one key')
  const pairs = [
    `encryption=${encodeURIComponent(encryption).replaceAll('%3A', ':')}`,
    ...trust.map((key) => `trust=${toHex(key)}`),
    ...distrust.map((key) => `distrust=${toHex(key)}`),
  ]
  return `xmpp:${encodeJid(jid)}?trust-message;${pairs.join(';')}`
}

/**
 * Reads a Trust Message URI; `undefined` for anything else, and for one with a part that is not understood: half a
 * decision is none. Ask the user before acting on it (XEP-0434 §8.1.1).
 */
export function parseTrustMessageUri(text: string): TrustMessageUri | undefined {
  const match = text.length > longest ? null : /^xmpp:([^?#/]+)\?trust-message;encryption=([^;#]+);([^#]+)$/i.exec(text)
  if (match === null) return undefined
  const jid = Jid.tryParse(decode(match[1] as string) ?? '')
  const encryption = decode(match[2] as string)
  if (!jid?.isBare() || encryption === undefined) return undefined
  const keys = { trust: [] as Uint8Array[], distrust: [] as Uint8Array[] }
  for (const pair of (match[3] as string).split(';')) {
    const [, name, hex] = /^(trust|distrust)=((?:[0-9a-f]{2})+)$/i.exec(pair) ?? []
    if (name === undefined) return undefined
    keys[name.toLowerCase() as keyof typeof keys].push(fromHex(hex as string))
  }
  return { jid, encryption, ...keys }
}

/** RFC 5122 §2.2: what a JID may hold and a URI may not. */
const encodeJid = (jid: Jid): string => encodeURIComponent(jid.toString()).replaceAll('%40', '@')

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined // not what percent signs are for
  }
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

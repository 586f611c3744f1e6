import { OmemoError } from '../omemo-error.js'
import type { FileSecret } from './file-cipher.js'
import { SecretBytes } from './secret-bytes.js'

/** A file that somebody has shared: where it is, and how to decrypt it. */
export interface SharedFile {
  /** Where to fetch it: https, without the key. This one may be given to others. */
  readonly url: string
  /** How to decrypt it. */
  readonly secret: FileSecret
}

/** A message of OMEMO 0.3 that is a file (XEP-0454). */
export interface AesgcmMessage {
  /** The file. */
  readonly file: SharedFile
  /** A very small picture of it, as a `data:image/jpeg` URI. */
  readonly thumbnail?: string
}

/** Characters. */
const longestUrl = 8192
const longestThumbnail = 65_536

/**
 * Writes the text of a message of OMEMO 0.3 that shares a file: `aesgcm://host/path#…`, with the key in it (XEP-0454 §3). Only
 * for inside of the encryption; never make a link of it.
 *
 * @throws OmemoError `bad-file-url` for an address that is not https, or has a user or a fragment
 * @throws TypeError for another cipher
 */
export function formatAesgcmUrl({ url, secret }: SharedFile, thumbnail?: string): string {
  const address = httpsUrl(url)
  if (secret.cipher !== 'aes-256-gcm') throw new TypeError('only AES-256-GCM can be said in such a URL')
  const text = `aesgcm:${address.slice('https:'.length)}#${hex(secret.iv)}${hex(secret.key)}`
  if (thumbnail === undefined) return text
  if (!isThumbnail(thumbnail)) throw new TypeError('a thumbnail is a data:image/jpeg URI of up to 64 KiB')
  return `${text}\n${thumbnail}`
}

/**
 * Reads the text of a message of OMEMO 0.3: `undefined` unless it is an `aesgcm:` URL and nothing else, or that and a thumbnail
 * in the next line (XEP-0454 §5). Vectors of 12 and of 16 bytes are read.
 */
export function parseAesgcmMessage(body: string): AesgcmMessage | undefined {
  if (body.length > longestUrl + longestThumbnail) return undefined
  const [text = '', thumbnail, ...more] = body.split('\n')
  if (more.length > 0 || (thumbnail !== undefined && !isThumbnail(thumbnail))) return undefined
  const match = text.length > longestUrl ? null : aesgcm.exec(text)
  if (match === null) return undefined
  const [, address, iv, key] = match as unknown as readonly [string, string, string, string]
  const url = tryHttpsUrl(`https:${address}`)
  if (url === undefined) return undefined
  const secret: FileSecret = { cipher: 'aes-256-gcm', key: new SecretBytes(bytes(key)), iv: bytes(iv) }
  return { file: { url, secret }, ...(thumbnail !== undefined && { thumbnail }) }
}

/** No white space, no control characters, no backslash, which browsers take for a slash. */
const aesgcm = /^aesgcm:(\/\/(?!\/)[^#\s\\\p{Cc}]+)#([0-9a-f]{24}(?:[0-9a-f]{8})?)([0-9a-f]{64})$/iu

const isThumbnail = (text: string): boolean =>
  text.length <= longestThumbnail && /^data:image\/jpeg(?:;base64)?,[A-Za-z0-9+/=%]+$/.test(text)

/**
 * An address as it is given to `fetch`: https, without user, password or fragment.
 *
 * @throws OmemoError `bad-file-url`
 */
export function httpsUrl(text: string): string {
  const url = tryHttpsUrl(text)
  if (url === undefined) throw new OmemoError('bad-file-url')
  return url
}

/** The same; `undefined` if it is not acceptable. */
export function tryHttpsUrl(text: string): string | undefined {
  if (text.length > longestUrl || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const plain = url.protocol === 'https:' && url.username === '' && url.password === '' && !text.includes('#')
  return plain ? url.href : undefined
}

const hex = (value: Uint8Array): string => Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')

const bytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))

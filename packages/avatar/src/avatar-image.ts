import { flatten } from '@couplet/stanza'
import { sha1 } from '@noble/hashes/legacy.js'
import { AvatarError } from './avatar-error.js'
import type { AvatarInfo, AvatarMetadata } from './elements.js'
import { type AvatarType, readImageHeader } from './image-header.js'

/** What an avatar can be at most: 128 KiB in base64, and so many pixels in each direction (S-183). */
export const avatarLimits = { bytes: 98_304, pixels: 4096 } as const

/** An avatar that was checked. */
export interface AvatarImage {
  /** The image, as it was published: nothing has decoded it. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What it is, by its first bytes, whatever it was said to be. */
  readonly type: AvatarType
  /** SHA-1 of the bytes in hexadecimal digits, in lower case. */
  readonly hash: string
  /** In pixels, as its first bytes say. */
  readonly width: number
  /** In pixels, as its first bytes say. */
  readonly height: number
}

/**
 * Checks the bytes of an image by looking at how it begins, and copies them.
 *
 * @throws AvatarError if they are none, or too many
 */
export function checkImage(bytes: Uint8Array): AvatarImage {
  if (bytes.length > avatarLimits.bytes) throw new AvatarError('too-large')
  const header = readImageHeader(bytes)
  if (header === undefined) throw new AvatarError('unknown-type')
  if (isTooLarge(header)) throw new AvatarError('too-many-pixels')
  const hash = Array.from(sha1(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { bytes: new Uint8Array(bytes), ...header, hash }
}

/** What counts of what an account has published: it is remembered, so it is small whatever was published. */
export interface Offer {
  /** Whether it says that there is no avatar (XEP-0084 §3.5). */
  readonly isNone: boolean
  /** The forms of the image that the account itself has, a few at most. */
  readonly infos: readonly Pick<AvatarInfo, 'bytes' | 'height' | 'id' | 'width'>[]
}

/** What counts of somebody's metadata. */
export function offerOf({ infos, pointers }: AvatarMetadata): Offer {
  const here = infos.filter(({ id, url }) => url === undefined && id.length === 40 && hashOf(id) !== undefined)
  return {
    isNone: infos.length + pointers.length === 0,
    infos: here.slice(0, 10).map(({ bytes, height, id, width }) => ({ bytes, height, id: flatten(id), width })),
  }
}

/**
 * The form of an image to fetch: the first that can be an avatar. `undefined` if there is none but elsewhere.
 *
 * @throws AvatarError if all of them are said to be too large
 */
export function chooseInfo({ infos }: Offer): Offer['infos'][number] | undefined {
  const small = infos.filter(({ bytes, ...size }) => bytes <= avatarLimits.bytes && !isTooLarge(size))
  if (small.length > 0 || infos.length === 0) return small[0]
  throw new AvatarError(infos.every(({ bytes }) => bytes > avatarLimits.bytes) ? 'too-large' : 'too-many-pixels')
}

const isTooLarge = ({ width = 0, height = 0 }: Pick<AvatarInfo, 'width' | 'height'>): boolean =>
  width > avatarLimits.pixels || height > avatarLimits.pixels

/** A hash in lower case; `undefined` if it is none (XEP-0153 §3.1: both cases are in use). */
export function hashOf(text: string): string | undefined {
  const hash = text.trim().toLowerCase()
  return /^[0-9a-f]{40}$/.test(hash) ? flatten(hash) : undefined
}

import { sha1 } from '@noble/hashes/legacy.js'
import { AvatarError } from './avatar-error.js'
import type { AvatarInfo } from './elements.js'
import { type AvatarType, readImageHeader } from './image-header.js'

/** What an avatar can be at most: 128 KiB in base64, and so many pixels in each direction (S-183). */
export const avatarLimits = { bytes: 98_304, pixels: 4096 } as const

/** An avatar that was checked. */
export interface AvatarImage {
  /** The image, as it was published: nothing has decoded it. */
  readonly bytes: Uint8Array
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
 * Checks the bytes of an image by looking at how it begins.
 *
 * @throws AvatarError if they are none, or too many
 */
export function checkImage(bytes: Uint8Array): AvatarImage {
  if (bytes.length > avatarLimits.bytes) throw new AvatarError('too-large')
  const header = readImageHeader(bytes)
  if (header === undefined) throw new AvatarError('unknown-type')
  if (isTooLarge(header)) throw new AvatarError('too-many-pixels')
  const hash = Array.from(sha1(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { bytes, ...header, hash }
}

/**
 * The form of an image to fetch: of those that the account itself has, the first that can be an avatar. `undefined` if there
 * is none but elsewhere.
 *
 * @throws AvatarError if all of them are said to be too large
 */
export function chooseInfo(infos: readonly AvatarInfo[]): AvatarInfo | undefined {
  const here = infos.filter(({ id, url }) => url === undefined && hashOf(id) !== undefined)
  const small = here.filter(({ bytes, ...size }) => bytes <= avatarLimits.bytes && !isTooLarge(size))
  if (small.length > 0 || here.length === 0) return small[0]
  throw new AvatarError(here.every(({ bytes }) => bytes > avatarLimits.bytes) ? 'too-large' : 'too-many-pixels')
}

const isTooLarge = ({ width = 0, height = 0 }: Pick<AvatarInfo, 'width' | 'height'>): boolean =>
  width > avatarLimits.pixels || height > avatarLimits.pixels

/** A hash in lower case; `undefined` if it is none (XEP-0153 §3.1: both cases are in use). */
export function hashOf(text: string): string | undefined {
  const hash = text.trim().toLowerCase()
  return /^[0-9a-f]{40}$/.test(hash) ? hash : undefined
}

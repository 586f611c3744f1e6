/** The types of images that are avatars (XEP-0153 §4.6; WebP is what browsers and telephones make today). */
export type AvatarType = 'image/gif' | 'image/jpeg' | 'image/png' | 'image/webp'

/** What the first bytes of an image say. */
export interface ImageHeader {
  /** What it is, whatever it is said to be. */
  readonly type: AvatarType
  /** In pixels. */
  readonly width: number
  /** In pixels. */
  readonly height: number
}

/**
 * What an image is, by its first bytes; nothing is decoded. `undefined` for anything else than a PNG, JPEG, GIF or WebP, and
 * for one that does not say how large it is.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const header = png(view) ?? gif(view) ?? webp(view) ?? jpeg(view)
    return header !== undefined && header.width > 0 && header.height > 0 ? header : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined // it ends too early
    throw error
  }
}

/** Whether the bytes at this place are these, written in Latin-1. */
function says(view: DataView, at: number, text: string): boolean {
  if (at + text.length > view.byteLength) return false
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text.charCodeAt(i)) return false
  return true
}

/** ISO/IEC 15948 §5.2, §11.2.2: the size is in the first chunk, and that is `IHDR`. */
function png(view: DataView): ImageHeader | undefined {
  if (!says(view, 0, '\x89PNG\r\n\x1a\n\0\0\0\rIHDR')) return undefined
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** GIF89a §18: the logical screen. */
function gif(view: DataView): ImageHeader | undefined {
  if (!says(view, 0, 'GIF87a') && !says(view, 0, 'GIF89a')) return undefined
  return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

/** RFC 9649 §2.4 to §2.7: three kinds of first chunks. */
function webp(view: DataView): ImageHeader | undefined {
  if (!says(view, 0, 'RIFF') || !says(view, 8, 'WEBPVP8')) return undefined
  const type = 'image/webp'
  if (says(view, 15, ' ') && says(view, 23, '\x9d\x01\x2a')) {
    return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  }
  if (says(view, 15, 'L') && says(view, 20, '\x2f')) {
    const bits = view.getUint32(21, true)
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 }
  }
  if (!says(view, 15, 'X')) return undefined
  const size = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000 + 1
  return { type, width: size(24), height: size(27) }
}

/** ITU-T T.81 §B.1.1, §B.2.2: segment after segment up to the first frame. */
function jpeg(view: DataView): ImageHeader | undefined {
  if (!says(view, 0, '\xff\xd8\xff')) return undefined
  let at = 2
  for (;;) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++ // any number of these may come before a marker
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    // The image begins, or ends, without a frame.
    if (marker < 0xc0 || marker === 0xd8 || marker === 0xd9 || marker === 0xda) return undefined
    at += 2 + Math.max(2, view.getUint16(at + 2))
  }
}

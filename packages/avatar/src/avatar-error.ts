import { XmppError } from '@couplet/stanza'

/**
 * Why bytes are no avatar.
 *
 * `too-large`: more than 96 KiB, or said to be; `too-many-pixels`: wider or higher than 4096, or said to be;
 * `unknown-type`: no PNG, JPEG, GIF or WebP by what they begin with, whatever they are called; `hash-mismatch`: another image
 * than the one that was announced.
 */
export type AvatarErrorCode = 'hash-mismatch' | 'too-large' | 'too-many-pixels' | 'unknown-type'

const sentences: Readonly<Record<AvatarErrorCode, string>> = {
  'hash-mismatch': 'the image is not the one that was announced',
  'too-large': 'the image has more than 98304 bytes',
  'too-many-pixels': 'the image is wider or higher than 4096 pixels',
  'unknown-type': 'not a PNG, JPEG, GIF or WebP image',
}

/** Something is no avatar, or none that can be trusted (S-183). */
export class AvatarError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'AvatarError'
  readonly code: AvatarErrorCode
  readonly retry = 'no'

  constructor(code: AvatarErrorCode) {
    super(sentences[code])
    this.code = code
  }
}

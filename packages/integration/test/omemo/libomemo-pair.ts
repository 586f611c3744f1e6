import { expect } from 'vitest'
import type { CryptoBackend } from '../../../omemo/src/crypto/backend.js'
import { platformBackend } from '../../../omemo/src/crypto/backend-node.js'
import type { Version } from './elements.js'
import type { LibomemoDevice } from './libomemo-driver.js'
import { RatchetDevice, type Share } from './ratchet-device.js'

interface PairOptions {
  /** The sign bit of our identity key. */
  readonly signBit?: 0 | 1
  readonly backend?: CryptoBackend
}

/** Our cryptography and libomemo-c as each other's contact; nothing between them but bytes. */
export const pair = (
  start: (version: Version) => LibomemoDevice,
  version: Version,
  { signBit = 0, backend = platformBackend }: PairOptions = {},
) => {
  const ours = new RatchetDevice(version, backend, signBit)
  const theirs = start(version)
  return {
    ours,
    theirs,
    begin: async (preKeyId?: number): Promise<void> => ours.begin(await theirs.bundle(), preKeyId),
    theirBegin: (preKeyId?: number): Promise<void> => theirs.begin(ours, ours.bundle, preKeyId),
    encrypt: (text: string) => ours.encrypt(Buffer.from(text)),
    theirEncrypt: (text: string): Promise<Share> => theirs.encrypt(ours, Buffer.from(text)),
    decrypt({ bytes }: Share) {
      const { plaintext, ...rest } = ours.decrypt(bytes)
      return { ...rest, text: Buffer.from(plaintext).toString() }
    },
    theirDecrypt: async (share: Share): Promise<string> => Buffer.from(await theirs.decrypt(ours, share)).toString(),
  }
}

/** Both of them, with text instead of bytes. */
export type Pair = ReturnType<typeof pair>

/** A session in which both have answered. */
export const settle = async ({ begin, encrypt, decrypt, theirEncrypt, theirDecrypt }: Pair): Promise<void> => {
  await begin()
  await theirDecrypt(encrypt('hello'))
  decrypt(await theirEncrypt('hello'))
}

/** The same bytes with one bit flipped. */
export const withOtherBit = (bytes: Uint8Array, at: number, bit = 0): Uint8Array =>
  bytes.map((byte, n) => (n === at ? byte ^ (1 << bit) : byte))

/** A message that was changed on the way. */
export const damaged = (share: Share, at: number, bit = 0): Share => {
  return { ...share, bytes: withOtherBit(share.bytes, at, bit) }
}

/** What our side throws. */
export const failure = (code: string) => expect.objectContaining({ name: 'OmemoError', code })

/** What their side rejects with. */
export const refusal = (code: number) => expect.objectContaining({ name: 'LibomemoError', code })

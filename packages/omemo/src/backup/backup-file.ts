import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { CryptoBackend } from '../crypto/backend.js'
import { concatBytes, equalBytes, utf8Bytes, wipe } from '../crypto/bytes.js'
import { OmemoError } from '../omemo-error.js'

/**
 * What derives keys from a passphrase: scrypt (RFC 7914) with N = 2^cost, r = 8, p = 1. A parameter, so that tests need not
 * wait for it.
 */
export type DeriveKeys = (passphrase: Uint8Array, salt: Uint8Array, cost: number, length: number) => Promise<Uint8Array>

/** log₂ of N: of a new backup, and what is accepted. 2¹⁵ needs 32 MiB of memory, 2¹⁷ 128 MiB, 2¹⁸ 256 MiB. */
export const costs = { usual: 17, least: 15, most: 18 } as const

/** The largest backup that is read or written, in bytes: about 100,000 keys of contacts. */
export const mostBytes = 32 * 1024 * 1024

const magic = utf8Bytes('CPLTOMBK')
/** Raised whenever the layout or the content changes; what is newer is refused. */
const layout = 1
const saltLength = 16
const headerLength = magic.length + 2 + saltLength
const sizes = { key: 32, iv: 12, proof: 32, tag: 16, sum: 8 } as const
const least = headerLength + sizes.proof + sizes.tag + sizes.sum

/** How a backup is locked. */
export interface Lock {
  readonly backend: CryptoBackend
  readonly derive: DeriveKeys
  readonly passphrase: string
}

/**
 * Locks a backup: magic, version, cost, salt; a proof of the key; the content under AES-256-GCM; a checksum. The whole header
 * is the salt of scrypt, so none of it can be changed, and the proof makes the key the only one that opens it.
 *
 * @throws OmemoError `backup-too-large`
 */
export async function sealBackup(lock: Lock, content: Uint8Array, cost: number = costs.usual): Promise<Uint8Array> {
  if (!isCost(cost)) throw new RangeError(`the cost is a whole number from ${costs.least} to ${costs.most}`)
  if (content.length + least > mostBytes) throw new OmemoError('backup-too-large')
  const header = concatBytes(magic, Uint8Array.of(layout, cost), lock.backend.randomBytes(saltLength))
  const { key, iv, proof } = await keysOf(lock, header, cost)
  const body = concatBytes(header, proof, lock.backend.aesGcmEncrypt(key, iv, content))
  wipe(key)
  return concatBytes(body, sumOf(body))
}

/**
 * Opens a backup. What is damaged is found out before the passphrase costs anything.
 *
 * @throws OmemoError `bad-backup`, `newer-backup`, `wrong-passphrase`
 */
export async function openBackup(lock: Lock, file: Uint8Array): Promise<Uint8Array> {
  const { header, cost, proof, sealed } = partsOf(file)
  const keys = await keysOf(lock, header, cost)
  const isRight = equalBytes(keys.proof, proof)
  const content = isRight ? lock.backend.aesGcmDecrypt(keys.key, keys.iv, sealed) : undefined
  wipe(keys.key)
  if (content === undefined) throw new OmemoError(isRight ? 'bad-backup' : 'wrong-passphrase')
  return content
}

function partsOf(file: Uint8Array) {
  if (file.length < least || file.length > mostBytes) throw new OmemoError('bad-backup')
  if (!equalBytes(file.subarray(0, magic.length), magic)) throw new OmemoError('bad-backup')
  const [version = 0, cost = 0] = file.subarray(magic.length)
  // What a later release has written may have its checksum elsewhere.
  if (version > layout) throw new OmemoError('newer-backup')
  const [body, sum] = [file.subarray(0, -sizes.sum), file.subarray(-sizes.sum)]
  if (version < layout || !equalBytes(sumOf(body), sum) || !isCost(cost)) throw new OmemoError('bad-backup')
  const end = headerLength + sizes.proof
  return {
    header: body.subarray(0, headerLength),
    cost,
    proof: body.subarray(headerLength, end),
    sealed: body.subarray(end),
  }
}

/** One text has several forms in Unicode, and keyboards differ in which they give. */
async function keysOf({ derive, passphrase }: Lock, header: Uint8Array, cost: number) {
  if (passphrase === '') throw new TypeError('a passphrase has at least one character')
  const secret = utf8Bytes(passphrase.normalize('NFKC'))
  const bytes = await derive(secret, header, cost, sizes.key + sizes.iv + sizes.proof)
  wipe(secret)
  const iv = bytes.slice(sizes.key, sizes.key + sizes.iv)
  const keys = { key: bytes.slice(0, sizes.key), iv, proof: bytes.slice(sizes.key + sizes.iv) }
  wipe(bytes)
  return keys
}

const isCost = (cost: number): boolean => Number.isInteger(cost) && cost >= costs.least && cost <= costs.most
const sumOf = (body: Uint8Array): Uint8Array => sha256(body).subarray(0, sizes.sum)

/** scrypt in JavaScript, which gives the event loop its turn. */
export const scrypt: DeriveKeys = (passphrase, salt, cost, length) =>
  scryptAsync(passphrase, salt, { N: 2 ** cost, r: 8, p: 1, dkLen: length })

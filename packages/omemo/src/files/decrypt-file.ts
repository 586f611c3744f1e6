import { verifyHash } from '@couplet/hashes'
import { OmemoError } from '../omemo-error.js'
import { type ByteSource, bytePieces, dismiss, streamFrom } from './byte-pieces.js'
import { CbcStream } from './cbc-stream.js'
import { equal, type FileSecret, fitsCipher, startHash } from './file-cipher.js'
import { GcmStream } from './gcm-stream.js'

/** How a file is decrypted. */
export interface DecryptOptions {
  /** Bytes of the file; more than this is not read. Default 100 MiB. */
  readonly maxSize?: number
  /** Ends it early. */
  readonly signal?: AbortSignal
}

const defaultMaxSize = 104_857_600
const tagLength = 16
const blockSize = 16

/** Bytes that the platform decrypts at once, which is several times as fast as in pieces. */
const largestWhole = 268_435_456

/**
 * Decrypts a file and hands it over as a whole once it is known to be the right one: nothing of it is seen before its tag, or
 * for XEP-0448 its hash, was compared. It is kept in memory meanwhile, once as it came and once as it is.
 *
 * @throws OmemoError (as a rejection) `file-corrupt`, `file-too-large`, `bad-file`; rejects with `signal.reason`, and with
 * what the source fails with
 */
export async function decryptFile(source: ByteSource, secret: FileSecret, options: DecryptOptions = {}): Promise<Blob> {
  const { maxSize = defaultMaxSize, signal } = options
  try {
    checkSecret(secret, maxSize)
    const encrypted = await readEncrypted(source, secret, maxSize, signal)
    if (encrypted.size <= largestWhole) return await decryptWhole(encrypted, secret)
    const pieces: Uint8Array[] = []
    for await (const piece of decryptedPieces(encrypted, secret, options)) pieces.push(piece)
    return new Blob(pieces as BlobPart[])
  } finally {
    dismiss(source)
  }
}

/** As much of the source as is needed. @throws OmemoError `file-too-large` where only the end would say how much that is */
async function readEncrypted(source: ByteSource, secret: FileSecret, maxSize: number, signal?: AbortSignal) {
  const needed = secret.plaintext && encryptedSize(secret, secret.plaintext.size)
  const pieces: Uint8Array[] = []
  let read = 0
  if (needed === 0) return new Blob()
  for await (const piece of bytePieces(source, signal)) {
    pieces.push(piece)
    read += piece.length
    if (needed !== undefined && read >= needed) break
    if (read > maxSize + tagLength) throw new OmemoError('file-too-large')
  }
  return new Blob(pieces as BlobPart[]).slice(0, needed)
}

async function decryptWhole(encrypted: Blob, secret: FileSecret): Promise<Blob> {
  const { key, iv, plaintext } = secret
  const data = new Uint8Array(await encrypted.arrayBuffer())
  if (plaintext === undefined) {
    if (data.length < tagLength) throw new OmemoError('file-corrupt')
    const imported = await crypto.subtle.importKey('raw', key as BufferSource, 'AES-GCM', false, ['decrypt'])
    const decrypting = crypto.subtle.decrypt({ name: 'AES-GCM', iv: iv as BufferSource }, imported, data)
    // It says no more than that it has failed: the tag is wrong.
    const decrypted = await decrypting.catch(() => undefined)
    if (decrypted === undefined) throw new OmemoError('file-corrupt')
    return new Blob([decrypted])
  }
  if (data.length < encryptedSize(secret, plaintext.size)) throw new OmemoError('file-corrupt')
  const decrypt = await startDecryption(secret)
  const decrypted = data.length === 0 ? data : (await decrypt(data)).subarray(0, plaintext.size)
  if (!(await verifyHash(plaintext.hash, decrypted))) throw new OmemoError('file-corrupt')
  return new Blob([decrypted as BlobPart])
}

/** Bytes that a file of this size has at least when it is encrypted: its tag is not needed where a hash decides. */
const encryptedSize = ({ cipher }: FileSecret, size: number): number =>
  cipher === 'aes-256-cbc' ? Math.ceil(size / blockSize) * blockSize : size

/** Decryption of one piece after the other by a cipher whose tag, if any, does not matter. */
async function startDecryption({ cipher, key, iv }: FileSecret): Promise<(piece: Uint8Array) => Promise<Uint8Array>> {
  if (cipher === 'aes-256-cbc') {
    const cbc = await CbcStream.create(key, iv)
    return (piece) => cbc.decrypt(piece)
  }
  const gcm = await GcmStream.create(key, iv)
  return (piece) => gcm.decryptOnly(piece)
}

/** @throws OmemoError `bad-file`, `file-too-large` */
function checkSecret(secret: FileSecret, maxSize: number): void {
  if (!fitsCipher(secret)) throw new OmemoError('bad-file')
  // Nothing would say whether it is the right one.
  if (secret.cipher === 'aes-256-cbc' && secret.plaintext === undefined) throw new OmemoError('bad-file')
  if (secret.plaintext !== undefined && secret.plaintext.size > maxSize) throw new OmemoError('file-too-large')
}

/**
 * Decrypts a file as it comes, for those that do not fit into memory. **What comes out is not authenticated until the stream
 * has ended without an error**: whoever can change the encrypted file can flip bits in it at will until then. Write it
 * somewhere nobody reads from, such as a temporary file, and throw it away if the stream fails. It fails like `decryptFile`.
 */
export function decryptUnverified(
  source: ByteSource,
  secret: FileSecret,
  options: DecryptOptions = {},
): ReadableStream<Uint8Array> {
  return streamFrom(decryptedPieces(source, secret, options), source)
}

async function* decryptedPieces(source: ByteSource, secret: FileSecret, options: DecryptOptions) {
  const { maxSize = defaultMaxSize, signal } = options
  try {
    checkSecret(secret, maxSize)
    if (secret.plaintext === undefined) yield* piecesByTag(source, secret, maxSize, signal)
    else yield* piecesByHash(source, secret, signal)
  } finally {
    dismiss(source)
  }
}

/** XEP-0454: the tag is the end of the file, wherever that is. */
async function* piecesByTag(source: ByteSource, secret: FileSecret, maxSize: number, signal?: AbortSignal) {
  const gcm = await GcmStream.create(secret.key, secret.iv)
  let read = 0
  // The last two pieces: the tag may begin in the one before the last.
  let held: Uint8Array | undefined
  for await (const piece of bytePieces(source, signal)) {
    read += piece.length
    if (read > maxSize + tagLength) throw new OmemoError('file-too-large')
    if (held === undefined) held = piece
    else if (piece.length >= tagLength) {
      yield await gcm.decrypt(held)
      held = piece
    } else held = joined(held, piece)
  }
  if (held === undefined || held.length < tagLength) throw new OmemoError('file-corrupt')
  const end = held.length - tagLength
  if (end > 0) yield await gcm.decrypt(held.slice(0, end))
  if (!equal(await gcm.tag(), held.subarray(end))) throw new OmemoError('file-corrupt')
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}

/**
 * XEP-0448 §3.2: so many bytes, and the hash decides. What follows is cut off: the tag, or padding against guesses of the size.
 */
async function* piecesByHash(source: ByteSource, secret: FileSecret, signal?: AbortSignal) {
  const { size, hash } = secret.plaintext as NonNullable<FileSecret['plaintext']>
  const decrypt = await startDecryption(secret)
  const digest = startHash(hash.algo)
  let left = size
  if (left > 0) {
    for await (const piece of bytePieces(source, signal)) {
      const wanted = encryptedSize(secret, left)
      const encrypted = piece.length > wanted ? piece.slice(0, wanted) : piece
      if (encryptedSize(secret, encrypted.length) !== encrypted.length) throw new OmemoError('file-corrupt')
      const decrypted = (await decrypt(encrypted)).subarray(0, left)
      left -= decrypted.length
      digest.update(decrypted)
      yield decrypted
      if (left === 0) break
    }
  }
  if (left > 0 || !equal(digest.digest(), hash.value)) throw new OmemoError('file-corrupt')
}

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

/**
 * Decrypts a file and hands it over as a whole once it is known to be the right one: nothing of it is seen before its tag, or
 * for XEP-0448 its hash, was compared. It is kept in memory meanwhile; as a `Blob`, which some platforms put on disk.
 *
 * @throws OmemoError (as a rejection) `file-corrupt`, `file-too-large`, `bad-file`; rejects with `signal.reason`, and with
 * what the source fails with
 */
export async function decryptFile(source: ByteSource, secret: FileSecret, options: DecryptOptions = {}): Promise<Blob> {
  const pieces: Uint8Array[] = []
  for await (const piece of decryptedPieces(source, secret, options)) pieces.push(piece)
  return new Blob(pieces as BlobPart[])
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
    if (!fitsCipher(secret)) throw new OmemoError('bad-file')
    if (secret.plaintext !== undefined) yield* piecesByHash(source, secret, maxSize, signal)
    else if (secret.cipher !== 'aes-256-cbc') yield* piecesByTag(source, secret, maxSize, signal)
    else throw new OmemoError('bad-file') // nothing would say whether it is the right one
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
async function* piecesByHash(source: ByteSource, secret: FileSecret, maxSize: number, signal?: AbortSignal) {
  const { size, hash } = secret.plaintext as NonNullable<FileSecret['plaintext']>
  if (size > maxSize) throw new OmemoError('file-too-large')
  const cbc = secret.cipher === 'aes-256-cbc'
  const cipher = await (cbc ? CbcStream : GcmStream).create(secret.key, secret.iv)
  const digest = startHash(hash.algo)
  let left = size
  if (left > 0) {
    for await (const piece of bytePieces(source, signal)) {
      const wanted = cbc ? Math.ceil(left / blockSize) * blockSize : left
      const encrypted = piece.length > wanted ? piece.slice(0, wanted) : piece
      if (cbc && encrypted.length % blockSize !== 0) throw new OmemoError('file-corrupt')
      const decrypted = (await cipher.decrypt(encrypted)).subarray(0, left)
      left -= decrypted.length
      digest.update(decrypted)
      yield decrypted
      if (left === 0) break
    }
  }
  if (left > 0 || !equal(digest.digest(), hash.value)) throw new OmemoError('file-corrupt')
}

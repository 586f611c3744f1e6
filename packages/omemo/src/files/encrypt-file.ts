import { type ByteSource, bytePieces, streamFrom } from './byte-pieces.js'
import { type FileSecret, startHash } from './file-cipher.js'
import { GcmStream, longestGcm } from './gcm-stream.js'
import { SecretBytes } from './secret-bytes.js'

/** A file to be encrypted: one that knows its size, or a stream whose size is known otherwise. */
export type PlainFile = Uint8Array | Blob | { readonly stream: ReadableStream<Uint8Array>; readonly size: number }

/** How a file is encrypted. */
export interface EncryptOptions {
  /**
   * What the name on the server ends in, such as `jpg`: clients of OMEMO 0.3 show a picture only if they see what it is. It
   * tells the server, too; default nothing.
   */
  readonly extension?: string
  /** Ends it early. */
  readonly signal?: AbortSignal
}

const tagLength = 16
/** Bytes that are encrypted at once. */
const largestWhole = 268_435_456
const started = 'it has been encrypted already'

/**
 * Encrypts a file for one upload with a key of its own: AES-256-GCM with the tag at the end, which both XEP-0454 and XEP-0448
 * can say. Nothing of its name or type is in what the server gets to see.
 *
 * @throws RangeError for an extension that is none, and a file of 64 GiB or more
 */
export function encryptFile(file: PlainFile, options: EncryptOptions = {}): EncryptedFile {
  return new EncryptedFile(file, options)
}

/** A file that is being encrypted: first upload it, then tell others where it is. */
export class EncryptedFile {
  /** Bytes to be uploaded: those of the file, and the tag. */
  readonly size: number
  /** What to call it on the server: random. */
  readonly name: string
  /** What to say of it to the server. */
  readonly contentType = 'application/octet-stream'
  readonly #plainSize: number
  readonly #source: ByteSource
  readonly #signal: AbortSignal | undefined
  readonly #key = new SecretBytes(crypto.getRandomValues(new Uint8Array(32)))
  readonly #iv = crypto.getRandomValues(new Uint8Array(12))
  #state: 'new' | 'started' | Uint8Array = 'new'

  /** @internal See {@link encryptFile}. */
  constructor(file: PlainFile, { extension = '', signal }: EncryptOptions) {
    if (!/^[A-Za-z0-9]{0,8}$/.test(extension)) throw new RangeError('an extension is up to 8 letters and digits')
    const random = crypto.getRandomValues(new Uint8Array(16))
    const name = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
    this.name = extension === '' ? name : `${name}.${extension.toLowerCase()}`
    this.#plainSize = file instanceof Uint8Array ? file.length : file.size
    if (!Number.isSafeInteger(this.#plainSize) || this.#plainSize < 0 || this.#plainSize > longestGcm) {
      throw new RangeError('not a size that can be encrypted')
    }
    this.size = this.#plainSize + tagLength
    this.#source = file instanceof Uint8Array || 'arrayBuffer' in file ? file : file.stream
    this.#signal = signal
  }

  /**
   * The encrypted bytes, once: a key is for one file. Errors with a RangeError if the stream has another size than it was said
   * to have.
   *
   * @throws TypeError the second time
   */
  stream(): ReadableStream<Uint8Array> {
    if (this.#state !== 'new') throw new TypeError(started)
    this.#state = 'started'
    return streamFrom(this.#encrypt(), this.#source)
  }

  /** The same as a whole, for uploads that want one. */
  async blob(): Promise<Blob> {
    const pieces: BlobPart[] = []
    const source = this.#source
    if (this.#plainSize > largestWhole || (!(source instanceof Uint8Array) && 'getReader' in source)) {
      const reader = this.stream().getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value as BlobPart)
    } else pieces.push(await this.#encryptWhole(source))
    return new Blob(pieces, { type: this.contentType })
  }

  /** By the platform at once, which is several times as fast as in pieces. */
  async #encryptWhole(source: Uint8Array | Blob): Promise<ArrayBuffer> {
    if (this.#state !== 'new') throw new TypeError(started)
    this.#state = 'started'
    this.#signal?.throwIfAborted()
    // A copy, because what is hashed and what is encrypted must be the same even if the caller changes it meanwhile.
    const data = source instanceof Uint8Array ? source.slice() : new Uint8Array(await source.arrayBuffer())
    const key = await crypto.subtle.importKey('raw', this.#key as BufferSource, 'AES-GCM', false, ['encrypt'])
    const [encrypted, hash] = await Promise.all([
      crypto.subtle.encrypt({ name: 'AES-GCM', iv: this.#iv }, key, data as BufferSource),
      crypto.subtle.digest('SHA-256', data as BufferSource),
    ])
    this.#signal?.throwIfAborted()
    this.#state = new Uint8Array(hash)
    return encrypted
  }

  /**
   * What others need to decrypt it. Belongs inside of an encrypted message and nowhere else.
   *
   * @throws TypeError before all of it was read
   */
  get secret(): FileSecret & Required<Pick<FileSecret, 'plaintext'>> {
    const hash = this.#state
    if (typeof hash === 'string') throw new TypeError('the file must have been read to its end')
    const plaintext = { size: this.#plainSize, hash: { algo: 'sha-256', value: hash } } as const
    return { cipher: 'aes-256-gcm', key: this.#key, iv: this.#iv, plaintext }
  }

  async *#encrypt(): AsyncGenerator<Uint8Array> {
    const gcm = await GcmStream.create(this.#key, this.#iv)
    const hash = startHash('sha-256')
    let left = this.#plainSize
    for await (const piece of bytePieces(this.#source, this.#signal)) {
      left -= piece.length
      if (left < 0) throw new RangeError('the file is larger than it was said to be')
      hash.update(piece)
      yield await gcm.encrypt(piece)
    }
    if (left > 0) throw new RangeError('the file is smaller than it was said to be')
    const tag = await gcm.tag()
    this.#state = hash.digest()
    yield tag
  }
}

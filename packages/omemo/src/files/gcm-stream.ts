import { ghash } from '@noble/ciphers/_polyval.js'

const blockSize = 16
/** NIST SP 800-38D §5.2.1.1: bytes of plaintext under one key and vector. */
export const longestGcm: number = 2 ** 36 - 32

/**
 * AES-GCM of one file, piece by piece (NIST SP 800-38D §7), which Web Crypto has for whole messages only: its counter mode
 * does the encryption, and GHASH runs beside it. What is decrypted is worth nothing before the tag was compared.
 */
export class GcmStream {
  readonly #key: CryptoKey
  readonly #first: Uint8Array
  readonly #hash: ReturnType<typeof ghash.create>
  #length = 0

  private constructor(key: CryptoKey, first: Uint8Array, hash: Uint8Array) {
    this.#key = key
    this.#first = first
    this.#hash = ghash.create(hash)
  }

  /** For a key of 16 or 32 bytes and a vector of 12, or of the 16 that older senders used. */
  static async create(keyBytes: Uint8Array, iv: Uint8Array): Promise<GcmStream> {
    const key = await crypto.subtle.importKey('raw', keyBytes as BufferSource, 'AES-CTR', false, ['encrypt'])
    const hashKey = await encryptCounter(key, new Uint8Array(blockSize), new Uint8Array(blockSize))
    const first = new Uint8Array(blockSize)
    if (iv.length === 12) {
      first.set(iv)
      first[15] = 1
    } else {
      // §7.1: a vector of any other length is hashed, followed by its length in bits.
      first.set(ghash.create(hashKey.slice()).update(iv.slice()).update(lengths(iv.length)).digest())
    }
    return new GcmStream(key, first, hashKey)
  }

  /** Encrypts the next piece; all but the last have whole blocks. */
  async encrypt(piece: Uint8Array): Promise<Uint8Array> {
    const encrypted = await this.#crypt(piece)
    this.#hash.update(encrypted)
    return encrypted
  }

  /** Decrypts the next piece; all but the last have whole blocks. */
  async decrypt(piece: Uint8Array): Promise<Uint8Array> {
    const decrypted = await this.#crypt(piece)
    this.#hash.update(piece)
    return decrypted
  }

  /** The same for those who check what they get by other means than the tag; there is none afterwards. */
  decryptOnly(piece: Uint8Array): Promise<Uint8Array> {
    return this.#crypt(piece)
  }

  /** The tag of all that was encrypted or decrypted. */
  async tag(): Promise<Uint8Array> {
    const hash = this.#hash.update(lengths(this.#length)).digest()
    const mask = await encryptCounter(this.#key, this.#first, new Uint8Array(blockSize))
    return mask.map((byte, i) => byte ^ (hash[i] as number))
  }

  async #crypt(piece: Uint8Array): Promise<Uint8Array> {
    if (this.#length % blockSize !== 0) throw new TypeError('only the last piece may end within a block')
    const counter = this.#first.slice()
    const view = new DataView(counter.buffer)
    // The counter of 32 bits starts over after its last value (§6.2), and so does that of Web Crypto within a piece.
    view.setUint32(12, (view.getUint32(12) + 1 + this.#length / blockSize) >>> 0)
    this.#length += piece.length
    if (this.#length > longestGcm) throw new RangeError('too much for one key')
    return encryptCounter(this.#key, counter, piece)
  }
}

async function encryptCounter(key: CryptoKey, counter: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'AES-CTR', counter: counter as BufferSource, length: 32 }
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, data as BufferSource))
}

/** The block that ends what is hashed: no additional data, and so many bytes, counted in bits. */
function lengths(bytes: number): Uint8Array {
  const block = new Uint8Array(blockSize)
  new DataView(block.buffer).setBigUint64(8, BigInt(bytes) * 8n)
  return block
}
